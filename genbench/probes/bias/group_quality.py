"""Is one group of outputs worse made, or less varied, than the others?"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.distance import cdist
from scipy.special import stdtrit

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Annotations, Features, Rng
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Interval, Json, Metric
from genbench.stats.classed import Classed, shifts, within
from genbench.stats.finite import finite_rows
from genbench.stats.inversion import inverted

LEAST = 8  # outputs and held-out items of a group
DEALS = 200  # of outputs and training items of a group, to see what chance does to coverage
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
    covariances is then the same for all groups, and what differs is |m_g - r_g|^2, bias tr S_g/n_g + tr R_g/m_g taken
    off: by the group's own traces, which eight items give, where they give no covariance; by the pooled ones a small
    group broader than others would read as badly made. Errors are by S and R scaled to these traces, so groups may
    differ in breadth, and not much in shape. In units of tr R. coverage: c_g = share of held-out items of g with an
    output within their ball (to the k-th nearest held-out item), f_g the same with as many training items of each group
    in the outputs' place; what is lost is f_g - c_g, so neither a sparse group nor one that is seldom shown is called
    ill made. variety: ln (tr R_g / tr S_g) / 2 of the group's own covariances, how much closer together two outputs of
    g lie than two real items of g (root mean square): it hears a group drawn in to half its breadth, to which coverage
    is deaf, as what is left still lies near. It is cut at ln 100.

    Groups are what the annotator says on all sides, so that its mistakes are alike; those with fewer than 8 items are
    left out and named. The worst of G noisy excesses lies above 0 by chance: the estimate inverts that (worst group
    off, noise as estimated). Interval: of the true worst excess, from the largest lower end that holds for all groups
    at once (Bonferroni) to the largest upper end of each by itself: whichever group is the worst lies below its own,
    so that end has no price for choosing. For coverage, errors are those of outputs and training items dealt out anew,
    and of held-out items beside (`_lost`); for variety they are linearized, Student's by group, both sides random.
    Floor 0. Shares are `bias.representation`'s to tell.
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
    ours, theirs = _matched(own, known, kept, rng)
    lost = _lost((x[ours], z[theirs], y), (own[ours], known[theirs], real), kept, k, rng)
    return {
        "distance": _worst(_distances((x, own), (y, real), kept), told, len(x), shared, rng),
        "coverage": _worst(lost, told, len(x), shared, rng),
        "variety": _drawn_in((x, own), (y, real), kept, told, shared, rng),
    }


Side = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class ByGroup:
    """What was measured of each group. slopes: by how much its variance grows with its truth."""

    values: Float[np.ndarray, " g"]
    covariance: Float[np.ndarray, "g g"]
    slopes: Float[np.ndarray, " g"]


def _distances(made: Side, real: Side, kept: Int[np.ndarray, " g"]) -> ByGroup:
    """Unbiased |m_g - r_g|^2 / tr R, and its error: see `shifts`."""
    own, other = within(Classed.of(*made, kept), Classed.of(*real, kept))
    found, scale = shifts(own, other), other.trace
    if scale == 0:
        raise NotApplicable("all real items of a group have the same features: there is no spread to measure by")
    return ByGroup(found.values / scale, np.diag(found.variances) / scale**2, found.slopes / scale)


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
    sides: tuple[Float[np.ndarray, "r d"], Float[np.ndarray, "r d"], Float[np.ndarray, "o d"]],
    said: tuple[Int[np.ndarray, " r"], Int[np.ndarray, " r"], Int[np.ndarray, " o"]],
    kept: Int[np.ndarray, " g"], k: int, rng: Rng,
) -> ByGroup:  # fmt: skip
    """f_g - c_g and their covariance, of outputs, as many training items, and held-out items.

    Were the generator perfect, its outputs and the training items of a group could be dealt out anew: over DEALS deals
    f_g - c_g has mean 0, and just the variance that outputs and training items give it. What single held-out items show
    beyond that by chance (f_i - c_i spreads more than deals make it) is theirs to add. Leaving out groups of items, as
    a jackknife does, takes all that lies near a single output for lost, and finds errors of twice the size.
    """
    made, known, real = sides
    radius = np.partition(cdist(real, real), k, axis=1)[:, k, None]
    inside = np.concatenate([cdist(real, side) <= radius for side in (made, known)], axis=1).astype(np.float32)
    r, dealt = len(made), np.concatenate(said[:2])
    lost = _without(inside[:, r:].sum(axis=1), inside[:, :r].sum(axis=1))  # [o]
    hands = np.zeros((2 * r, DEALS), np.float32)
    for g in kept:
        at = np.flatnonzero(dealt == g)
        hands[at] = rng.permuted(np.tile((np.arange(len(at)) % 2)[:, None], DEALS), axis=0)
    near = inside @ hands
    chance = _without(inside.sum(axis=1, keepdims=True) - near, near)  # [o deals]
    groups = [np.flatnonzero(said[2] == g) for g in kept]
    anew = np.stack([chance[at].mean(axis=0) for at in groups])
    own = []
    for at in groups:
        # Two items beside those there are, one gained and one lost: where all or none are covered no spread shows.
        spread = (float(np.square(lost[at] - lost[at].mean()).sum()) + 2) / (len(at) + 1)
        own.append(max(0.0, spread - float(np.square(chance[at]).mean())) / len(at) * _widened(len(at), len(kept)))
    values = np.array([lost[at].mean() for at in groups])
    return ByGroup(values, anew @ anew.T / DEALS + np.diag(own), np.zeros(len(kept)))


def _without(theirs: Float[np.ndarray, "*o"], ours: Float[np.ndarray, "*o"]) -> Float[np.ndarray, "*o"]:
    """1 where an item has some of theirs near it and none of ours, -1 the other way round, else 0."""
    return np.asarray(theirs > 0, np.float64) - np.asarray(ours > 0, np.float64)


def _drawn_in(
    made: Side, real: Side, kept: Int[np.ndarray, " g"], names: tuple[str, ...], shared: dict[str, Json], rng: Rng
) -> Estimate | Absent:
    """The worst excess of ln (tr R_g / tr S_g) / 2, with the bias that the logarithm of few items has taken off."""
    values, variances = [], []
    for g, name in zip(kept, names, strict=True):
        (s, s_error), (r, r_error) = (_breadth(x[labels == g]) for x, labels in (made, real))
        if r == 0:
            return Absent(f"all real items of the group {name} have the same features: there is no breadth to lose")
        ratio = max(s / r, CLOSEST**2)
        fewest = min(int((labels == g).sum()) for _, labels in (made, real))
        values.append(-np.log(ratio) / 2 + (r_error - s_error) / 4)
        variances.append((s_error + r_error) / 4 * _widened(fewest, len(kept)))
    found = ByGroup(np.array(values), np.diag(variances), np.zeros(len(kept)))
    return _worst(found, names, len(made[0]), shared, rng)


def _widened(n: int, groups: int) -> float:
    """What a variance found from n items is multiplied by, as it is itself unsure: (Student's / normal reach)^2."""
    tail = (1 - LEVEL) / (2 * groups)
    return float(stdtrit(n - 1, 1 - tail) / NormalDist().inv_cdf(1 - tail)) ** 2


def _breadth(x: Float[np.ndarray, "n d"]) -> tuple[float, float]:
    """tr of the rows' covariance, and its squared error as a part of its square; 0 where all rows are one."""
    if not np.ptp(x, axis=0).any():
        return 0.0, 0.0
    squared = np.square(x - x.mean(axis=0)).sum(axis=1)
    trace = float(squared.sum()) / (len(x) - 1)
    return trace, float(squared.var(ddof=1)) / len(x) / trace**2


def _worst(measured: ByGroup, names: tuple[str, ...], n: int, shared: dict[str, Json], rng: Rng) -> Estimate:
    """The largest excess over the groups' mean, chance taken off.

    Where the variance grows with the truth, upper ends are taken on the scale on which it does not (a square root):
    e + z sqrt(var) + z^2 slope / 4. Straight ones missed a truth above them twice as often as they may.
    """
    g = len(names)
    centring = np.eye(g) - 1 / g
    excess, spread = centring @ measured.values, centring @ measured.covariance @ centring
    reach, alone = (NormalDist().inv_cdf(1 - (1 - LEVEL) / (2 * many)) * np.sqrt(np.diag(spread)) for many in (g, 1))
    upper = excess + alone + NormalDist().inv_cdf(0.5 + LEVEL / 2) ** 2 * measured.slopes * (1 - 1 / g) / 4
    low, high = max(0.0, float((excess - reach).max())), float(upper.max())
    noise = rng.multivariate_normal(np.zeros(g), spread, DRAWS, method="eigh")
    worst = int(excess.argmax())
    pattern = centring[worst] / centring[worst, worst]  # 1 for the worst group, and what balances it for the others
    found = inverted(float(excess[worst]), lambda t: (t * pattern + noise).max(axis=1), 2 * max(high, 1e-9))
    facts: dict[str, Json] = {
        "worst group": names[worst],
        "by group, beyond the average": {
            name: f"{e:+.3f} [{e - r:.3f}, {e + r:.3f}]" for name, e, r in zip(names, excess, reach, strict=True)
        },
        "average": float(measured.values.mean()),
        "worst by chance alone": found.chance,
        **shared,
    }
    value = min(max(found.value, low), max(high, low))
    interval = Interval(low, max(high, low), LEVEL, "bands over all groups, all samples random")
    return Estimate(value, n, interval, 0.0, Detail(facts=facts))
