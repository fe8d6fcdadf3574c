"""The JSON Schema says of a suite what the suite itself says, as far as a schema can."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from genbench.core.catalogue import catalogue
from genbench.run.schema import suite_schema
from genbench.run.shipped import shipped_suites
from genbench.run.suite import Suite

SUITES = Path(__file__).parents[2] / "suites"
SUITE: dict[str, Any] = {
    "name": "x",
    "data": {"digits": "digits", "more": {"source": "digits", "seed": 3}},
    "models": [{"name": "a", "family": "vae", "data": "digits"}],
}


@pytest.fixture(scope="module")
def jsonschema():
    return pytest.importorskip("jsonschema", reason="jsonschema is not installed")


@pytest.fixture(scope="module")
def complaints(jsonschema):
    validator = jsonschema.Draft202012Validator(suite_schema())
    return lambda suite: [error.message for error in validator.iter_errors(suite)]


def test_it_is_a_schema_of_its_own_dialect(jsonschema):
    jsonschema.Draft202012Validator.check_schema(suite_schema())
    assert suite_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", shipped_suites())
def test_every_shipped_suite_keeps_to_it_and_names_it_in_its_first_line(name, complaints):
    text = shipped_suites()[name].read_text(encoding="utf-8")
    assert text.splitlines()[0] == "# yaml-language-server: $schema=./genbench.schema.json"
    assert complaints(yaml.safe_load(text)) == []


def test_the_committed_schema_is_the_generated_shape():
    committed = json.loads((SUITES / "genbench.schema.json").read_text(encoding="utf-8"))
    assert committed == suite_schema(names=False), "renew it: genbench schema --shape > suites/genbench.schema.json"


def test_the_shape_names_nothing_of_the_catalogue_so_that_a_new_probe_leaves_it_alone():
    shape, whole = json.dumps(suite_schema(names=False)), json.dumps(suite_schema())
    ids = [f'"{id}"' for kind in ("probe", "lens", "model") for id in catalogue(kind)]
    assert [id for id in ids if id not in whole] == []
    assert [id for id in ids if id in shape] == ['"endpoint"', '"hf"', '"python"', '"samples"']  # the keys of that name


SHORT = [
    {"probes": ["*", "memorization.*", {"probe": "quality.prdc", "lens": "image.pixels", "settings": {"k": 3}}]},
    {"lenses": {"image": "image.pixels", "text": {"lens": "text.ngrams", "dimensions": 64}}},
    {"data": {"mine": {"path": "x.csv", "column": "body"}, "digits": "digits", "c": {"settings": {"path": "y"}}}},
    {"meters": {"country": "FRA"}, "device": "cuda:1", "seed": 0},
    {"models": [{"name": "s", "samples": "out/", "data": "digits"}]},
]


@pytest.mark.parametrize("part", SHORT)
def test_what_a_suite_takes_in_short_the_schema_takes_too(part, complaints):
    assert complaints({**SUITE, **part}) == []


WRONG = [
    {"n": "many"}, {"n": 0}, {"seed": -1}, {"gate": []}, {"probes": []}, {"data": {}}, {"data": {"a": {}}},
    {"data": {"a": 5}}, {"meters": {"country": "fr"}}, {"meters": {"meter": "none at all"}}, {"device": "gpu"},
    {"probes": [{"probe": "*", "k": 3}]}, {"models": [{"name": "a", "famly": "vae", "data": "digits"}]},
    {"lenses": {"image": {"side": 3}}}, {"gates": [{"below": 3}]},
]  # fmt: skip


@pytest.mark.parametrize("part", WRONG)
def test_what_a_suite_refuses_by_its_shape_the_schema_refuses_too(part, complaints):
    suite = {**copy.deepcopy(SUITE), **part}
    assert complaints(suite)
    with pytest.raises(Exception, match="mistake"):
        Suite.from_mapping(suite)
