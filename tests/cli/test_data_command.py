"""`genbench data`: what is published, and where suites expect it, from the readers and suites themselves."""

import json

from genbench.core.catalogue import catalogue
from genbench.run.shipped import shipped_suites


def test_every_published_source_is_told_with_licence_address_and_files(genbench):
    ran = genbench("data", "--json")
    assert ran.code == 0
    told = {entry["source"]: entry for entry in json.loads(ran.out)}
    assert {"bbq", "bold", "crows_pairs", "honest", "stereoset", "winobias", "winobias_pairs", "winogender"} <= set(
        told
    )
    for entry in told.values():
        assert entry["url"].startswith("https://")
        assert entry["licence"]
        assert entry["files"]
        assert all(digest == "" or len(digest) == 64 for digest in entry["files"].values())
    assert set(told) == {id for id, entry in catalogue("data").items() if "published" in entry.keywords}
    assert len(told["bbq"]["files"]) == 11


def test_suites_say_where_they_look_and_whether_something_is_there(genbench, tmp_path, monkeypatch):
    def here():
        (entry,) = json.loads(genbench("data", "stereoset", "--json").out)
        return {place["suite"]: place["here"] for place in entry["expected"]}

    assert "bias-full" in shipped_suites()
    assert here()["bias-full"] is False
    for below in ("", "benchmarks"):
        place = tmp_path / below / "stereoset"
        place.mkdir(parents=True)
        (place / "dev.json").write_text("{}")
    assert here() == {"bias-full": True, "llm-audit": True}
    (tmp_path / "stereoset" / "dev.json").unlink()
    assert here()["bias-full"] is False
    monkeypatch.setenv("GENBENCH_DATA", str(tmp_path / "benchmarks"))
    assert here()["bias-full"] is True


def test_a_table_names_the_setting_and_one_source_its_digests(genbench):
    every = genbench("data")
    assert "--set data.bbq.path=" in every.out
    assert "CC BY 4.0" in every.out
    assert "Files as published" not in every.out
    one = genbench("data", "bbq")
    assert "46e805b3fc2d8cbd26eeb8e8430d98cf7b2dc9c83574ff3674e8ce4f0fca2a60" in one.out
    assert "not known here" in one.out
    assert "winobias" not in one.out


def test_an_unknown_source_is_answered_with_the_nearest(genbench):
    ran = genbench("data", "bqb")
    assert ran.code == 2
    assert "did you mean 'bbq'" in ran.err
