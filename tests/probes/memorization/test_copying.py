"""Copying: planted copies are caught, narrow and mode-dropping generators are not, its truth, interval and refusals."""

from __future__ import annotations

import numpy as np
import pytest
from judged import state

from genbench.core.chance import stream
from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Features
from genbench.core.score import Absent, Estimate
from genbench.probes.memorization._tail import chance_tpr
from genbench.probes.memorization.copying import copying

D, MODES = 6, 10


class World:
    """A mixture of ten Gaussians in six dimensions, with its train and held-out items."""

    def __init__(self, seed: int) -> None:
        self.rng = stream(seed, "copying world")
        self.centres = self.rng.normal(size=(MODES, D)) * 3
        self.train, self.held_out = self.draw(900), self.draw(500)

    def draw(self, n: int, *, modes: int = MODES, scale: float = 1.0) -> np.ndarray:
        return self.centres[self.rng.integers(modes, size=n)] + scale * self.rng.normal(size=(n, D))

    def with_copies(self, n: int, rate: float, jitter: float) -> np.ndarray:
        made, copies = self.draw(n), self.rng.random(n) < rate
        chosen = self.rng.integers(len(self.train), size=copies.sum())
        made[copies] = self.train[chosen] + jitter * self.rng.normal(size=(copies.sum(), D))
        return made

    def judge(self, generated: np.ndarray) -> Estimate:
        found = run(generated, self.train, self.held_out)["tpr_at_1pct_fpr"]
        assert isinstance(found, Estimate)
        assert found.interval.low <= found.value <= found.interval.high
        return found


def run(generated, train, held_out):
    return copying(Features(generated), Features(train), Features(held_out), rng=np.random.default_rng(0))


def test_distance_ratios_are_what_the_docstring_says():
    train, held_out = np.array([[0.0], [10.0]]), np.array([[4.0], [5.0], [40.0]])
    found = run(np.array([[1.0], [10.0], [22.0]]), train, held_out)
    # outputs: log 3/1, inf, log 17/12; nulls: log 1/4, log 1/5, log 35/30: 8 of 9 pairs and one more
    assert found["closer"].value == 1.0
    assert isinstance(found["tpr_at_1pct_fpr"], Absent)
    assert "needs 300" in found["tpr_at_1pct_fpr"].because


@pytest.mark.parametrize("jitter", [0.0, 0.1])
@pytest.mark.parametrize(("rate", "least"), [(0.05, 9), (0.2, 10), (1.0, 10)])
def test_copies_are_an_alarm_at_any_rate_and_disguised(rate, jitter, least):
    found = [World(seed) for seed in range(10)]
    judged = [world.judge(world.with_copies(500, rate, jitter)) for world in found]
    assert sum(state(copying, "tpr_at_1pct_fpr", e) == "alarm" for e in judged) >= least
    assert np.mean([e.value for e in judged]) == pytest.approx(rate + 0.01, abs=0.1 if jitter else 0.02)


@pytest.mark.parametrize(
    "honest",
    [
        {},
        {"modes": 3},
        {"modes": 1},
        {"scale": 0.3},
        {"scale": 0.05},
    ],
    ids=["perfect", "drops seven modes", "drops nine", "narrow", "collapsed to ten points"],
)
def test_no_honest_generator_is_an_alarm_however_poor(honest):
    judged = []
    for seed in range(25):
        world = World(seed)
        judged.append(world.judge(world.draw(500, **honest)))
    assert sum(state(copying, "tpr_at_1pct_fpr", e) == "alarm" for e in judged) <= 1


def test_a_perfect_generator_scores_its_floor_and_the_interval_covers():
    """The interval speaks of the rate at the true 1 % threshold, which is 0.01 for one who copies nothing."""
    found = []
    for seed in range(100):
        world = World(seed)
        found.append(world.judge(world.draw(300)))
    assert found[0].floor == chance_tpr(500) == 6 / 501
    values = np.array([e.value for e in found])
    assert values.mean() == pytest.approx(6 / 501, abs=4 * values.std() / np.sqrt(100))
    assert np.mean([e.interval.low <= 0.01 <= e.interval.high for e in found]) >= 0.93


def test_copies_are_shown_beside_their_training_item():
    world = World(0)
    made = world.draw(400)
    made[7], made[9] = world.train[3], world.train[5]
    found = world.judge(made)
    shown = {(e.items[0].index, e.items[1].index): e.value for e in found.detail.exhibits}
    assert shown[7, 3] == shown[9, 5] == 0.0
    assert found.detail.facts["exact copies"] == 2
    assert found.detail.values[7] == 1.0


def test_copies_are_found_far_from_the_origin():
    world = World(1)
    world.train, world.held_out = world.train + 1e6, world.held_out + 1e6
    found = world.judge(world.train[:50].copy())
    assert found.value == 1.0
    assert found.detail.facts["exact copies"] == 50


def test_a_real_duplicate_is_no_copy():
    world = World(2)
    world.held_out[0] = world.train[0]
    assert world.judge(np.repeat(world.train[:1], 30, axis=0)).value == 0.0
    leaky = world.held_out.copy()
    leaky[:10] = world.train[:10]
    found = run(world.draw(50), world.train, leaky)["tpr_at_1pct_fpr"]
    assert isinstance(found, Absent)
    assert "2.0% of held-out items are exact copies" in found.because


def test_there_is_no_chance_in_it():
    world = World(3)
    made = world.draw(80)
    assert run(made, world.train, world.held_out) == run(made, world.train, world.held_out)


def test_what_cannot_be_measured_is_refused():
    world = World(4)
    with pytest.raises(NotApplicable, match="got 400, 900, 1"):
        run(world.draw(400), world.train, world.held_out[:1])
    with pytest.raises(NotApplicable, match="same features"):
        run(world.draw(10), np.ones((500, D)), np.ones((400, D)))
    paired = run(world.draw(10), world.train, np.repeat(world.held_out[:200], 2, axis=0))["tpr_at_1pct_fpr"]
    assert isinstance(paired, Absent)
    assert "copies of one another" in paired.because
    spoiled = world.draw(20)
    spoiled[13, 0] = np.nan
    with pytest.raises(ProbeError, match="generated: the features of item 13"):
        run(spoiled, world.train, world.held_out)
    constant = run(np.zeros((50, D)), world.train, world.held_out)["tpr_at_1pct_fpr"]
    assert isinstance(constant, Estimate)
