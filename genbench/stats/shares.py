"""Shares of groups behind what an annotator said, and what chance leaves open about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import rankdata

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Rng
from genbench.core.score import Interval

CLEAR_OF_CHANCE = 2.0  # how many times its own error the confusion's smallest singular value must have


@dataclass(frozen=True)
class Draws:
    """Redrawn shares [draws k]: of the outputs, of the held-out items, and the annotator's rates [draws k k].

    Counts are redrawn from Dirichlet(counts + 1/2) (Jeffreys), the annotator's sparse rows from
    Dirichlet(counts + 1/k) (Perks): unlike a bootstrap's, a count of 0 has an error.
    """

    shown: Float[np.ndarray, "draws k"]
    expected: Float[np.ndarray, "draws k"]
    rates: Float[np.ndarray, "draws k k"]
    raw_shown: Float[np.ndarray, "draws k"]
    raw_expected: Float[np.ndarray, "draws k"]
    point: Float[np.ndarray, "k k"]

    @classmethod
    def of(
        cls, said: Int[np.ndarray, " k"], reference: Int[np.ndarray, " k"], confusion: Int[np.ndarray, "k k"] | None,
        draws: int, rng: Rng,
    ) -> Draws:  # fmt: skip
        k = len(said)
        rates = np.broadcast_to(np.eye(k), (draws, k, k))
        if confusion is not None:
            rates = np.stack([rng.dirichlet(row + 1 / k, draws) for row in confusion], axis=1)
        raw = [solved(rng.dirichlet(counts + 0.5, draws), rates) for counts in (said, reference)]
        return cls(to_simplex(raw[0]), to_simplex(raw[1]), rates, raw[0], raw[1], rates_of(confusion, k))

    def fair(self, q: Float[np.ndarray, " k"], n: int, rng: Rng) -> Float[np.ndarray, "draws k"]:
        """Shares found in n outputs of a model that shows q, by an annotator whose rates are known as well as here."""
        seen = np.clip(q @ self.point, 0.0, None)
        return to_simplex(solved(rng.multinomial(n, seen / seen.sum(), len(self.rates)) / n, self.rates))


def rates_of(confusion: Int[np.ndarray, "k k"] | None, k: int) -> Float[np.ndarray, "k k"]:
    """P(said j | true i): the confusion's rows made shares; the identity where people gave the labels."""
    return np.eye(k) if confusion is None else confusion / confusion.sum(axis=1, keepdims=True)


def corrected(said: Int[np.ndarray, " k"], confusion: Int[np.ndarray, "k k"] | None) -> Float[np.ndarray, " k"]:
    """True shares [k] behind counts `said` [k]: C'^-1 said / n, brought to the nearest shares."""
    whole: np.ndarray = to_simplex(solved(said / said.sum(), rates_of(confusion, len(said))))
    return whole


def solved(observed: Float[np.ndarray, "*draws k"], rates: Float[np.ndarray, "*draws k k"]) -> np.ndarray:
    """p with observed = rates' p; entries sum to 1 and may be negative."""
    whole: np.ndarray = np.linalg.solve(np.swapaxes(rates, -1, -2), observed[..., None])[..., 0]
    return whole


def to_simplex(x: Float[np.ndarray, "*draws k"]) -> Float[np.ndarray, "*draws k"]:
    """The nearest shares: max(x - t, 0) with the t for which they sum to 1 (Held, Wolfe and Crowder 1974)."""
    ordered = -np.sort(-x, axis=-1)
    excess = (np.cumsum(ordered, axis=-1) - 1) / np.arange(1, x.shape[-1] + 1)
    kept = (ordered > excess).sum(axis=-1, keepdims=True)
    return np.maximum(x - np.take_along_axis(excess, kept - 1, axis=-1), 0.0)


def variation(p: Float[np.ndarray, "*draws k"], q: Float[np.ndarray, "*draws k"]) -> np.ndarray:
    """Total variation distance, 1/2 sum |p - q|."""
    return np.asarray(np.abs(p - q).sum(axis=-1) / 2)


def identified(confusion: Int[np.ndarray, "k k"], names: tuple[str, ...]) -> None:
    """Refuses an annotator that cannot tell the groups apart, as far as its counts show.

    Shares are found by inverting C. Its smallest singular value must clear twice its own error, for which the norm of
    C's sampling error sqrt(sum_ij C_ij (1 - C_ij) / n_i) is an upper bound (Weyl).
    """
    rows = confusion.sum(axis=1)
    if (rows == 0).any():
        unseen = [name for name, row in zip(names, rows, strict=True) if row == 0]
        shown = ", ".join(unseen[:5]) + (f" and {len(unseen) - 5} more" if len(unseen) > 5 else "")
        raise NotApplicable(f"the annotator was never tried on {shown}, so its mistakes there are unknown")
    rates = rates_of(confusion, len(names))
    smallest = float(np.linalg.svd(rates, compute_uv=False)[-1])
    error = float(np.sqrt((rates * (1 - rates) / rows[:, None]).sum()))
    if smallest <= max(CLEAR_OF_CHANCE * error, 0.02):
        raise NotApplicable(
            f"the annotator cannot tell the groups apart: its confusion is singular within its error (smallest "
            f"singular value {smallest:.2f}, error {error:.2f})"
        )


def least_ratio_interval(
    p: Float[np.ndarray, " k"], q: Float[np.ndarray, " k"], draws: Draws, wanted: Float[np.ndarray, " k"] | None
) -> Interval:
    """Of the true min p/q: bands that hold for all groups at once, and the least of their lower and upper ends.

    A band runs between two quantiles of a group's draws, the same for every group and so far out that 95 % of the
    draws lie in all bands; the true minimum lies between the two minima whenever every ratio lies in its band. The
    minimum cannot exceed 1, as shares sum to 1.
    """
    inside = q > 0
    below = draws.raw_expected[:, inside] if wanted is None else wanted[inside]
    ratios = draws.raw_shown[:, inside] / np.maximum(below, 1e-9)
    places = (rankdata(ratios, axis=0) - 0.5) / len(ratios)
    tail = (1 - float(np.quantile(np.abs(2 * places - 1).max(axis=1), 0.95))) / 2
    low, high = (float(end.min()) for end in np.quantile(ratios, [tail, 1 - tail], axis=0))
    found = float((p[inside] / q[inside]).min())
    method = "bands over all groups; outputs, reference and annotator redrawn"
    return Interval(min(max(low, 0.0), found), min(max(high, found), 1.0), 0.95, method)
