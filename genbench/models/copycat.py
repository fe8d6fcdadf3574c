"""The positive control of memorization: a generator that hands out its training items at a known rate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genbench.core.chance import stream
from genbench.core.data import Dataset, Item
from genbench.core.errors import ModelError, NotApplicable
from genbench.core.model import History, Training, family


@family(modality="any", cites=["Meehan et al. 2020, arXiv:2004.05675 (planted copies as a test of copy detectors)"])
class Copycat:
    """Returns a training item with probability `rate`, and otherwise real data that nobody trained on.

    rate: 1.0 copies always, 0.0 never. jitter: how much a copy is disguised, as a share of the data's spread
    (images: added noise) or of the words (texts: letters swapped). The honest share is drawn from the reserve
    split. Each output depends on its seed alone and seeds are arbitrary, so both kinds are draws with replacement:
    k draws from m items repeat an item about k^2 / 2m times. No function of single seeds repeats less than a uniform
    one, and disguising the repeats would plant a second fault, so at rate 0 the copycat copies nobody and yet
    repeats itself where k is near m: duplication among its own outputs is true of it.
    """

    def __init__(self, *, rate: float = 1.0, jitter: float = 0.0) -> None:
        if not (0 <= rate <= 1 and 0 <= jitter <= 1):
            raise ModelError(f"copycat: rate and jitter lie in [0, 1], got {rate} and {jitter}")
        self.rate, self.jitter = rate, jitter
        self.train: list[Item] = []
        self.reserve: list[Item] = []
        self.spread = 0.0

    def fit(self, data: Dataset, training: Training) -> History:
        self.train, self.reserve = data.take("train"), data.take("reserve")
        if self.rate < 1 and not self.reserve:
            raise NotApplicable(f"copycat at rate {self.rate} needs a reserve split, and {data.name!r} has none")
        if isinstance(self.train[0], np.ndarray):
            self.spread = float(np.mean([np.std(item) for item in self.train]))
        return History((), "nothing is learned; the items are kept")

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return [self._one(seed) for seed in seeds]

    def _one(self, seed: int) -> Item:
        rng = stream(seed, "copycat")
        if rng.random() >= self.rate:
            return self.reserve[int(rng.integers(len(self.reserve)))]
        item = self.train[int(rng.integers(len(self.train)))]
        if self.jitter == 0:
            return item
        if isinstance(item, str):
            return _misspelt(item, rng, self.jitter)
        noisy = np.asarray(item, np.float64) + rng.normal(0, self.jitter * self.spread, np.shape(item))
        return np.clip(np.rint(noisy), 0, 255).astype(np.asarray(item).dtype)


def _misspelt(text: str, rng: np.random.Generator, share: float) -> str:
    words = text.split(" ")
    for i, word in enumerate(words):
        if len(word) > 2 and rng.random() < share:
            at = int(rng.integers(len(word) - 1))
            words[i] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)
