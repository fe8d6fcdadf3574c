"""What a run outlives, and never takes for granted: changed code, failed cells, odd values, a second process."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genbench.core.catalogue import find
from genbench.core.errors import ResultsError, RunBroken
from genbench.core.score import Detail, Estimate, Failed
from genbench.lenses.image.pixels import Pixels
from genbench.results import lines
from genbench.run import build, execute
from genbench.run.environment import ASKED_BY
from genbench.run.home import Home
from genbench.run.plan import load_probe

PARTS = {
    "n": 60,
    "data": {"digits": "digits"},
    "lenses": {"image": "image.pixels"},
    "models": [{"name": "noise", "family": "gaussian", "data": "digits"}],
    "probes": ["quality.kernel", "memorization.gap"],
}


def recorded(run) -> list[str]:
    return [str(record["cell"]).split("|")[0] for record in lines.read(run.path / "outcomes.jsonl")]


def test_resume_runs_only_cells_whose_code_model_and_data_have_changed(run_of, monkeypatch) -> None:
    first = run_of(**PARTS)
    assert recorded(run_of(resume=True, **PARTS)) == ["quality.kernel", "memorization.gap"]  # nothing was done again

    def changed(id: str):
        probe = load_probe(id)
        return replace(probe, version="new") if id == "quality.kernel" else probe

    monkeypatch.setattr("genbench.run.plan.load_probe", changed)
    again = run_of(resume=True, **PARTS)
    assert again.path == first.path
    assert recorded(again) == ["quality.kernel", "memorization.gap", "quality.kernel"]
    versions = {s.probe: s.provenance.probe_version for s in again.measured}
    assert versions == {"quality.kernel": "new", "memorization.gap": find("probe", "memorization.gap").code}
    monkeypatch.setattr(build, "made_with", lambda: {"torch": "another"})
    assert len(recorded(run_of(resume=True, **PARTS))) == 5  # other packages: another model, so both cells


def test_resume_tries_again_what_failed(run_of, monkeypatch) -> None:
    broken = run_of
    with monkeypatch.context() as patch:
        patch.setattr(Pixels, "features", lambda self, items: 1 / 0)
        failed = broken(**PARTS)
    assert [f.probe for f in failed.failed] == ["quality.kernel"]
    again = run_of(resume=True, **PARTS)
    assert again.path == failed.path
    assert not again.failed
    assert {s.probe for s in again.measured} == {"quality.kernel", "memorization.gap"}


@pytest.mark.parametrize("fact", [float("nan"), object()])
def test_a_probe_that_returns_odd_facts_costs_its_own_cell_at_most(fact, run_of, monkeypatch) -> None:
    def odd(id: str):
        probe = load_probe(id)
        if id != "quality.kernel":
            return probe
        return replace(
            probe, function=lambda *_: {"mmd2": Estimate(0.5, 2, detail=Detail(facts={"odd": fact}))}
        )  # fmt: skip

    monkeypatch.setattr("genbench.run.plan.load_probe", odd)
    run = run_of(**PARTS)
    (kernel,) = [o for o in run.outcomes if o.probe == "quality.kernel"]
    assert isinstance(kernel, Failed)
    assert any(o.probe == "memorization.gap" for o in run.measured)
    assert run.status == "finished"


def test_numbers_of_numpy_are_recorded_as_numbers() -> None:
    assert lines.encoded({"a": np.int64(3), "b": np.float32(0.5)}) == b'{"a":3,"b":0.5}\n'


def test_an_item_that_cannot_be_shown_costs_no_score(run_of, monkeypatch) -> None:
    monkeypatch.setattr(Pixels, "render", lambda self, item: 1 / 0)
    run = run_of(**PARTS)
    assert {s.probe for s in run.measured} == {"quality.kernel", "memorization.gap"}
    assert any("cannot be shown" in str(event["text"]) for event in run.events("note"))


def test_a_disk_that_takes_no_more_breaks_the_run_and_not_its_records(run_of, monkeypatch) -> None:
    def full(path: Path, raw: bytes) -> None:
        raise OSError(28, "No space left on device")

    original = lines._append
    calls = iter(range(1000))
    monkeypatch.setattr(lines, "_append", lambda path, raw: original(path, raw) if next(calls) < 6 else full(path, raw))
    with pytest.raises(RunBroken, match="No space left"):
        run_of(**PARTS)
    monkeypatch.setattr(lines, "_append", original)
    assert not run_of(resume=True, **PARTS).failed


def test_a_write_that_fails_half_way_is_taken_back(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "x.jsonl"
    lines.append(path, {"a": 1})

    def torn(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("genbench.results.lines.os.fsync", torn)
        with pytest.raises(RunBroken):
            lines.append(path, {"b": 2})
    lines.append(path, {"c": 3})
    assert list(lines.read(path)) == [{"a": 1}, {"c": 3}]


def test_two_processes_never_write_to_one_run(run_of, tmp_path: Path) -> None:
    home = Home(tmp_path / "crowd")
    with ThreadPoolExecutor(8) as crowd:
        paths = list(crowd.map(lambda _: home.new_run("same"), range(24)))
    assert len(set(paths)) == 24
    run = run_of(**PARTS)
    with run.folder.held(), pytest.raises(ResultsError, match="another process"):
        run_of(resume=True, **PARTS)


def test_evidence_is_made_again_where_what_makes_it_has_changed(run_of, monkeypatch) -> None:
    def drawn(run) -> bool:
        return any(stage.name == "sample" for _, stage in run.stages())

    assert drawn(run_of(**PARTS))
    assert not drawn(run_of(**PARTS))
    monkeypatch.setattr(build, "made_with", lambda: {"numpy": "another"})
    assert drawn(run_of(**PARTS))


def test_the_gallery_is_a_bounded_part(run_of) -> None:
    run = run_of(**PARTS)
    assert run.rendering("noise", "generated", execute.GALLERY - 1) is not None
    assert run.rendering("noise", "generated", execute.GALLERY) is None


def test_credentials_in_a_suite_reach_no_file_of_the_run(run_of) -> None:
    token = "hf_AbCdEfGhIjKlMnOpQrStUvWxYz0123456"
    parts = {**PARTS, "about": f"with {token} and https://me:hunter22@host/x"}
    run = run_of(**parts)
    kept = b"".join(path.read_bytes() for path in run.path.rglob("*") if path.is_file())
    assert token.encode() not in kept
    assert b"hunter22" not in kept
    assert run_of(resume=True, **parts).path == run.path


PAIRS = "\n".join(f'{{"first": "good dog number {i}", "second": "bad dog number {i}"}}' for i in range(30))


def texts_of(folder: Path) -> dict[str, object]:
    path = folder / "texts.jsonl"
    path.write_text("\n".join(f'{{"text": "the {i}th good dog went to sleep at {i * 7} o clock"}}' for i in range(90)))
    return {"texts": {"path": str(path)}}


def test_resume_asks_again_where_the_benchmark_has_changed(run_of, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text(PAIRS)
    parts = {
        "n": 40,
        "data": {**texts_of(tmp_path), "pairs": {"source": "pairs_jsonl", "path": str(pairs)}},
        "models": [{"name": "ngram", "family": "ngram", "data": "texts"}],
        "probes": [{"probe": "bias.counterfactual", "benchmark": "pairs"}],
    }
    first = run_of(**parts)
    was = {s.metric: s for s in first.measured}["whole"]  # read now: the folder will say something else
    pairs.write_text(PAIRS.replace("first", "other").replace("second", "first").replace("other", "second"))
    again = run_of(resume=True, **parts)
    assert again.path == first.path
    now = {s.metric: s for s in again.measured}["whole"]
    assert now.provenance.benchmark_digest != was.provenance.benchmark_digest
    assert now.estimate.value == 1 - was.estimate.value


def test_energy_is_counted_again_where_a_resumed_run_has_worked(run_of, monkeypatch) -> None:
    parts = {**PARTS, "probes": ["quality.kernel", "energy.footprint"]}
    with monkeypatch.context() as patch:
        patch.setattr(Pixels, "features", lambda self, items: 1 / 0)
        run_of(**parts)
    again = run_of(resume=True, **parts)
    assert recorded(again)[-2:] == ["quality.kernel", "energy.footprint"]


def test_all_code_that_asks_for_evidence_names_it() -> None:
    folder, making = Path(build.__file__).parent, re.compile(r"account\.(make|grow)\(")
    asking = {f"run/{p.name}" for p in folder.glob("*.py") if making.search(p.read_text(encoding="utf-8"))}
    # A fit's recipe and a count's name their own code.
    assert asking - {"run/build.py", "run/compute.py"} <= set(ASKED_BY)


def test_items_too_short_to_be_continued_are_left_out_and_said(run_of, tmp_path: Path) -> None:
    path = tmp_path / "short.jsonl"
    path.write_text(
        "\n".join(f'{{"text": "{"a" * (1 + i % 2) + " dog" * (i % 2)}{i if i % 2 else ""}"}}' for i in range(80))
    )
    run = run_of(
        n=40,
        data={"texts": {"path": str(path), "held_out": 0.4}},
        models=[{"name": "ngram", "family": "ngram", "data": "texts"}],
        probes=["memorization.discoverable"],
    )
    assert not run.failed
