"""The spectrum lens: white noise reads its variance, a wave its ring, a checkerboard the corners; sizes, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.core.errors import LensError
from genbench.lenses.image.spectrum import Spectrum, decibels, rings, sharpness


def test_white_noise_reads_its_variance_in_every_ring_and_in_sharpness():
    rng = np.random.default_rng(0)
    grey = 128 + 20 * rng.normal(size=(128, 128))
    assert rings(grey, 16)[2:] == pytest.approx(np.full(15, 400.0), rel=0.25)
    assert sharpness(grey) == pytest.approx(400, rel=0.05)
    items = [np.rint(grey).astype(np.uint8)[:, :, None]]
    assert Spectrum().features(items)[0, 4:] == pytest.approx(10 * np.log10(400), abs=0.7)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 47), (32, 40)])
def test_all_rings_together_hold_all_power(height, width):
    # Parseval: the mean over all frequencies but the mean's own, of which h w - 1 remain, is the variance.
    grey = np.random.default_rng(1).normal(size=(height, width)).cumsum(axis=0)
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :]) / 0.5
    ring = np.minimum(np.ceil(radius * 8 - 1e-9).astype(int) - 1, 8)
    counts = np.array([(ring == i).sum() for i in range(9)])
    assert (rings(grey, 8) * counts).sum() == pytest.approx(grey.var() * height * width)
    full = np.abs(np.fft.fft2(grey - grey.mean())) ** 2 / grey.size
    assert rings(grey, 8) == pytest.approx(np.array([full[ring == i].mean() for i in range(9)]))


def test_a_wave_stands_in_its_own_ring_and_a_checkerboard_in_the_corners():
    x = np.arange(64)
    wave = np.broadcast_to(100 * np.cos(2 * np.pi * 12 * x / 64), (64, 64)).copy()  # 12 / 32 of Nyquist: ring 6 of 16
    assert np.argmax(rings(wave, 16)) == 5
    assert np.delete(rings(wave, 16), 5).max() < 1e-6
    board = 50.0 * (np.indices((64, 64)).sum(axis=0) % 2)
    assert np.argmax(rings(board, 16)) == 16


def test_flat_images_read_the_noise_of_rounding():
    flat = [np.full((40, 40, 3), grey, np.uint8) for grey in (0, 200)]
    assert Spectrum().features(flat) == pytest.approx(np.full((2, 18), 10 * np.log10(1 / 12)))
    assert decibels(np.array([0.0]))[0] == pytest.approx(-10.79, abs=0.01)


def test_brightness_does_not_count_and_colour_is_averaged():
    item = np.random.default_rng(2).integers(0, 200, (24, 24, 1), dtype=np.uint8)
    grey, brighter, colour = Spectrum().features([item, item + 50, np.repeat(item, 3, axis=2)])
    assert brighter == pytest.approx(grey)
    assert colour == pytest.approx(grey)


def test_bands_follow_the_size_and_sizes_may_differ_where_bands_do_not():
    rng = np.random.default_rng(3)
    make = lambda h, w: rng.integers(0, 256, (h, w, 1), dtype=np.uint8)
    assert Spectrum().features([make(8, 8)]).shape == (1, 6)
    assert Spectrum().features([make(64, 48), make(32, 200)]).shape == (2, 18)
    with pytest.raises(LensError, match="set the lens's `bands`"):
        Spectrum().features([make(8, 8), make(64, 48)])
    assert Spectrum(bands=4).features([make(8, 8), make(64, 48)]).shape == (2, 6)
    with pytest.raises(LensError, match="4 bands need 8 pixels a side, got 7 x 9"):
        Spectrum(bands=4).features([make(7, 9)])
    with pytest.raises(LensError, match="need 4 pixels a side, got 3 x 3"):
        Spectrum().features([make(3, 3)])
    with pytest.raises(LensError, match="at least 2 bands"):
        Spectrum(bands=1)
