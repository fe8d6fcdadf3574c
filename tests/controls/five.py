"""Generators whose faults are known, for `python:` in a suite."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from genbench.core.chance import stream
from genbench.core.data import Dataset, Item
from genbench.core.model import History, Tick, Training
from genbench.models.vae import Vae

ENDED = History((Tick(1, 1),), "items kept; nothing is optimized")


class OfUnseen:
    """Keeps the reserve: real items that are neither in training nor held out. Each seed gets an item of its own, as
    long as they last: one that came twice would be a repetition, which is another fault."""

    def fit(self, data: Dataset, training: Training) -> History:
        self.labels = data.labels("reserve")
        kept = np.flatnonzero(self.labels >= self.least)
        self.items, self.labels = np.stack(data.take("reserve"))[kept].astype(np.float64), self.labels[kept]
        self.dealt: dict[int, int] = {}
        return ENDED

    least = 0  # the first kind that is kept

    def chosen(self, seeds: Sequence[int]) -> list[int]:
        return [self.dealt.setdefault(seed, len(self.dealt)) % len(self.items) for seed in seeds]


class LowVariance(OfUnseen):
    """Each output lies half way between an unseen item and the mean of its kind: right in the mean, too alike."""

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        means = np.stack([self.items[self.labels == g].mean(axis=0) for g in range(self.labels.max() + 1)])
        chosen = self.chosen(seeds)
        made = 0.5 * self.items[chosen] + 0.5 * means[self.labels[chosen]]
        return list(np.clip(np.rint(made), 0, 255).astype(np.uint8))


class ModeDropping(OfUnseen):
    """Unseen items of the kinds 3 to 9: three kinds of ten never come."""

    least = 3

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return [self.items[i].astype(np.uint8) for i in self.chosen(seeds)]


class AllNoise:
    """Levels drawn alike likely, each by itself."""

    def fit(self, data: Dataset, training: Training) -> History:
        self.shape = np.asarray(data.take("train", 1)[0]).shape
        return ENDED

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return [stream(seed, "noise").integers(0, 256, self.shape, dtype=np.uint8) for seed in seeds]


class CollapsedVae(Vae):
    """A VAE whose decoder does not see its latents: the first weights after them are 0."""

    def __init__(self) -> None:
        super().__init__(steps=300)

    def fit(self, data: Dataset, training: Training) -> History:
        history = super().fit(data, training)
        with torch.no_grad():
            first, *_ = self._fitted().lift.parameters()
            first.zero_()
        return history
