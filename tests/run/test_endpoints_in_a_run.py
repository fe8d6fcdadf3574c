"""An endpoint in a suite: examined first, scored like the local model, skipped where it cannot be trusted, resumed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from genbench.core.errors import SuiteError
from genbench.core.score import Failed, Score, Skipped
from genbench.report.html import write_report
from genbench.results.run import Run
from genbench.run.suite import Suite

pytest.importorskip("transformers")
pytest.importorskip("httpx2")

from models.openai_server import Model, Serving, tiny_folder

Runs = Callable[..., Run]
KEY = "run-secret-Zq81xK"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model(tiny_folder(tmp_path_factory.mktemp("tiny")))


@pytest.fixture
def stories(tmp_path: Path) -> dict[str, Any]:
    animals = ("dog", "cat", "cow", "hen", "fox", "owl", "ant", "bee", "pig", "rat", "elk", "yak")
    path = tmp_path / "stories.jsonl"
    pairs = [(a, b) for a in animals for b in animals if a < b][:48]
    texts = [f"The {a} number {i} went {'far ' * (i % 5)}away to look for the {b}." for i, (a, b) in enumerate(pairs)]
    path.write_text("\n".join(json.dumps({"text": text}) for text in texts))
    return {"stories": {"source": "jsonl", "path": str(path), "held_out": 0.5}}


def suite_of(data: dict[str, Any], url: str, *more: dict[str, Any]) -> dict[str, Any]:
    served = {"name": "served", "endpoint": url, "data": "stories", "settings": {"longest": 8}}
    return {"data": data, "models": [served, *more], "probes": ["quality.perplexity"], "n": 24}


def cells(run: Run, model: str) -> list[Any]:
    return [outcome for outcome in run.outcomes if outcome.model == model]


def test_it_scores_as_the_local_model_does_and_keeps_what_it_was_found_to_be(
    run_of: Runs, tiny: Model, stories: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with Serving("", key=KEY, model=tiny) as server:
        local = {"name": "local", "hf": str(tiny.net.name_or_path), "data": "stories"}
        parts = suite_of(stories, server.url, local)
        run = run_of(**{**parts, "probes": ["quality.perplexity", "energy.footprint"]})
    by_model = {(s.model, s.metric): s.estimate.value for s in run.measured}
    for metric in ("bits_per_byte", "token_perplexity", "word_perplexity"):
        assert by_model["served", metric] == pytest.approx(by_model["local", metric], abs=1e-4, rel=1e-6)
    (vouched,) = run.events("vouched")
    assert vouched["owner"] == "served"
    assert vouched["uses"]["scoring"] == "yes"
    (spent,) = run.events("remote")
    assert spent["requests"] > 20
    assert spent["prompt tokens"] > 0
    assert next(s for s in run.measured if s.model == "served").provenance.dtype == "unknown"
    unknown = {o.because for o in cells(run, "served") if isinstance(o, Skipped) and o.metric == "total"}
    assert all("not measurable here" in because and "tokens" in because for because in unknown)
    assert len(unknown) == 1
    write_report(run, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "What served’s server can be trusted with" in page
    assert all(check["name"] in page for check in vouched["checks"])
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "run.json" for path in kept)
    assert [path for path in kept if KEY.encode() in path.read_bytes()] == []


def test_what_it_cannot_be_trusted_with_is_skipped_with_what_was_seen(
    run_of: Runs, tiny: Model, stories: dict[str, Any]
) -> None:
    with Serving("", "off by one", model=tiny) as server:
        parts = suite_of(stories, server.url)
        run = run_of(**{**parts, "probes": ["quality.perplexity", "quality.diversity"]})
    skipped = [o for o in cells(run, "served") if o.probe == "quality.perplexity"]
    assert [type(o) for o in skipped] == [Skipped]
    assert "cannot be trusted with scoring: aligned wrong: off by 1" in skipped[0].because
    drawn = [o for o in cells(run, "served") if o.probe == "quality.diversity"]
    assert any(isinstance(o, Score) for o in drawn), drawn


def test_a_run_whose_server_broke_down_goes_on_to_the_same_numbers_without_asking_twice(
    run_of: Runs, tiny: Model, stories: dict[str, Any]
) -> None:
    with Serving("", model=tiny) as server:
        whole = run_of(home="undisturbed", **suite_of(stories, server.url))
    wanted = {s.metric: s.estimate.value for s in whole.measured}
    with Serving("", model=tiny) as server:
        server.broken_after = 30  # after the checks, within the scoring
        parts = suite_of(stories, server.url)
        broken = run_of(**parts)
        assert [type(o) for o in cells(broken, "served")] == [Failed]
        assert "501: out of order" in cells(broken, "served")[0].error
        scored = [b["prompt"] for b in server.bodies if b.get("echo") and b["prompt"].startswith("The ")
                  and " number " in b["prompt"]]  # fmt: skip
        assert scored
        server.broken_after = None
        run = run_of(resume=True, **parts)
        again = [b["prompt"] for b in server.bodies if b.get("echo") and " number " in b["prompt"]]
    assert len(again) == len(set(again))
    assert {s.metric: s.estimate.value for s in run.measured} == pytest.approx(wanted, rel=1e-12)


def test_a_suite_may_say_endpoint_as_it_says_hf(stories: dict[str, Any]) -> None:
    suite = Suite.from_mapping({"name": "x", **suite_of(stories, "http://localhost:1/v1")})
    assert suite.models[0].family_id == "endpoint"
    assert suite.models[0].all_settings["url"] == "http://localhost:1/v1"
    twice = suite_of(stories, "http://localhost:1/v1")
    twice["models"][0]["settings"]["url"] = "http://localhost:2"
    with pytest.raises(SuiteError, match="'url' is given twice"):
        Suite.from_mapping({"name": "x", **twice})


def test_a_served_judge_keeps_its_answers_and_is_known_again_by_the_next_run(
    run_of: Runs, tiny: Model, stories: dict[str, Any], tmp_path: Path
) -> None:
    labelled = tmp_path / "answers.csv"
    labelled.write_text("text,label\nSorry,refusal\nYes,compliance\n")
    asked = "Judge this <<<{answer}>>>"
    with Serving("", model=tiny) as server:
        settings = {
            "of": "endpoint", "settings": {"url": server.url}, "question": asked, "labelled": str(labelled),
        }  # fmt: skip
        parts = {
            "data": stories,
            "models": [{"name": "writer", "family": "copycat", "data": "stories"}],
            "probes": [{"probe": "misuse.depicts", "settings": {"what": "refusal"},
                        "lens": {"lens": "text.judge", "settings": settings}}],
            "n": 24,
        }  # fmt: skip
        first = run_of(**parts)
        once = [body["prompt"] for body in server.bodies if str(body.get("prompt")).startswith("Judge this")]
        again = run_of(**parts)
        twice = [body["prompt"] for body in server.bodies if str(body.get("prompt")).startswith("Judge this")]
    for run in (first, again):  # a random model is no judge, and is found out on the labelled answers
        assert "the annotator cannot tell" in getattr(run.outcomes[0], "because", ""), run.outcomes
    assert len(set(once)) > 12
    assert twice == once
    assert [event["owner"] for event in first.events("vouched")] == ["text.judge"]
    (spent,) = first.events("remote")
    assert spent["owner"] == "text.judge"
    assert spent["requests"] >= len(set(once))
    assert spent["prompt tokens"] > 0
    (later,) = again.events("remote")
    assert later["requests"] < spent["requests"]  # its answers were kept
    assert len(list(tmp_path.rglob("requests/*/*.json"))) == len(set(once))
