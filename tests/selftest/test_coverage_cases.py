"""Every interval that a user may read has a case of known truth in the coverage table."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import numpy as np
import pytest

import genbench.stats
from genbench.core.catalogue import catalogue
from genbench.core.chance import stream
from genbench.core.evidence import Features
from genbench.selftest.coverage import cases
from genbench.selftest.intervals.distances import PLUG_IN, PRECISION, alike, apart
from genbench.selftest.plant import probe_of
from genbench.selftest.trials import probe_by_id
from genbench.stats.frechet import frechet
from genbench.stats.prdc import prdc

AWAITED: set[str] = set()  # cases still to be written; a probe that has one leaves this list, and no new one may enter
BOUNDS = {"energy.footprint"}  # bounds stated by a meter: nothing is redrawn, so no share of draws can be covered
FITTED = {  # needs a trained model whose gradient leads somewhere: what an attack gains on it is known to no formula.
    # Its intervals are Student's over texts and Wilson's, by `mean_interval` and `wilson`, which have cases.
    "robustness.token_attack",
}


def test_every_metric_of_every_probe_has_a_case():
    named = {metric for case in cases() for metric in case.metrics}
    assert {probe_of(metric) for metric in named} & AWAITED == set(), "these have cases: take them off AWAITED"
    asked = set(catalogue("probe")) - BOUNDS - FITTED - AWAITED
    known = {f"{id}.{name}" for id in asked for name in probe_by_id(id).spec.reports}
    assert named - known == set(), "cases name metrics that no probe reports"
    assert known - named == set(), "give these a case in genbench/selftest/intervals/ whose truth is known"


def interval_makers() -> set[tuple[str, str]]:
    """(file, function) of all functions of `stats` that return an interval; `_held` only relabels a comparison."""
    found = set()
    for path in Path(genbench.stats.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.returns is not None:
                said = ast.unparse(node.returns)
                makes = "Interval" in said.replace("|", " ").split() or said in ("Comparison", "Nested")
                if makes and node.name != "_held":
                    found.add((path.name, node.name))
    return found


@pytest.mark.filterwarnings("ignore")
def test_every_function_that_makes_an_interval_is_entered_by_some_case():
    """Found by watching: one case of each method is drawn once."""
    wanted, folder = interval_makers(), str(Path(genbench.stats.__path__[0]))
    assert ("intervals.py", "wilson") in wanted
    entered: set[tuple[str, str]] = set()

    def watch(frame, event: str, argument: object) -> None:
        file = frame.f_code.co_filename  # kept a string: this sees every call there is
        if event == "call" and file.startswith(folder):
            entered.add((Path(file).name, frame.f_code.co_name))

    for case in {case.method: case for case in cases()}.values():
        sys.setprofile(watch)
        try:
            case.draw(stream(1, "watched", case.name))
        finally:
            sys.setprofile(None)
        if wanted <= entered:
            break
    assert wanted - entered == set(), "give these a case in genbench/selftest/intervals/"


def test_truths_found_by_simulation_are_found_again():
    rng = np.random.default_rng(3)
    scenes = [alike(rng) for _ in range(60)]
    shares = [prdc(first(scene, "held_out"), first(scene, "generated")) for scene in scenes]
    for name in ("precision", "recall"):
        said = np.array([share[name] for share in shares])
        assert abs(said.mean() - PRECISION) < 4 * said.std() / len(said) ** 0.5
    far = [apart(rng) for _ in range(400)]
    values = np.array([frechet(first(scene, "generated"), first(scene, "held_out")).value for scene in far])
    assert abs(values.mean() - PLUG_IN) < 4 * values.std() / len(values) ** 0.5


def first(scene, role: str) -> np.ndarray:
    seen = scene.evidence[role][0]
    assert isinstance(seen, Features)
    return seen.x
