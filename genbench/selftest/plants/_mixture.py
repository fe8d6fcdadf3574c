"""A world whose every truth is known: ten Gaussians in sixteen dimensions, as features, prints, groups and odds."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy.special import logsumexp

from genbench.core.evidence import Annotations, Features, Fingerprints, LogProbs, Rng

D, MODES, TRAIN, HELD_OUT = 16, 10, 900, 500
BITS, WIDTH, NEAR = 256, 8.0, 0.8
ACCURACY, TRIED = 0.95, 60  # of the annotator, and how many real items per group tell its mistakes


class Mixture:
    """One draw of the world: centres ten apart or so, unit spread, equal shares; a train and a held-out set."""

    def __init__(self, rng: Rng) -> None:
        self.rng = rng
        self.centres = 2.5 * rng.normal(size=(MODES, D))
        self.lines = rng.normal(size=(D, BITS)), WIDTH * rng.random(BITS)
        self.train_modes, self.train = self.draw(TRAIN)
        self.held_out_modes, self.held_out = self.draw(HELD_OUT)

    def draw(
        self, n: int, *, first: int = 0, scale: float = 1.0
    ) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, "n d"]]:
        """(modes, items): from the modes `first` and up, each narrowed to `scale` of its spread."""
        modes = self.rng.integers(first, MODES, size=n)
        return modes, self.centres[modes] + scale * self.rng.normal(size=(n, D))

    def prints(self, x: Float[np.ndarray, "n d"]) -> Fingerprints:
        """Odd or even interval on 256 random lines (Datar et al. 2004): bits are alike where the distance is small.

        Of intervals of width w a bit is shared with probability 1 - 2 r / (sqrt(2 pi) w) or so at a small distance r:
        0.89 by a copy jittered by a tenth of the spread, 0.65 by the nearest of the other items.
        """
        directions, offsets = self.lines
        return Fingerprints(np.floor((x @ directions + offsets) / WIDTH).astype(np.int64) % 2, NEAR)

    def odds(self, x: Float[np.ndarray, "n d"]) -> LogProbs:
        """The world's own log density: what a model that learned everything and memorized nothing says."""
        return log_density(x, self.centres, 1.0)

    def said(self, modes: Int[np.ndarray, " n"], rates: Float[np.ndarray, "k k"]) -> Int[np.ndarray, " n"]:
        """What an annotator with these rates P(said | true) calls them."""
        drawn = self.rng.random(len(modes))
        labels: np.ndarray = (drawn[:, None] > rates.cumsum(axis=1)[modes][:, :-1]).sum(axis=1)
        return labels

    def groups(self, *sides: Int[np.ndarray, " _"]) -> tuple[Annotations, ...]:
        """The modes as groups, by one annotator who is right 95 times in 100."""
        rates, names = even_rates(MODES, ACCURACY), tuple(f"mode {i}" for i in range(MODES))
        confusion = np.stack([self.rng.multinomial(TRIED, row) for row in rates])
        return tuple(Annotations(self.said(modes, rates), names, confusion) for modes in sides)

    def real(self) -> dict[str, tuple[object, ...]]:
        """Train and held-out items as everything that a probe may ask for."""
        return {
            role: (Features(x), self.prints(x), self.odds(x))
            for role, x in (("train", self.train), ("held_out", self.held_out))
        }

    def seen(self, generated: Float[np.ndarray, "n d"]) -> dict[str, tuple[object, ...]]:
        """The same, and outputs."""
        return {"generated": (Features(generated), self.prints(generated)), **self.real()}


def even_rates(groups: int, accuracy: float) -> Float[np.ndarray, "k k"]:
    """P(said | true) of an annotator who spreads mistakes evenly."""
    rates = np.full((groups, groups), (1 - accuracy) / (groups - 1))
    np.fill_diagonal(rates, accuracy)
    return rates


def log_density(x: Float[np.ndarray, "n d"], centres: Float[np.ndarray, "m d"], spread: float) -> LogProbs:
    """log of the mean of m Gaussians of this spread, in nats, by dimension."""
    squares = np.square(x).sum(1)[:, None] + np.square(centres).sum(1)[None] - 2 * x @ centres.T  # [n m]
    d = x.shape[1]
    nats = logsumexp(-squares / (2 * spread**2), axis=1) - np.log(len(centres)) - d / 2 * np.log(2 * np.pi * spread**2)
    return LogProbs(np.asarray(nats), {"dimension": np.full(len(x), d, dtype=np.int64)})
