"""Presets for a GPU: no test trains them, but each is built here at its full size, takes a step and makes images.

One step on six colour images of 32 x 32: a shape that fits at 8 x 8 alone, or a setting that the family lost, shows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from genbench.core.catalogue import catalogue, find
from genbench.core.chance import sample_seeds, stream
from genbench.core.data import Dataset, Groups
from genbench.core.model import Density, Sampler, Training, Translator

SIDE = 32
FAMILIES = sorted(
    id for id, entry in catalogue("model").items()
    if entry.modality == "image" and "base" in (entry.keywords.get("presets") or {})
)  # fmt: skip


PIXEL_BY_PIXEL = ("pixelcnn", "pixelrnn")  # 3,072 values of an image one after another: minutes on a CPU at this size


def cloudy(seed: int) -> np.ndarray:
    """A colour image uint8 [SIDE SIDE 3] whose amplitudes fall as 1/f, as those of photographs do."""
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.fftfreq(SIDE)[None])
    frequency[0, 0] = 1 / SIDE
    noise = stream(seed, "cloudy").standard_normal((3, SIDE, SIDE))
    grey = np.fft.ifft2(np.fft.fft2(noise) / frequency).real  # [3 h w]
    mixed = np.tensordot(np.array([[1, 0.7, 0.6], [0.7, 1, 0.7], [0.6, 0.7, 1]]), grey, axes=1)
    return np.clip(128 + 50 * mixed / mixed.std(), 0, 255).astype(np.uint8).transpose(1, 2, 0)


@pytest.fixture(scope="module")
def clouds() -> Dataset:
    n = 10
    splits = {"train": np.arange(6), "held_out": np.arange(6, n)}
    groups = Groups(np.arange(n) % 2, ("morning", "evening"))
    items = [cloudy(seed) for seed in range(n)]
    return Dataset("clouds", "image", items, splits, tuple(map(str, range(n))), "", "CC0", "drawn here", groups)


def built(family: str) -> Any:
    """The family at its base preset, but for the number of steps."""
    cls = find("model", family).load()
    settings = dict(cls.__genbench__.presets["base"])
    if "steps" in settings:
        settings["steps"] = 1
    if family == "cyclegan":
        settings |= {"source": "morning", "target": "evening"}
    return cls(**settings)


def test_every_image_family_that_learns_has_one() -> None:
    assert len(FAMILIES) >= 13


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_a_base_preset_takes_a_step_and_makes_images(family: str, clouds: Dataset) -> None:
    model = built(family)
    model.fit(clouds, Training(0))
    if family in PIXEL_BY_PIXEL:
        assert isinstance(model, Density)
        assert np.isfinite(model.log_prob(clouds.take("held_out", 2)).nats).all()
        return
    if isinstance(model, Translator):
        made = model.translate(clouds.take("held_out", 2))
    else:
        assert isinstance(model, Sampler)
        made = model.sample(sample_seeds(0, 2, family))
    pictures = np.stack(made)
    assert pictures.shape == (2, SIDE, SIDE, 3)
    assert pictures.dtype == np.uint8
