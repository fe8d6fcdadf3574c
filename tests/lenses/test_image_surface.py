"""What image lenses share: fingerprints that survive small changes alone, bounded pictures, inputs in range."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from genbench.core.errors import LensError
from genbench.core.lens import Continuous, Fingerprinter, Perturbs, Renders
from genbench.data.digits import digits
from genbench.lenses.image._surface import ImageSurface, resize_float, resized_to, stacked

SURFACE = ImageSurface()


def alike(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """[n m] shares of equal slots."""
    shares: np.ndarray = (a[:, None] == b[None]).mean(axis=2)
    return shares


def photos(n: int, side: int, channels: int = 3) -> list[np.ndarray]:
    """Smooth pictures, each unlike the others."""
    rng = np.random.default_rng(7)
    coarse = rng.integers(0, 256, (n, 6, 6, 3), dtype=np.uint8)
    made = [np.asarray(Image.fromarray(c).resize((side, side), Image.Resampling.BICUBIC)) for c in coarse]
    return [m[:, :, :channels] for m in made]


def test_it_has_the_capabilities_it_claims() -> None:
    for capability in (Fingerprinter, Perturbs, Renders, Continuous):
        assert isinstance(SURFACE, capability)


def test_noise_of_a_tenth_of_the_spread_is_seen_through_and_other_digits_are_not() -> None:
    data, rng = digits(), np.random.default_rng(0)
    items = data.take("train", 400)
    spread = float(np.mean([item.std() for item in items]))
    noisy = [
        np.clip(np.rint(item + rng.normal(0, 0.1 * spread, item.shape)), 0, 255).astype(np.uint8) for item in items
    ]
    marks = SURFACE.fingerprints(items)
    caught = (marks.slots == SURFACE.fingerprints(noisy).slots).mean(axis=1) >= marks.near
    assert caught.mean() > 0.95
    others = alike(SURFACE.fingerprints(data.take("held_out")).slots, marks.slots).max(axis=1)
    assert (others >= marks.near).mean() < 0.03


def test_a_share_of_equal_bits_tells_the_angle() -> None:
    """1 - angle/pi, the law of random projections, to within its standard error at 256 bits."""
    from genbench.lenses.image._surface import _spectrum

    items = photos(40, 32)
    spectra = np.stack([_spectrum(item) for item in items])
    unit = spectra / np.linalg.norm(spectra, axis=1, keepdims=True)
    expected = 1 - np.arccos(np.clip(unit @ unit.T, -1, 1)) / np.pi
    found = alike(*(SURFACE.fingerprints(items).slots,) * 2)
    upper = np.triu_indices(40, 1)
    assert abs((found - expected)[upper].mean()) < 0.01
    assert np.abs((found - expected)[upper]).max() < 5 * 0.5 / 16


def test_brightness_contrast_and_size_do_not_count_but_content_does() -> None:
    items = photos(20, 64)
    dimmer = [(item * 0.6 + 40).astype(np.uint8) for item in items]
    smaller = [resize_float(item, 32, 32).astype(np.uint8) for item in items]
    marks = SURFACE.fingerprints(items)
    for changed in (dimmer, smaller):
        assert (marks.slots == SURFACE.fingerprints(changed).slots).mean(axis=1).min() >= marks.near
    likeness = alike(marks.slots, marks.slots) - 2 * np.eye(20)
    assert likeness.max() < marks.near


def test_flat_images_have_one_fingerprint() -> None:
    flat = [np.full((9, 9, 3), level, np.uint8) for level in (0, 1, 77, 255)]
    assert len(np.unique(SURFACE.fingerprints(flat).slots, axis=0)) == 1


def test_perturbing_by_nothing_changes_nothing_and_by_more_changes_more() -> None:
    items = photos(10, 32)
    same = SURFACE.perturb(items, np.random.default_rng(0), 0.0)
    assert all(np.array_equal(a, b) for a, b in zip(items, same, strict=True))
    moved = []
    for strength in (0.02, 0.1, 0.5):
        made = SURFACE.perturb(items, np.random.default_rng(0), strength)
        assert all(m.dtype == np.uint8 and m.shape == i.shape for m, i in zip(made, items, strict=True))
        moved.append(np.mean([np.abs(m.astype(int) - i).mean() for m, i in zip(made, items, strict=True)]))
    assert 0 < moved[0] < moved[1] < moved[2]


def test_arrays_are_channels_first_in_zero_to_one() -> None:
    items = photos(3, 8)
    arrays = SURFACE.arrays(items)
    assert arrays.x.shape == (3, 3, 8, 8)
    assert arrays.x.dtype == np.float32
    assert (arrays.low, arrays.high) == (0.0, 1.0)
    assert np.array_equal(np.rint(arrays.x[1].transpose(1, 2, 0) * 255), items[1])


@pytest.mark.parametrize(
    ("shape", "largest"), [((8, 8, 1), 64), ((64, 64, 3), 64), ((900, 300, 3), 192), ((1, 2000, 1), 192)]
)
def test_pictures_for_a_report_are_bounded(shape: tuple[int, int, int], largest: int) -> None:
    item = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    shown = SURFACE.render(item)
    with Image.open(io.BytesIO(shown.png)) as image:
        assert shown.kind == "image"
        assert max(image.size) == largest
        if shape == (8, 8, 1):  # enlarged without blur
            assert np.array_equal(np.asarray(image), np.kron(item[:, :, 0], np.ones((8, 8), np.uint8)))


def test_resizing_is_pillows_in_floats_and_channels_are_matched() -> None:
    item = photos(1, 50)[0]
    for c in range(3):
        plane = Image.fromarray(item[:, :, c].astype(np.float32)).resize((20, 30), Image.Resampling.BICUBIC)
        assert np.array_equal(resize_float(item, 30, 20)[:, :, c], np.clip(np.asarray(plane), 0, 255))
    assert resized_to(item, 50, 50, 1)[:, :, 0] == pytest.approx(item.mean(axis=2), abs=1e-4)
    grey = item[:, :, :1]
    assert np.array_equal(resized_to(grey, 50, 50, 3)[:, :, 2], grey[:, :, 0])


def test_what_is_no_image_is_refused() -> None:
    for wrong in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8), "text"):
        with pytest.raises(LensError, match="an image is uint8"):
            SURFACE.fingerprints([wrong])
    with pytest.raises(LensError, match="one shape are wanted, got 4 x 4 x 1, 8 x 8 x 1"):
        stacked([np.zeros((8, 8, 1), np.uint8), np.zeros((4, 4, 1), np.uint8)])
