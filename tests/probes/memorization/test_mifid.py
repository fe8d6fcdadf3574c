"""MiFID: by hand, the mean taken over outputs, a copier never gains, what fools it, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features
from genbench.core.score import Absent, Estimate
from genbench.probes.memorization.mifid import mifid, nearness, penalty


def run(x: np.ndarray, train: np.ndarray, held_out: np.ndarray, threshold: float = 0.1) -> dict[str, Estimate]:
    found = mifid(Features(x), Features(train), Features(held_out), threshold=threshold)
    return {name: e for name, e in found.items() if isinstance(e, Estimate)}


def test_nearness_is_the_smallest_angle_of_each_output():
    train = np.array([[1.0, 0.0], [0.0, 2.0]])
    found = nearness(np.array([[3.0, 4.0], [-5.0, 0.0], [1.0, 1.0]]), train)
    assert found == pytest.approx([1 - 0.8, 0.0, 1 - np.sqrt(0.5)])


def test_the_mean_runs_over_outputs_not_over_training_items():
    """Ten outputs, all copies, of 500 training items: nearly all training items have no output near them."""
    rng = np.random.default_rng(0)
    train, held_out = rng.normal(size=(500, 12)), rng.normal(size=(100, 12))
    copies = run(train[:10], train, held_out)
    assert copies["nearness"].value < 1e-12
    reverse = nearness(train, train[:10])
    assert reverse is not None
    assert reverse.mean() > 0.1  # the other way round no memorization would be suspected
    assert copies["penalized"].detail.facts["penalty"] == pytest.approx(1e6)


@pytest.mark.parametrize("threshold", [0.01, 0.1, 0.5, 1.0])
def test_no_copying_model_gains_by_the_penalty(threshold):
    rng = np.random.default_rng(1)
    train, held_out, fresh = (rng.normal(0.1 * i, 1, size=(80, 8)) for i in range(3))
    for share in (0.0, 0.2, 0.6, 1.0):
        made = np.where(rng.random((80, 1)) < share, train, fresh)
        found = run(made, train, held_out, threshold)["penalized"]
        assert found.value >= found.detail.facts["Fréchet distance"]
    assert [penalty(s, threshold) >= 1 for s in (0.0, 0.005, 0.3, 1.0)] == [True] * 4


def test_unseen_real_items_meet_the_floor():
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(60):
        found = run(*(rng.normal(size=(n, 10)) for n in (100, 200, 100)))["nearness"]
        inside += found.interval.low <= found.floor <= found.interval.high
    assert inside >= 52


def test_it_is_fooled_as_its_reading_says():
    rng = np.random.default_rng(3)
    train, held_out = rng.normal(size=(200, 10)), rng.normal(size=(200, 10))
    few = np.concatenate([train[:10], rng.normal(size=(190, 10))])
    assert run(few, train, held_out)["penalized"].detail.facts["penalty"] == 1.0  # one in twenty copied, unseen
    one_way = [side + 20 for side in (rng.normal(size=(200, 10)), train, held_out)]
    assert run(*one_way)["penalized"].detail.facts["penalty"] > 100  # nothing copied, penalized


def test_what_cannot_be_measured_is_refused():
    x = np.random.default_rng(4).normal(size=(20, 3))
    with pytest.raises(NotApplicable, match="got 9 outputs"):
        run(x[:9], x, x)
    with pytest.raises(NotApplicable, match="above 0"):
        run(x, x, x, 0.0)
    dark = x.copy()
    dark[3] = 0
    assert all(isinstance(e, Absent) for e in mifid(Features(dark), Features(x), Features(x)).values())
