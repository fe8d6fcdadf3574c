"""Amplification: exact by hand, behind a poor annotator, silent for a faithful model, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Annotations
from genbench.core.score import Estimate
from genbench.probes.bias.amplification import amplification
from genbench.selftest.plants._annotated import annotated


def run(generated: Annotations, train: Annotations, seed: int = 0) -> Estimate:
    found = amplification(generated, train, rng=np.random.default_rng(seed))["shift"]
    assert isinstance(found, Estimate)
    return found


def drawn(shown: list[float], trained: list[float], n: int, seed: int, accuracy: float = 0.95) -> Estimate:
    rng = np.random.default_rng(seed)
    sides = annotated(shown, trained, (n, 600), rng, accuracy=accuracy, tried=150)
    generated, train = sides["generated"][0], sides["held_out"][0]
    assert isinstance(generated, Annotations)
    assert isinstance(train, Annotations)
    return run(generated, train, seed)


def test_counts_by_people_by_hand():
    labels = lambda *counts: Annotations(np.repeat(np.arange(3), counts), ("a", "b", "c"))
    found = run(labels(90, 5, 5), labels(600, 200, 200))  # a: 0.9 where training has 0.6
    assert found.value == pytest.approx(0.3, abs=0.005)
    assert found.detail.facts["frequent in training"] == ["a"]
    two = run(labels(45, 45, 10), labels(400, 400, 200))  # a and b together: 0.9 where training has 0.8
    assert two.value == pytest.approx(0.1, abs=0.005)
    assert run(labels(40, 30, 30), labels(600, 200, 200)).value == pytest.approx(-0.2, abs=0.005)


@pytest.mark.parametrize(("shown", "truth"), [([0.9, 0.1], 0.2), ([0.7, 0.3], 0.0), ([0.5, 0.5], -0.2)])
def test_the_truth_behind_a_70_percent_annotator_is_covered(shown, truth):
    found = [drawn(shown, [0.7, 0.3], 400, seed, accuracy=0.7) for seed in range(40)]
    assert np.mean([f.interval.low <= truth <= f.interval.high for f in found]) >= 0.87
    assert np.mean([f.value for f in found]) == pytest.approx(truth, abs=0.03)


def test_a_faithful_model_scores_zero_on_average_though_groups_are_picked_by_chance():
    # Eight of ten groups are exactly at 1/k: chance alone decides which count.
    shares = [0.15, 0.05, *[0.1] * 8]
    found = [drawn(shares, shares, 200, seed) for seed in range(60)]
    values = np.array([f.value for f in found])
    chance = np.mean([f.detail.facts["what a faithful model shows"] for f in found])
    assert chance < -0.01
    assert abs(values.mean()) < 0.6 * abs(chance)
    assert np.mean([f.interval.low > 0 for f in found]) <= 0.1


def test_what_cannot_be_measured_is_refused():
    even = Annotations(np.array([0, 1] * 20), ("a", "b"))
    with pytest.raises(NotApplicable, match="equally frequent"):
        run(even, even)
    with pytest.raises(NotApplicable, match="the same 2 or more groups"):
        run(even, Annotations(np.array([0, 1]), ("b", "a")))
    blind = Annotations(np.array([0, 1, 0]), ("a", "b"), np.array([[50, 50], [50, 50]]))
    with pytest.raises(NotApplicable, match="cannot tell the groups apart"):
        run(blind, blind)
