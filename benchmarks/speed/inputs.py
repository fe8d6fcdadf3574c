"""What both sides are given: the same numbers from the same seed, by numpy alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np

SIDE = 299


def images(n: int, side: int = SIDE) -> np.ndarray:
    """uint8 [n 3 side side], smooth colour fields under noise: JPEGs of them are as long as those of photographs."""
    rng = np.random.default_rng(1)
    coarse = rng.uniform(0, 255, (n, 3, 8, 8))
    steps = np.linspace(0, 7, side)
    low = np.minimum(steps.astype(int), 6)
    share = steps - low
    rows = coarse[:, :, low] * (1 - share)[:, None] + coarse[:, :, low + 1] * share[:, None]
    smooth = rows[..., low] * (1 - share) + rows[..., low + 1] * share
    return np.clip(smooth + rng.normal(0, 12, smooth.shape), 0, 255).astype(np.uint8)


def features(n: int, d: int, shift: float, seed: int) -> np.ndarray:
    """float64 [n d]: a Gaussian whose spread falls by 1/30 over its axes, turned so that columns correlate."""
    rng = np.random.default_rng(seed)
    spread = np.geomspace(1.0, 1 / 30, d)
    mixed = rng.normal(size=(n, d)) * spread
    mirror = np.random.default_rng(0).normal(size=d)
    mirror /= np.linalg.norm(mirror)
    turned: np.ndarray = mixed - 2 * np.outer(mixed @ mirror, mirror) + shift
    return turned


def jpeg_folder(root: Path, n: int, side: int) -> Path:
    """A folder of n JPEGs of side x side; few distinct pictures, many files, as decoding costs the same."""
    from PIL import Image

    folder = root / f"jpegs-{n}-{side}"
    if not folder.is_dir():
        folder.mkdir(parents=True)
        pictures = images(min(n, 16), side)
        for i in range(n):
            Image.fromarray(pictures[i % len(pictures)].transpose(1, 2, 0)).save(folder / f"{i:06d}.jpg", quality=90)
    return folder
