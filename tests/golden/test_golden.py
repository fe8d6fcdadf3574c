"""Numbers that must not move unless somebody means them to: `make golden` records them anew, and the diff shows which.

Models with closed-form fits and lenses without training only, so that the numbers are the same on every machine.
"""

import json
import os
from pathlib import Path

import pytest

from genbench.results.run import Run
from genbench.run.start import Options, run_suite
from genbench.run.suite import Suite

RECORD = Path(__file__).with_name("scores.json")
TRAINED = {"misuse.detectability_raw.auc", "robustness.evasion.evaded"}  # the last digits of weights are a machine's
SUITE = {
    "name": "golden",
    "n": 400,
    "meters": {"meter": "none"},
    "data": {"digits": "digits"},
    "lenses": {"image": "image.pixels"},
    "models": [
        {"name": "noise", "family": "gaussian", "data": "digits"},
        {"name": "blurred", "family": "gaussian", "data": "digits", "settings": {"correlated": True}},
        {"name": "copycat", "family": "copycat", "data": "digits", "settings": {"rate": 0.2, "jitter": 0.1}},
    ],
}


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[float | None]]:
    """{"model score": [value, low, high, floor]} of every score that repeats exactly."""
    home = tmp_path_factory.mktemp("golden")
    run = Run.load(run_suite(Suite.from_mapping(SUITE), Options(home=home, device="cpu")))
    assert not run.failed
    frame = run.scores()
    repeatable = {s.id for s in run.measured if s.definition.repeatable} - TRAINED
    kept = frame[frame["id"].isin(repeatable)].astype(object).where(frame.notna(), None)
    return {f"{r.model} {r.id}": [r.value, r.low, r.high, r.floor] for r in kept.itertuples()}


def test_scores_are_those_on_record(scores: dict[str, list[float | None]]) -> None:
    if os.environ.get("GENBENCH_GOLDEN") == "renew":
        RECORD.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
    recorded = json.loads(RECORD.read_text(encoding="utf-8"))
    assert scores.keys() == recorded.keys()
    moved = {key: (found, recorded[key]) for key, found in scores.items() if not _same(found, recorded[key])}
    assert not moved


def _same(found: list[float | None], recorded: list[float | None]) -> bool:
    """Within what linear algebra on another processor may change."""
    return all(
        a is None or b is None or a == pytest.approx(b, rel=1e-3, abs=1e-4)
        for a, b in zip(found, recorded, strict=True)
        if not (a is None and b is None)
    ) and [a is None for a in found] == [b is None for b in recorded]
