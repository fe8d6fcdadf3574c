"""The true distance between two sets of shares, behind a measured one that chance pushes up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from genbench.core.evidence import Rng
from genbench.core.score import Interval
from genbench.stats.inversion import Inverted, inverted
from genbench.stats.shares import Draws, to_simplex, variation

SIMULATIONS = 400  # at each of the truths that are tried
METHOD = "inverted simulation; outputs, reference and annotator redrawn, chance imbalance taken off"


@dataclass(frozen=True)
class Imbalance:
    """value: estimate of the true distance. interval: of it. chance: what a model with the right shares shows."""

    value: float
    interval: Interval
    chance: float


def imbalance(
    p: Float[np.ndarray, " k"], q: Float[np.ndarray, " k"], expected: Float[np.ndarray, "draws k"], draws: Draws,
    n: int, rng: Rng,
) -> Imbalance:  # fmt: skip
    """Total variation between the shares behind p, found in n outputs, and those behind q; expected: q redrawn.

    The measured distance v = 1/2 sum |p - q| exceeds the true t by a bias that depends on where p truly lies at that
    distance: it is largest where few groups differ, as all others still add chance, and near 0 where all differ
    clearly. So each part is found along a line of its own: the lower end with as few groups moved as can be (most of v
    may be chance), the upper one with all moved evenly (the least may be) or, where the shares end before, v and the
    spread alone; the estimate along p - q itself.
    """
    v, d = float(variation(p, q)), p - q
    beside = expected[:SIMULATIONS]
    inverse = np.linalg.inv(np.swapaxes(draws.rates[:SIMULATIONS], -1, -2))  # [draws k k]

    def shown(shares: Float[np.ndarray, " k"]) -> Float[np.ndarray, " draws"]:
        """What `Draws.fair` draws for these shares, as a distance from q redrawn."""
        said = np.clip(shares @ draws.point, 0.0, None)
        seen = rng.multinomial(n, said / said.sum(), len(inverse)) / n
        return variation(to_simplex(np.einsum("sij,sj->si", inverse, seen)), beside)

    def along(line: Callable[[float], Float[np.ndarray, " k"]], most: float) -> Inverted:
        return inverted(v, lambda t: shown(line(t)), max(most, 1e-6))

    lower = along(lambda t: concentrated(q, d, t), 1 - float(q[d.argmax()]))
    middle = along(lambda t: to_simplex(q + t * d / v) if v > 0 else q, v)
    spread = variation(draws.shown, expected)
    high = v + float(np.quantile(spread - spread.mean(), 0.975))
    evenly, most = even(q, d)
    if most > 0:
        upper = along(lambda t: q + t * evenly, most)
        high = min(high, upper.high) if upper.high < most * (1 - 1e-9) else high
    low, high = lower.low, min(1.0, high)
    value = min(max(middle.value, low), high)
    return Imbalance(value, Interval(low, max(low, high), 0.95, METHOD), middle.chance)


def concentrated(
    q: Float[np.ndarray, " k"], d: Float[np.ndarray, " k"], t: float
) -> Float[np.ndarray, " k"]:  # fmt: skip
    """Shares at distance t from q that differ in as few groups as can be: all that one group gains (the one with the
    largest d) others lose, those with the smallest d first, each whole before the next."""
    shares = q.copy()
    up, left = int(d.argmax()), t
    for j in np.argsort(d, kind="stable"):
        if j != up:
            taken = min(left, float(shares[j]))
            shares[j] -= taken
            shares[up] += taken
            left -= taken
    return shares


def even(q: Float[np.ndarray, " k"], d: Float[np.ndarray, " k"]) -> tuple[Float[np.ndarray, " k"], float]:
    """(direction e, most): q + t e lies at distance t up to t = `most`; groups with d >= 0 gain alike, others lose."""
    gains = d >= 0
    if gains.all() or not gains.any():
        gains = np.arange(len(q)) < len(q) // 2
    direction = np.where(gains, 1 / gains.sum(), -1 / (~gains).sum())
    return direction, float(q[~gains].min() * (~gains).sum())
