"""How many different things the outputs amount to, beside as many real items."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import stats as scipy_stats
from scipy.spatial.distance import cdist

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features, Rng
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Interval, Metric, Toward
from genbench.stats.finite import finite_rows
from genbench.stats.intervals import normal_interval, with_floor

LEAST = 20  # items a side
GROUPS = 20
METHOD = "delete-group jackknife of the logarithm, both samples random"


class Logged(NamedTuple):
    """The logarithm of a positive statistic and its standard error, over the items."""

    value: float
    error: float


@probe(
    reports={
        "relative": Metric(
            unit="ratio",
            better=Toward(1.0),
            title="Variety, outputs / real",
            summary="Effective number of different outputs as a part of that of as many real items.",
            reading="1 is right. Below: the outputs repeat themselves or leave kinds out. Above: they scatter further "
            "than real items do, as noise would.",
            margin=0.02,
        ),
        "vendi": Metric(
            unit="effective items",
            better="higher",
            title="Vendi score",
            summary="Effective number of different outputs: 1 where all look alike, n where none looks like another.",
            reading="Its size depends on the lens and on n: read it against the floor, which real items reach at the "
            "same n. Noise can exceed that.",
            context=True,
        ),
        "spread": Metric(
            unit="ratio",
            better=Toward(1.0),
            title="Distance between two outputs / between two real items",
            summary="Mean distance of two outputs as a part of the mean distance of two real items.",
            reading="1 is right; 0: all outputs are one. A few far modes alone can keep it at 1.",
            margin=0.02,
        ),
    },
    cites=[
        "Friedman and Dieng 2022, arXiv:2210.02410 (Vendi score)",
        "Zhang et al. 2018, arXiv:1801.03924 (mean pairwise feature distance as diversity, as later used with LPIPS)",
    ],
    control="k of 10 kinds dropped: variety falls to about (1 - k/10)",
    truth="k orthogonal kinds, equally frequent: Vendi score k; one distribution twice: ratios of 1",
)
def diversity(generated: Features, held_out: Features, *, rng: Rng, limit: int = 1000) -> Estimates:
    """The effective number of different outputs, and how far apart two of them lie, beside real items.

    The Vendi score is exp(H), H = -sum_j l_j log l_j over the eigenvalues l of K / n, K_ij = cos(x_i, x_j) of features
    [n d]: a Shannon entropy, in which similar items count as partly the same. relative = exp(H(outputs) - H(real)),
    both at the same n (as many of either as both have, `limit` at most), because H is biased downwards by an amount
    that depends on n. spread is the ratio of two U-statistics. A row of zeros, which has no direction, is like other
    such rows alone.

    Interval: both samples random; delete-group jackknife of H, which errs on the wide side (Efron and Stein 1981) and,
    unlike a linearization, still holds where H is at its maximum; the U-statistics' own variance. A bootstrap would not
    do: it redraws copies, which lower H. Floors: 1, and for `vendi` the real items' own score. At failure `relative` is
    1/VS(real) and `spread` 0; noise leads above 1.
    """
    x, y = finite_rows(generated.x, "generated"), finite_rows(held_out.x, "held_out")
    n = min(len(x), len(y), limit)
    if n < LEAST:
        raise NotApplicable(f"variety needs {LEAST} items a side, got {len(x)} outputs and {len(y)} held-out items")
    x, y = (side[rng.permutation(len(side))[:n]] for side in (x, y))
    own, real = _logged(x), _logged(y)
    facts = {"n of each": n, "d": x.shape[1], "real items' score": math.exp(real.value)}
    floor = math.exp(real.value)
    return {
        "relative": _ratio(own, real, n, Detail(facts=facts)),
        "vendi": Estimate(math.exp(own.value), n, with_floor(math.exp(own.value), _raised(own), floor, _raised(real)),
                          floor),
        "spread": _spread(x, y),
    }  # fmt: skip


def entropy(x: Float[np.ndarray, "n d"]) -> float:
    """Entropy H of K / n in nats, the logarithm of the Vendi score."""
    return _entropy_of(_moment(_directions(x)), len(x))


def _directions(x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n e"]:
    """Rows of length 1; those of length 0 get a direction of their own."""
    length = np.sqrt(np.square(x).sum(axis=1, keepdims=True))
    return np.hstack([np.divide(x, length, out=np.zeros_like(x), where=length > 0), length == 0])


def _moment(unit: Float[np.ndarray, "n e"]) -> Float[np.ndarray, "k k"]:
    """u'u or uu', whichever is smaller: their eigenvalues are the same, but for zeros."""
    made: np.ndarray = unit.T @ unit if unit.shape[1] < len(unit) else unit @ unit.T
    return made


def _entropy_of(moment: Float[np.ndarray, "k k"], n: int) -> float:
    values = np.linalg.eigvalsh(moment) / n
    values = values[values > len(values) * np.finfo(np.float64).eps]
    return float(-(values * np.log(values)).sum())


def _logged(x: Float[np.ndarray, "n d"]) -> Logged:
    """H, and its standard error by leaving out each of GROUPS groups of rows, which are in random order."""
    unit = _directions(x)
    whole, n = _moment(unit), len(x)
    wide = len(whole) == unit.shape[1] and unit.shape[1] < n
    runs = []
    for group in np.array_split(np.arange(n), GROUPS):
        kept = np.setdiff1d(np.arange(n), group, assume_unique=True)
        part = whole - unit[group].T @ unit[group] if wide else whole[np.ix_(kept, kept)]
        runs.append(_entropy_of(part, len(kept)))
    variance = (GROUPS - 1) / GROUPS * float(np.square(np.array(runs) - np.mean(runs)).sum())
    return Logged(_entropy_of(whole, n), math.sqrt(variance))


def _spread(x: Float[np.ndarray, "n d"], y: Float[np.ndarray, "n d"]) -> Estimate | Absent:
    own, real = _mean_distance(x), _mean_distance(y)
    if real[0] == 0:
        return Absent("all real items have the same features, so there is no distance to compare with")
    value = own[0] / real[0]
    error = math.hypot(own[1], value * real[1]) / real[0]
    interval = normal_interval(value, error, method="U-statistic variance, linearized ratio, both samples random")
    interval = Interval(max(0.0, interval.low), interval.high, interval.level, interval.method)
    return Estimate(value, len(x), interval, 1.0, Detail(facts={"mean distance of real items": real[0]}))


def _mean_distance(x: Float[np.ndarray, "n d"]) -> tuple[float, float]:
    """Mean Euclidean distance of two rows, and its standard error."""
    n = len(x)
    rows = cdist(x, x).sum(axis=1) / (n - 1)
    return float(rows.mean()), float(2 * rows.std(ddof=1) / math.sqrt(n))


def _ratio(own: Logged, real: Logged, n: int, detail: Detail) -> Estimate:
    difference = Logged(own.value - real.value, math.hypot(own.error, real.error))
    return Estimate(math.exp(difference.value), n, _raised(difference), 1.0, detail)


def _raised(logged: Logged) -> Interval:
    """exp of Student's interval of the logarithm, with one degree of freedom less than groups."""
    reach = float(scipy_stats.t.ppf(0.975, GROUPS - 1)) * logged.error
    return Interval(math.exp(logged.value - reach), math.exp(logged.value + reach), 0.95, METHOD)
