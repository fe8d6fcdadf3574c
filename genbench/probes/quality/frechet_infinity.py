"""The Fréchet distance at an infinite number of samples, found by a line: a second road to the corrected distance."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Interval, Json, Metric
from genbench.stats.finite import finite_rows
from genbench.stats.frechet import frechet
from genbench.stats.intervals import squared_interval

PARTS = (1, 2, 3)  # into how many disjoint parts both samples are cut: the line's points at 1/n, 2/n, 3/n
LINE = np.array([4.0, 1.0, -2.0]) / 3  # weights of the least-squares line's value at 0
PARABOLA = np.array([3.0, -3.0, 1.0])  # weights of the value at 0 of the parabola through all three
LEAST = 4 * PARTS[-1]  # items a side


@probe(
    reports={
        "distance": Metric(
            unit="squared feature units",
            better="lower",
            title="Fréchet distance extrapolated to infinite n",
            summary="What the Fréchet distance would be with endless samples, read off its fall as n grows.",
            reading="A cross-check: where it and the bias-corrected distance differ by more than their intervals, n is "
            "too small for either.",
            context=True,
        )
    },
    cites=["Chong and Forsyth 2020, arXiv:1911.07023 (FID-infinity)", "Heusel et al. 2017, arXiv:1706.08500"],
    control="outputs moved by a known distance",
    truth="two Gaussians: |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2)",
)
def frechet_infinity(generated: Features, held_out: Features, train: Features, *, rng: Rng) -> Estimates:
    """The plug-in Fréchet distance of features [n d], [m d] extrapolated to 1/n = 0 along a line.

    d^2(n) = d^2 + b/n + O(1/n^2). Both samples are cut into g = 1, 2 and 3 disjoint random parts; the mean distance of
    the g pairs of parts stands at g/n, and the least-squares line's value at 0 is the distance. (The published score
    draws random subsets of the outputs alone, against a fixed reference whose own bias stays; cut on both sides it
    goes, and disjoint parts count each row equally, so the line costs no first-order variance.)

    Interval: both samples random. First order as for the whole sample; the second-order variance doubles, as
    1 + sum w_g^2 (g - 1) = 2; and it reaches to the parabola's value at 0, since what the line leaves is of the order
    1/n^2 (10/3 of it, against -2 by `quality.frechet`'s halves). Floor: the same for train in the outputs' place,
    at least 0. Context, not verdict: it estimates what `quality.frechet` does, less exactly; two alarms for one
    distance would count it twice. At perfection 0 (it may fall below), at failure without bound.
    """
    x, y, z = finite_rows(generated.x, "generated"), finite_rows(held_out.x, "held_out"), finite_rows(train.x, "train")
    if min(len(x), len(y), len(z)) < LEAST:
        raise NotApplicable(
            f"a line in 1/n needs {LEAST} items of each, got {len(x)} outputs, {len(y)} held-out, {len(z)} train"
        )
    whole = frechet(x, y)
    points = _points(x, y, rng, whole.value)
    n = min(len(x), len(z))
    others = z[rng.permutation(len(z))[:n]]
    real = float(LINE @ _points(others, y, rng, frechet(others, y).value))
    value, curved = float(LINE @ points), float(PARABOLA @ points)
    facts: dict[str, Json] = {
        "distances at n, n/2, n/3": [float(point) for point in points],
        "by a parabola": curved,
        "real against real": real,
        "n reference": len(y),
        "n of the floor": n,
        "d": x.shape[1],
    }
    error = math.sqrt(whole.standard_error**2 + whole.second_order)
    around = squared_interval(value, error, 2 * whole.second_order)
    interval = Interval(
        min(around.low, curved), max(around.high, curved), around.level,
        "infinitesimal jackknife, both samples random; reaching to the parabola",
    )  # fmt: skip
    return {"distance": Estimate(value, len(x), interval, max(0.0, real), Detail(facts=facts))}


def _points(
    x: Float[np.ndarray, "n d"], y: Float[np.ndarray, "m d"], rng: Rng, whole: float
) -> Float[np.ndarray, " g"]:
    """Mean distance of the pairs of parts, for each count of parts; whole: that of one part, the samples themselves."""
    points = [whole]
    for parts in PARTS[1:]:
        cut = (np.array_split(rng.permutation(len(side)), parts) for side in (x, y))
        points.append(float(np.mean([frechet(x[rows], y[others]).value for rows, others in zip(*cut, strict=True)])))
    return np.array(points)
