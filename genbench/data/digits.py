"""Handwritten digits, 8 x 8 pixels."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from genbench.core.data import Dataset, dataset
from genbench.data._splits import Shares, assemble, near_vectors, partition

SOURCE = "UCI Optical Recognition of Handwritten Digits (test part), as shipped with scikit-learn"


@dataset(modality="image", licence="CC BY 4.0")
def digits(*, held_out: float = 0.28, reserve: float = 0.22, seed: int = 0) -> Dataset:
    """1,797 handwritten digits of 8 x 8 grey pixels with their classes; comes with scikit-learn.

    held_out, reserve: shares kept from training. Intensities 0..16 are mapped to 0..255.
    """
    raw = load_digits()
    images = np.rint(raw.images * (255 / 16)).astype(np.uint8)[:, :, :, None]
    # Two scans within one grey level (of 16) per pixel on average count as one.
    clusters = near_vectors(raw.images.reshape(len(images), -1), radius=8.0)
    splits, facts = partition(clusters, len(images), Shares(held_out, reserve, seed))
    return assemble(
        name="digits",
        modality="image",
        items=list(images),
        keys=[f"digit/{i}" for i in range(len(images))],
        labels=[str(target) for target in raw.target],
        splits=splits,
        licence="CC BY 4.0",
        source=SOURCE,
        facts=facts,
    )
