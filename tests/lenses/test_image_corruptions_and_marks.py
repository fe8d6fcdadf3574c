"""Corruptions grow with severity and keep the shape; a mark is not seen, is found by its key alone, and survives."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.datasets import load_sample_images

from genbench.core.errors import LensError
from genbench.core.lens import Coarsens, Corrupts, Marks
from genbench.lenses.image.pixels import Pixels

LENS = Pixels()
Z = norm.isf(0.01)


def photographs(n, side=192):
    rng, made = np.random.default_rng(0), []
    for i in range(n):
        image = load_sample_images().images[i % 2]
        y, x = (int(rng.integers(0, size - side)) for size in image.shape[:2])
        made.append(image[y : y + side, x : x + side].copy())
    return made


@pytest.fixture(scope="module")
def photos():
    return photographs(12)


def off(items, others):
    return float(np.sqrt(np.mean([np.square(a.astype(float) - b).mean() for a, b in zip(items, others)])))


def test_an_image_lens_spoils_coarsens_and_marks():
    assert all(isinstance(LENS, capability) for capability in (Coarsens, Corrupts, Marks))


@pytest.mark.parametrize("name", LENS.corruptions())
@pytest.mark.parametrize("shape", [(8, 8, 1), (24, 30, 3)])
def test_corruptions_keep_the_shape_and_grow_with_severity(name, shape):
    rng = np.random.default_rng(0)
    smooth = np.clip(np.cumsum(rng.normal(0, 30, (20, *shape)), axis=2) + 128, 0, 255).astype(np.uint8)
    items = list(smooth)
    harm = []
    for severity in (1, 3, 5):
        made = LENS.corrupt(items, name, severity, np.random.default_rng(1))
        assert [m.shape for m in made] == [shape] * 20
        assert all(m.dtype == np.uint8 for m in made)
        harm.append(off(items, made))
    assert 0 <= harm[0] <= harm[1] <= harm[2]
    assert harm[2] > 2


def test_noise_has_the_spread_it_says():
    grey = [np.full((64, 64, 1), 128, np.uint8)]
    made = LENS.corrupt(grey, "noise", 3, np.random.default_rng(0))
    assert off(grey, made) == pytest.approx(255 * 0.09, rel=0.05)


def test_what_is_no_corruption_is_said(photos):
    with pytest.raises(LensError, match=r"noise, blur.* got 'fog' at 3"):
        LENS.corrupt(photos, "fog", 3, np.random.default_rng(0))
    with pytest.raises(LensError, match="at 6"):
        LENS.corrupt(photos, "blur", 6, np.random.default_rng(0))


def test_coarsening_is_not_seen_and_leaves_no_fraction_of_a_step(photos):
    made = LENS.coarsen(photos, np.random.default_rng(0))
    assert off(photos, made) == pytest.approx(np.sqrt(16 / 3 + 64 / 12), rel=0.1)
    assert all((m[(m > 0) & (m < 255)] % 8 == 0).all() for m in made)


def test_a_mark_is_found_by_its_key_alone_and_hardly_seen(photos):
    marked = LENS.mark(photos, 7)
    assert off(photos, marked) < 4.5  # 35 dB or better
    assert (LENS.mark_scores(marked, [7]) > Z).all()
    others = LENS.mark_scores(marked, range(20, 30))
    unmarked = LENS.mark_scores(photos, range(40))
    assert (others > Z).mean() < 0.04
    assert (unmarked > Z).mean() < 0.02  # of 480: 2.2 errors above 1 %


@pytest.mark.parametrize(
    ("name", "least"), [("noise", 0.9), ("JPEG", 0.9), ("resize", 0.9), ("crop", 0.8), ("contrast", 1)]
)
def test_a_mark_survives_what_happens_to_images(photos, name, least):
    spoiled = LENS.corrupt(LENS.mark(photos, 3), name, 3, np.random.default_rng(0))
    assert (LENS.mark_scores(spoiled, [3]) > Z).mean() >= least


def test_an_image_too_small_for_a_mark_gives_no_false_alarm():
    tiny = list(np.random.default_rng(0).integers(0, 256, (30, 8, 8, 1), dtype=np.uint8))
    scores = LENS.mark_scores(tiny, range(20))
    assert np.isfinite(scores).all()
    assert (scores > Z).mean() < 0.02


def test_a_mark_lies_in_the_same_frame_whatever_the_image_measures():
    large = photographs(4, 384)
    scores = LENS.mark_scores(LENS.mark(large, 5), [5])
    assert (scores > Z).all()
