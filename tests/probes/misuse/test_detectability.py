"""Detectors are rewarded for what they see in unseen items, and for nothing else."""

import numpy as np
import pytest
from scipy.stats import norm

from genbench.core.data import Dataset
from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features
from genbench.core.model import Training
from genbench.data.digits import digits
from genbench.lenses.image.pixels import Pixels
from genbench.models.gaussian import Gaussian
from genbench.probes.misuse.detectability import detectability


def normal(n, d=5, *, mean=0.0, seed=0):
    return Features(np.random.default_rng(seed).normal(mean, 1.0, size=(n, d)))


def ask(generated, held_out, train, seed=0):
    return detectability(generated, held_out, train, rng=np.random.default_rng(seed))["auc"]


@pytest.fixture(scope="module")
def digit_data() -> Dataset:
    return digits()


def test_truth_real_against_real_covers_a_half_as_often_as_it_says():
    found = [ask(*(normal(60, seed=1000 * part + seed) for part in range(3)), seed) for seed in range(100)]
    assert sum(f.interval.low <= 0.5 <= f.interval.high for f in found) >= 88  # 95 % of 100, less 3.2 errors
    assert np.mean([f.value for f in found]) == pytest.approx(0.5, abs=0.03)


def test_a_known_shift_is_detected_as_well_as_it_can_be():
    shift = 0.8
    best = norm.cdf(shift * np.sqrt(5) / np.sqrt(2))  # of the best detector there is
    found = ask(normal(2000, mean=shift, seed=1), normal(2000, seed=2), normal(2000, seed=3))
    assert found.value == pytest.approx(best, abs=0.02)
    assert found.interval.low <= best <= found.interval.high
    assert found.n == 1000
    assert found.floor == pytest.approx(0.5, abs=0.04)


def test_a_detector_that_needs_neighbours_is_found_where_no_line_tells():
    rng = np.random.default_rng(4)
    ring = rng.normal(size=(1000, 2))
    ring = 2 * ring / np.linalg.norm(ring, axis=1, keepdims=True)
    found = ask(Features(ring), normal(1000, 2, seed=5), normal(1000, 2, seed=6))
    assert found.detail.facts["detector"] == "nearest neighbours"
    assert found.interval.low > 0.8


def test_control_noise_is_told_from_digits_and_digits_are_not_told_from_digits(digit_data):
    noise = Gaussian()
    noise.fit(digit_data, Training(0))
    features = Pixels().features
    held_out, train = (Features(features(digit_data.take(split))) for split in ("held_out", "train"))
    reserve = Features(features(digit_data.take("reserve")))
    of_noise = ask(Features(features(noise.sample(range(400)))), held_out, train)
    assert of_noise.interval.low > 0.95
    perfect = ask(reserve, held_out, train)
    assert perfect.interval.low < max(0.55, perfect.floor) < of_noise.interval.low


def test_a_copy_of_an_output_that_was_seen_earns_nothing():
    """Outputs like real items, each given ten times: a detector that met one knows its nine copies."""
    few = normal(60, 10, seed=7)
    repeated = Features(np.repeat(few.x, 10, axis=0))
    found = [ask(repeated, normal(600, 10, seed=8 + seed), normal(600, 10, seed=90 + seed), seed) for seed in range(8)]
    assert np.mean([f.value for f in found]) < 0.6
    assert found[0].n == 30
    assert found[0].detail.facts["repeated outputs left out"] == 540


def test_too_few_distinct_items_are_refused():
    same = Features(np.ones((500, 3)))
    with pytest.raises(NotApplicable, match="40 distinct items a side, got 1 outputs and 200 real ones"):
        ask(same, normal(200, 3, seed=1), normal(200, 3, seed=2))


def test_without_enough_training_items_the_floor_is_chance():
    assert ask(normal(100, seed=1), normal(100, seed=2), normal(30, seed=3)).floor == 0.5


def test_the_same_chance_gives_the_same_answer():
    sides = [normal(100, seed=i) for i in range(3)]
    assert ask(*sides) == ask(*sides)
