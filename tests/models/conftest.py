"""Digits, and a distance between images in the features of a classifier of digits, for the image families' tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from genbench.core.data import Dataset, Item
from genbench.data.digits import digits
from genbench.stats.frechet import frechet


@pytest.fixture(scope="session")
def digit_data() -> Dataset:
    return digits()


@pytest.fixture(scope="session")
def from_held_out(digit_data: Dataset) -> Callable[[Sequence[Item]], float]:
    """Fréchet distance of images to the held-out digits in a classifier's last hidden layer."""

    def rows(items: Sequence[Item]) -> np.ndarray:
        return np.stack(items).reshape(len(items), -1) / 255.0

    classifier = MLPClassifier((64, 32), max_iter=80, random_state=0, alpha=1e-3)
    train = rows(digit_data.take("train"))
    classifier.fit(train, digit_data.labels("train"))

    def features(items: Sequence[Item]) -> np.ndarray:
        x = rows(items)
        for weights, bias in list(zip(classifier.coefs_, classifier.intercepts_, strict=True))[:-1]:
            x = np.maximum(x @ weights + bias, 0)
        return x

    real = features(digit_data.take("held_out"))
    return lambda items: frechet(features(items), real).corrected
