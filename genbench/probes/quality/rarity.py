"""Do the outputs dare to be as uncommon as real items are?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.distance import cdist

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features, Rng
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Exhibit, Interval, ItemRef, Metric, Toward
from genbench.stats.finite import finite_rows
from genbench.stats.intervals import normal_interval

GROUPS = 20
LEAST = 20  # items of either kind within some ball
SHOWN = 6


@probe(
    reports={
        "relative": Metric(
            unit="ratio",
            better=Toward(1.0),
            title="Rarity, outputs / real",
            summary="Mean rarity of outputs as a part of the mean rarity of real items.",
            reading="1 is right. Below: the outputs keep to what is common. Above: they favour what is uncommon. "
            "Outputs unlike any real item have no rarity and do not count; their share stands in the details.",
            margin=0.02,
        )
    },
    cites=["Han et al. 2022, arXiv:2206.08549 (rarity score)"],
    control="outputs narrowed around the common: below 1",
    truth="unseen real items in the outputs' place: 1",
)
def rarity(
    generated: Features, held_out: Features, train: Features, *, rng: Rng, k: int = 3, limit: int = 2000
) -> Estimates:
    """Mean rarity of outputs over mean rarity of training items, both among held-out items; features [n d].

    The ball of a held-out item reaches to its k-th nearest neighbour of its own kind; rarity(g) is the smallest radius
    of the balls that hold g, large where real items are sparse, and none where no ball holds g (Han et al., k = 3).
    Each rarity depends on held-out items alone, so the mean is not biased by n; numerator and denominator share the
    balls. At most `limit` rows a side. Interval: of the logarithm, all three samples random: standard error of either
    mean, and delete-group jackknife over held-out items, which errs on the wide side. Floor: 1. At failure 0, where all
    outputs crowd into one dense place. Training items stand for real ones, so a copycat scores 1: it is as rare.
    """
    if k < 1:
        raise NotApplicable(f"k counts neighbours and is at least 1, got {k}")
    real = finite_rows(held_out.x, "held_out")[:limit]
    sides = (finite_rows(generated.x, "generated")[:limit], finite_rows(train.x, "train")[:limit])
    if min(len(real), *map(len, sides)) < max(LEAST, 2 * k):
        raise NotApplicable(
            f"rarity with k = {k} needs {max(LEAST, 2 * k)} items of each, got {len(sides[0])} outputs, "
            f"{len(real)} held-out, {len(sides[1])} train"
        )
    balls = _Balls(cdist(real, real), tuple(cdist(real, side) for side in sides), k)
    own, other = balls.rarities(np.arange(len(real)))
    inside = [np.isfinite(side) for side in (own, other)]
    if min(int(side.sum()) for side in inside) < LEAST or not min(own[inside[0]].max(), other[inside[1]].max()) > 0:
        return {
            "relative": Absent(
                f"only {int(inside[0].sum())} outputs and {int(inside[1].sum())} training items lie within reach of a "
                f"held-out item (at a distance above 0), too few to compare"
            )
        }
    value = float(own[inside[0]].mean() / other[inside[1]].mean())
    error = math.sqrt(
        sum(_relative_variance(side[kept]) for side, kept in zip((own, other), inside, strict=True))
        + _reference_variance(balls, rng.permutation(len(real)))
    )
    around = normal_interval(math.log(value), error)
    method = "logarithm; outputs and train random, delete-group jackknife over held-out items"
    interval = Interval(math.exp(around.low), math.exp(around.high), around.level, method)
    shown = [i for i in np.argsort(-np.where(inside[0], own, -1.0), kind="stable")[:SHOWN] if inside[0][i]]
    exhibits = tuple(
        Exhibit("one of the rarest outputs", (ItemRef("generated", int(i)),), float(own[i])) for i in shown
    )
    detail = Detail(
        exhibits=exhibits,
        facts={
            "k": k, "n reference": len(real), "mean rarity of outputs": float(own[inside[0]].mean()),
            "mean rarity of real items": float(other[inside[1]].mean()),
            "share of outputs unlike any real item": 1 - float(inside[0].mean()),
            "share of real items unlike any other": 1 - float(inside[1].mean()),
        },
    )  # fmt: skip
    return {"relative": Estimate(value, int(inside[0].sum()), interval, 1.0, detail)}


@dataclass(frozen=True)
class _Balls:
    """Distances real x real and real x (outputs, train), from which the rarities among any real subset follow."""

    rr: Float[np.ndarray, "m m"]
    to: tuple[Float[np.ndarray, "m _"], ...]
    k: int

    def rarities(self, real: Int[np.ndarray, " r"]) -> tuple[Float[np.ndarray, " _"], Float[np.ndarray, " _"]]:
        """Of outputs and of train among these real items; infinite where no ball holds one."""
        radius = np.partition(self.rr[np.ix_(real, real)], self.k, axis=1)[:, self.k]  # itself, at 0, not counted
        own, other = (np.where(d[real] <= radius[:, None], radius[:, None], np.inf).min(axis=0) for d in self.to)
        return own, other


def _relative_variance(values: Float[np.ndarray, " n"]) -> float:
    """Of the logarithm of a mean."""
    mean = float(values.mean())
    return float(values.var(ddof=1)) / len(values) / mean**2 if mean > 0 else 0.0


def _reference_variance(balls: _Balls, order: Int[np.ndarray, " m"]) -> float:
    """Of the ratio's logarithm, by leaving out each of GROUPS groups of held-out items."""
    logs = []
    for group in np.array_split(order, GROUPS):
        own, other = balls.rarities(np.setdiff1d(order, group))
        means = [float(side[np.isfinite(side)].mean()) for side in (own, other) if np.isfinite(side).any()]
        logs.append(math.log(means[0] / means[1]) if len(means) == 2 and min(means) > 0 else 0.0)
    runs = np.array(logs)
    return (GROUPS - 1) / GROUPS * float(np.square(runs - runs.mean()).sum())
