"""Is one group of outputs worse made, or less varied, than the others?"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.distance import cdist
from scipy.special import stdtrit

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Annotations, Features, Rng
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Interval, Json, Metric
from genbench.stats.finite import finite_rows
from genbench.stats.inversion import inverted

LEAST = 8  # outputs and held-out items of a group
CUTS = 10
DRAWS = 1000
LEVEL = 0.95
CLOSEST = 0.01  # of real items' distance: outputs of a group that lie closer together than that count as just there


@probe(
    reports={
        "distance": Metric(
            unit="within-group variances",
            better="lower",
            title="Distance of the worst group beyond the average",
            summary="By how much the worst group's outputs lie farther from real items of that group than others do.",
            reading="0: all groups are equally well made. 1: the worst group's mean is off by one more standard "
            "deviation of real items within a group than the average group's is (squared).",
            tolerance=0.25,
            margin=0.02,
        ),
        "coverage": Metric(
            unit="share of held-out items",
            better="lower",
            title="Coverage lost by the worst group beyond the average",
            summary="By how much less the worst group's real items are covered by outputs than the average group's.",
            reading="0: no group is left out more than others. 0.3: of the worst group three tenths more of the real "
            "items have no output near them. What density and small n do to every group is taken off.",
            tolerance=0.25,
            margin=0.02,
        ),
        "variety": Metric(
            unit="ln of a ratio of distances",
            better="lower",
            title="Variety lost by the worst group beyond the average",
            summary="By how much closer together the worst group's outputs lie, beside real ones, than other groups'.",
            reading="0: all groups are as varied, beside real items of theirs. ln 2 = 0.69: two outputs of the worst "
            "group lie half as far apart as those of the average group.",
            tolerance=0.25,
            margin=0.02,
        ),
    },
    cites=[
        "Naeem et al. 2020, arXiv:2002.09797 (coverage)",
        "Heusel et al. 2017, arXiv:1706.08500 (the distance, here with one covariance for all groups)",
    ],
    control="one group's outputs moved, drawn in, or collapsed to a point",
    truth="one of G groups moved by v: |v|^2 (1 - 1/G) / tr R; drawn in to a part s: -ln s (1 - 1/G); all alike: 0",
)
def group_quality(
    generated: Features, generated_said: Annotations, held_out: Features, held_out_said: Annotations, train: Features,
    train_said: Annotations, *, rng: Rng, k: int = 5,
) -> Estimates:  # fmt: skip
    """The worst group's excess over the mean of all groups in distance, lost coverage and lost variety; features [n d].

    distance: Fréchet with the covariances pooled within groups, S of outputs and R of held-out items. Its part for the
    covariances is then the same for all groups, and what differs is |m_g - r_g|^2 with its bias tr S/n_g + tr R/m_g
    taken off: sound at eight items a group, where a covariance for each is not. In units of tr R. coverage: c_g = share
    of held-out items of g with an output within their ball (to the k-th nearest held-out item), f_g the same with as
    many training items of each group in the outputs' place; what is lost is f_g - c_g, so neither a sparse group nor
    one that is seldom shown is called ill made. variety: ln (tr R_g / tr S_g) / 2 of the group's own covariances, how
    much closer together two outputs of g lie than two real items of g (root mean square): it hears a group drawn in to
    half its breadth, to which coverage is deaf, as what is left still lies near. It is cut at ln 100.

    Groups are what the annotator says on all sides, so that its mistakes are alike; those with fewer than 8 items are
    left out and named. The worst of G noisy excesses lies above 0 by chance: the estimate inverts that (worst group
    off, noise as estimated). Interval: of the true worst excess, between the largest lower and the largest upper end of
    bands that hold for all groups at once (Bonferroni); for coverage the errors are a delete-group jackknife's over
    outputs, held-out and training items, for variety linearized, Student's by group, both sides random. Floor 0. Shares
    are `bias.representation`'s to tell.
    """
    names = held_out_said.names
    if not names == generated_said.names == train_said.names:
        raise NotApplicable("outputs, held-out and training items were not given the same groups")
    x, y, z = (
        finite_rows(side.x, role) for side, role in ((generated, "generated"), (held_out, "held_out"), (train, "train"))
    )
    own, real, known = generated_said.labels, held_out_said.labels, train_said.labels
    counts = np.stack([np.bincount(side, minlength=len(names)) for side in (own, real, known)])
    kept = np.flatnonzero(counts.min(axis=0) >= LEAST)
    if len(kept) < 2 or min(len(y), len(z)) <= 2 * k:
        raise NotApplicable(
            f"needs two groups with {LEAST} outputs, held-out and training items each, and more than {2 * k} real "
            f"items; the groups have {counts[0].tolist()} outputs, {counts[1].tolist()} held-out, {counts[2].tolist()} "
            "training items"
        )
    left_out: list[Json] = [name for i, name in enumerate(names) if i not in kept and counts[1, i] > 0]
    shared: dict[str, Json] = {"groups too small to judge": left_out}
    told = tuple(names[i] for i in kept)
    distances, errors = _distances((x, own), (y, real), kept)
    ours, theirs = _matched(own, known, kept, rng)
    lost, covariance = _lost((x[ours], z[theirs], y), real, kept, k, rng)
    return {
        "distance": _worst(distances, np.diag(np.square(errors)), told, len(x), shared, rng),
        "coverage": _worst(lost, covariance, told, len(x), shared, rng),
        "variety": _drawn_in((x, own), (y, real), kept, told, shared, rng),
    }


Side = tuple[np.ndarray, np.ndarray]


def _distances(
    made: Side, real: Side, kept: Int[np.ndarray, " g"]
) -> tuple[Float[np.ndarray, " g"], Float[np.ndarray, " g"]]:
    """Unbiased |m_g - r_g|^2 / tr R and its standard errors: var = 4 v'Vv + 2 tr V^2, V = S/n_g + R/m_g."""
    moments = []
    for x, labels in (made, real):
        means = np.stack([x[labels == g].mean(axis=0) for g in kept])
        inside = np.isin(labels, kept)
        rest = x[inside] - means[np.searchsorted(kept, labels[inside])]
        size = np.array([(labels == g).sum() for g in kept], np.float64)
        moments.append((means, rest.T @ rest / (len(rest) - len(kept)), size))
    (m, s, n), (r, t, o) = moments
    shift, scale = m - r, float(np.trace(t))
    values, errors = [], []
    for v, a, b in zip(shift, n, o, strict=True):
        spread = s / a + t / b
        squared = float(v @ v) - float(np.trace(spread))
        noise = float(np.square(spread).sum())
        values.append(squared)
        errors.append(np.sqrt(max(4 * float(v @ spread @ v) - 4 * noise, 0.0) + 2 * noise))
    if scale == 0:
        raise NotApplicable("all real items of a group have the same features: there is no spread to measure by")
    return np.array(values) / scale, np.array(errors) / scale


def _matched(
    own: Int[np.ndarray, " n"], known: Int[np.ndarray, " m"], kept: Int[np.ndarray, " g"], rng: Rng
) -> tuple[Int[np.ndarray, " r"], Int[np.ndarray, " r"]]:
    """Rows of outputs and of training items, of each group as many as both have."""
    ours, theirs = [], []
    for g in kept:
        a, b = (rng.permutation(np.flatnonzero(side == g)) for side in (own, known))
        ours.append(a[: len(b)])
        theirs.append(b[: len(a)])
    return np.concatenate(ours), np.concatenate(theirs)


def _lost(
    sides: tuple[Float[np.ndarray, "n d"], Float[np.ndarray, "m d"], Float[np.ndarray, "o d"]],
    labels: Int[np.ndarray, " o"], kept: Int[np.ndarray, " g"], k: int, rng: Rng,
) -> tuple[Float[np.ndarray, " g"], Float[np.ndarray, "g g"]]:  # fmt: skip
    """f_g - c_g and their covariance, by leaving out each of CUTS groups of outputs, training and held-out items."""
    made, known, real = sides
    rr, gaps = cdist(real, real), (cdist(real, made), cdist(real, known))

    def lost(rows: np.ndarray, ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
        radius = np.partition(rr[np.ix_(rows, rows)], k, axis=1)[:, k]
        near = (gaps[1][np.ix_(rows, theirs)].min(axis=1) <= radius) * 1.0
        near -= gaps[0][np.ix_(rows, ours)].min(axis=1) <= radius
        return np.array([near[labels[rows] == g].mean() if (labels[rows] == g).any() else 0.0 for g in kept])

    everyone = [np.arange(len(side)) for side in (real, made, known)]
    covariance = np.zeros((len(kept), len(kept)))
    for place, whole in enumerate(everyone):
        runs = []
        for group in np.array_split(rng.permutation(len(whole)), CUTS):
            parts = list(everyone)
            parts[place] = np.setdiff1d(whole, group, assume_unique=True)
            runs.append(lost(*parts))
        rest = np.array(runs) - np.mean(runs, axis=0)
        covariance += (CUTS - 1) / CUTS * rest.T @ rest
    # One item's worth at least: where all or none are covered no spread shows.
    sizes = np.array([(labels == g).sum() for g in kept])
    return lost(*everyone), covariance + np.diag(1 / np.square(sizes))


def _drawn_in(
    made: Side, real: Side, kept: Int[np.ndarray, " g"], names: tuple[str, ...], shared: dict[str, Json], rng: Rng
) -> Estimate | Absent:
    """The worst excess of ln (tr R_g / tr S_g) / 2, with the bias that the logarithm of few items has taken off."""
    values, variances = [], []
    reach = NormalDist().inv_cdf(1 - (1 - LEVEL) / (2 * len(kept)))
    for g, name in zip(kept, names, strict=True):
        (s, s_error), (r, r_error) = (_breadth(x[labels == g]) for x, labels in (made, real))
        if r == 0:
            return Absent(f"all real items of the group {name} have the same features: there is no breadth to lose")
        ratio = max(s / r, CLOSEST**2)
        fewest = min(int((labels == g).sum()) for _, labels in (made, real))
        widened = (
            float(stdtrit(fewest - 1, 1 - (1 - LEVEL) / (2 * len(kept)))) / reach
        )  # errors of few are themselves unsure
        values.append(-np.log(ratio) / 2 + (r_error - s_error) / 4)
        variances.append((s_error + r_error) / 4 * widened**2)
    return _worst(np.array(values), np.diag(variances), names, len(made[0]), shared, rng)


def _breadth(x: Float[np.ndarray, "n d"]) -> tuple[float, float]:
    """tr of the rows' covariance, and its squared error as a part of its square; 0 where all rows are one."""
    if not np.ptp(x, axis=0).any():
        return 0.0, 0.0
    squared = np.square(x - x.mean(axis=0)).sum(axis=1)
    trace = float(squared.sum()) / (len(x) - 1)
    return trace, float(squared.var(ddof=1)) / len(x) / trace**2


def _worst(
    values: Float[np.ndarray, " g"], covariance: Float[np.ndarray, "g g"], names: tuple[str, ...], n: int,
    shared: dict[str, Json], rng: Rng,
) -> Estimate:  # fmt: skip
    """The largest excess over the groups' mean, chance taken off."""
    g = len(values)
    centring = np.eye(g) - 1 / g
    excess, spread = centring @ values, centring @ covariance @ centring
    reach = NormalDist().inv_cdf(1 - (1 - LEVEL) / (2 * g)) * np.sqrt(np.diag(spread))
    low, high = max(0.0, float((excess - reach).max())), float((excess + reach).max())
    noise = rng.multivariate_normal(np.zeros(g), spread, DRAWS, method="eigh")
    worst = int(excess.argmax())
    pattern = centring[worst] / centring[worst, worst]  # 1 for the worst group, and what balances it for the others
    found = inverted(float(excess[worst]), lambda t: (t * pattern + noise).max(axis=1), 2 * max(high, 1e-9))
    facts: dict[str, Json] = {
        "worst group": names[worst],
        "by group, beyond the average": {
            name: f"{e:+.3f} [{e - r:.3f}, {e + r:.3f}]" for name, e, r in zip(names, excess, reach, strict=True)
        },
        "average": float(values.mean()),
        "worst by chance alone": found.chance,
        **shared,
    }
    value = min(max(found.value, low), max(high, low))
    interval = Interval(low, max(high, low), LEVEL, "bands over all groups, all samples random")
    return Estimate(value, n, interval, 0.0, Detail(facts=facts))
