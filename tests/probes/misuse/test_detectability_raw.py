"""A network that learns from raw items tells what a lens's view loses, and reads nothing into real ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from genbench.core.chance import stream
from genbench.core.data import Dataset
from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Arrays, Features
from genbench.core.model import Training
from genbench.core.score import Estimate
from genbench.data.digits import digits
from genbench.lenses.image.pixels import Pixels
from genbench.models.gaussian import Gaussian
from genbench.probes.misuse.detectability import detectability
from genbench.probes.misuse.detectability_raw import detectability_raw
from genbench.selftest.plant import Trial
from genbench.selftest.plants.faint_lattice import faint_lattice


def ask(generated: Arrays, held_out: Arrays, seed: int = 0, steps: int = 100) -> Estimate:
    found = detectability_raw(generated, held_out, rng=np.random.default_rng(seed), steps=steps)["auc"]
    assert isinstance(found, Estimate)
    return found


def noise(n: int, seed: int, shape: tuple[int, ...] = (1, 4, 4)) -> Arrays:
    return Arrays(np.random.default_rng(seed).normal(size=(n, *shape)), -9.0, 9.0)


@pytest.fixture(scope="module")
def digit_data() -> Dataset:
    return digits()


def test_truth_real_items_against_real_items_cover_a_half():
    found = [ask(noise(80, 2 * seed), noise(80, 2 * seed + 1), seed, steps=10) for seed in range(60)]
    assert sum(f.interval.low <= 0.5 <= f.interval.high for f in found) >= 51  # 95 % of 60, less 3.5 errors
    assert np.mean([f.value for f in found]) == pytest.approx(0.5, abs=0.035)
    assert {f.floor for f in found} == {0.5}


def test_control_noise_and_blur_are_told_from_digits_and_digits_are_not_told_from_digits(digit_data):
    arrays, held_out = Pixels().arrays, digit_data.take("held_out", 300)
    model = Gaussian()
    model.fit(digit_data, Training(0))
    assert ask(arrays(model.sample(range(300))), arrays(held_out)).interval.low > 0.9
    reserve = digit_data.take("reserve", 300)
    perfect = ask(arrays(reserve), arrays(held_out))
    assert perfect.interval.low <= 0.5 <= perfect.interval.high
    assert perfect.n == 150
    blurred = [gaussian_filter(item.astype(float), (0.6, 0.6, 0)).round().astype(np.uint8) for item in reserve]
    assert ask(arrays(blurred), arrays(held_out)).interval.low > 0.8


def test_a_lattice_that_no_single_place_tells_is_told_where_a_line_on_the_same_numbers_hears_nothing():
    scene = faint_lattice(0.5, Trial(300, stream(1, "lattice"), 0))
    made, real = (scene.evidence[role][0] for role in ("generated", "held_out"))
    flat = [Features(side.x.reshape(len(side), -1)) for side in (made, real)]
    line = detectability(*flat, flat[1], rng=stream(0, "line"), detector="logistic regression")["auc"]
    raw = ask(made, real)
    assert line.interval.low < 0.5 < 0.7 < raw.interval.low


def test_a_copy_of_an_output_that_was_seen_earns_nothing():
    repeated = Arrays(np.repeat(noise(60, 7).x, 5, axis=0), -9.0, 9.0)
    found = [ask(repeated, noise(300, 8 + seed), seed) for seed in range(5)]
    assert np.mean([f.value for f in found]) < 0.65
    assert found[0].n == 30
    assert found[0].detail.facts["repeated outputs left out"] == 240


def test_of_large_items_the_middle_is_seen_at_its_own_scale():
    made, real = (noise(44, seed, (1, 70, 66)) for seed in (1, 2))
    made.x[:, :, :3], made.x[:, :, -3:], made.x[:, :, :, 0], made.x[:, :, :, -1] = 5.0, 5.0, 5.0, 5.0  # the rim alone
    found = ask(made, real, steps=8)
    assert found.detail.facts["places seen of each item"] == "64 x 64 of 70 x 66"
    assert found.interval.low < 0.5  # any network tells a rim of one value
    made.x[:, :, 3:-3, 1:-1] += 3.0
    assert ask(made, real, steps=8).interval.low > 0.8


def test_what_cannot_be_measured_is_refused():
    same = Arrays(np.ones((300, 1, 4, 4)), 0.0, 1.0)
    with pytest.raises(NotApplicable, match="40 distinct items a side, got 1 outputs and 200 real ones"):
        ask(same, noise(200, 1))
    with pytest.raises(
        NotApplicable, match=r"items of one shape \[channels height width\], got 1 x 4 x 4 and 1 x 5 x 4"
    ):
        ask(noise(50, 1), noise(50, 2, (1, 5, 4)))
    with pytest.raises(NotApplicable, match="got 7"):
        ask(noise(50, 1, (7,)), noise(50, 2, (7,)))
    spoiled = noise(50, 1)
    spoiled.x[3, 0, 2, 2] = np.nan
    with pytest.raises(ProbeError, match="generated: the features of item 3 hold NaN"):
        ask(spoiled, noise(50, 2))


def test_the_same_chance_gives_the_same_answer():
    sides = noise(80, 1), noise(80, 2)
    assert ask(*sides) == ask(*sides)
    assert ask(*sides) != ask(*sides, seed=1)
