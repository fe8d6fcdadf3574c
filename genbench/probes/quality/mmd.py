"""Kernel distance with a Gaussian kernel: CMMD through a CLIP lens, and any difference at all, in principle."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import pdist

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Interval, Json, Metric
from genbench.stats.finite import finite_rows
from genbench.stats.kernel import Kernel
from genbench.stats.kernel import mmd as discrepancy

LEAST = 3  # items a side, for the variance
SCALE = 1000  # as CMMD is printed


@probe(
    reports={
        "thousandths": Metric(
            unit="thousandths of squared MMD",
            better="lower",
            title="Gaussian kernel distance",
            summary="How far outputs and real items differ at all, by a kernel that sees every moment.",
            reading="0 is perfect, and unbiased at any n: values around 0, below it too, mean that no difference is "
            "seen. Comparable through one lens and one bandwidth only.",
        )
    },
    cites=["Jayasumana et al. 2024, arXiv:2401.09603 (CMMD)", "Gretton et al. 2012, JMLR 13"],
    control="outputs moved by a known distance",
    truth="two Gaussians: closed form; two samples of one distribution: 0 on average",
)
def mmd(generated: Features, held_out: Features, train: Features, *, bandwidth: float = 10.0) -> Estimates:
    """1000 times the unbiased squared MMD with k(x, y) = exp(-|x - y|^2 / (2 bandwidth^2)) on features [n d], [m d].

    MMD^2 = E k(x,x') + E k(y,y') - 2 E k(x,y), the exact U-statistic over all pairs. The published code averages over
    each item paired with itself too, and so prints more by (1 - mean k(x,x')) / n + (1 - mean k(y,y')) / m. bandwidth:
    10 as published, for embeddings of length 1, whose distances are at most 2: there the kernel is nearly straight, and
    mostly the means are compared; for other features choose about the median distance, told in the details. Interval:
    both samples random, variance of the U-statistic to second order. Floor: 0, a perfect model's mean at any n; what
    train items score stands beside it. At failure up to 2000.
    """
    if not bandwidth > 0:
        raise NotApplicable(f"a bandwidth is above 0, got {bandwidth}")
    x, y, z = finite_rows(generated.x, "generated"), finite_rows(held_out.x, "held_out"), finite_rows(train.x, "train")
    if min(len(x), len(y), len(z)) < LEAST:
        raise NotApplicable(
            f"a kernel distance needs {LEAST} items of each, got {len(x)} outputs, {len(y)} held-out, {len(z)} train"
        )
    gaussian, centre = _gaussian(bandwidth), y.mean(axis=0)  # far from the origin the expanded square loses digits
    x, y, z = x - centre, y - centre, z - centre
    found, real = discrepancy(x, y, gaussian), discrepancy(z, y, gaussian)
    raw = found.interval()
    facts: dict[str, Json] = {
        "bandwidth": bandwidth,
        "median distance of real items": _median_distance(y),
        "real against real": SCALE * real.value,
        "its standard error": SCALE * real.standard_error,
        "n reference": len(y),
    }
    interval = Interval(SCALE * raw.low, SCALE * raw.high, raw.level, raw.method)
    return {"thousandths": Estimate(SCALE * found.value, len(x), interval, 0.0, Detail(facts=facts))}


def _gaussian(bandwidth: float) -> Kernel:
    def kernel(x: Float[np.ndarray, "n d"], y: Float[np.ndarray, "m d"]) -> Float[np.ndarray, "n m"]:
        squares = np.square(x).sum(axis=1)[:, None] + np.square(y).sum(axis=1)[None, :] - 2 * x @ y.T
        values: np.ndarray = np.exp(-np.maximum(squares, 0.0) / (2 * bandwidth**2))
        return values

    return kernel


def _median_distance(x: Float[np.ndarray, "n d"], most: int = 500) -> float:
    """Of the first `most` items, each pair once."""
    return float(np.median(pdist(x[:most])))
