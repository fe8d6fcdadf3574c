"""Truncation: nothing lost where it is ignored, variety lost where it narrows, identity counted output by output."""

import numpy as np
import pytest

from genbench.core.errors import ControlFailed, NotApplicable, ProbeError
from genbench.core.evidence import Features, Truncations
from genbench.core.score import Absent
from genbench.probes.robustness.truncation import truncation
from genbench.selftest.plant import Trial
from genbench.selftest.plants.drawn_in import drawn_in
from genbench.stats.prdc import prdc


def ask(generated, real, **settings):
    return truncation(generated, real, rng=np.random.default_rng(0), **settings)


def scene(dose, n=150, seed=0):
    made = drawn_in(dose, Trial(n, np.random.default_rng(seed), seed)).evidence
    return made["generated"][0], made["held_out"][0]


def test_truth_a_model_that_ignores_truncation_loses_nothing():
    found = ask(*scene(0.0))
    assert found["recall_lost"].value == found["precision_gained"].value == 0.0
    assert found["identity_kept"].value == found["class_kept"].value == 1.0
    assert found["recall_lost"].interval.low < 0 < found["recall_lost"].interval.high
    assert found["identity_kept"].interval.low < 1.0
    assert [found[name].floor for name in found] == [0.0, 0.0, 1.0, 1.0]


def test_truth_the_differences_are_those_of_the_published_scores():
    generated, real = scene("drawn in")
    found = ask(generated, real)
    first, then = (prdc(real.x, side, 5) for side in generated.x)
    assert found["recall_lost"].value == pytest.approx(first["recall"] - then["recall"])
    assert found["precision_gained"].value == pytest.approx(then["precision"] - first["precision"])
    by_psi = found["recall_lost"].detail.facts["by psi"]
    assert set(by_psi) == {"1", "0.7"}
    assert by_psi["0.7"]["recall"] == pytest.approx(then["recall"], abs=1e-4)


def test_control_one_point_loses_all_recall_and_all_but_one_identity():
    generated, real = scene(0.0)
    x = generated.x.copy()
    x[1] = x[0].mean(axis=0)
    found = ask(Truncations(x, (1.0, 0.5)), real, psi=0.5)
    untruncated = prdc(real.x, x[0], 5)["recall"]
    assert found["recall_lost"].value == pytest.approx(untruncated)
    assert found["recall_lost"].interval.low > 0
    assert found["identity_kept"].value == 1 / 150
    assert isinstance(found["class_kept"], Absent)


def test_outputs_that_became_others_are_counted_and_shown():
    generated, real = scene(0.3)
    found = ask(generated, real)
    turned = np.flatnonzero((generated.x[1] != generated.x[0]).any(axis=1))
    assert found["identity_kept"].value == pytest.approx(1 - len(turned) / 150)
    assert found["class_kept"].value == pytest.approx(1 - len(turned) / 150)
    shown = [exhibit.items[0].index for exhibit in found["recall_lost"].detail.exhibits]
    assert shown == turned[:4].tolist()


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(ControlFailed, match="collapsed"):
        ask(*scene("collapsed"))
    with pytest.raises(NotApplicable, match=r"truncated at 0\.7; psi = 0\.4 is none"):
        ask(*scene(0.0), psi=0.4)
    with pytest.raises(NotApplicable, match="psi = 1 is none"):
        ask(*scene(0.0), psi=1.0)
    with pytest.raises(NotApplicable, match="need 20 items a side, got 10 outputs and 10 real"):
        ask(*scene(0.0, 10))
    generated, _ = scene(0.0)
    with pytest.raises(ProbeError, match="held_out: the features of item 0"):
        ask(generated, Features(np.full((30, 6), np.nan)))
