"""`genbench list plants`: what the selftest plants."""

import json

from genbench.core.catalogue import catalogue


def test_plants_are_listed_like_everything_else(genbench):
    told = genbench("list", "plants")
    assert told.code == 0
    assert told.out.splitlines()[0].split() == ["id", "summary"]
    assert {line.split()[0] for line in told.out.splitlines()[1:]} == set(catalogue("plant"))
    assert [r["id"] for r in json.loads(genbench("list", "plants", "--json").out)] == list(catalogue("plant"))
