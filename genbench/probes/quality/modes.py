"""Which kinds of real items do the outputs never, or hardly ever, show?"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Annotations, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Interval, Json, Metric
from genbench.stats.intervals import wilson
from genbench.stats.shares import Draws, corrected, identified

RESAMPLES = 4000
LEVEL = 0.95


@probe(
    reports={
        "covered": Metric(
            unit="share of classes",
            better="higher",
            title="Classes that appear",
            summary="Share of the classes of real items that the outputs show at all often.",
            reading="1: every class appears. The interval's lower end counts the classes that certainly do, its upper "
            "end leaves out those that certainly do not: with few outputs an absence proves nothing.",
            margin=0.05,
        ),
        "divergence": Metric(
            unit="nats",
            better="lower",
            title="Divergence of class shares",
            summary="Kullback-Leibler divergence of the outputs' class shares from those of real items.",
            reading="0 is right; log k where one of k equal classes has all. The floor is what chance alone shows.",
            margin=0.01,
        ),
    },
    cites=[
        "Metz et al. 2016, arXiv:1611.02163 (number of modes, divergence of their shares)",
        "Srivastava et al. 2017, arXiv:1705.07761 (the same on stacked MNIST)",
        "Hanley and Lippman-Hand 1983, doi:10.1001/jama.1983.03330370053031 (if nothing goes wrong)",
    ],
    control="some of 10 classes dropped: they are named",
    truth="shares (1, 0) for (1/2, 1/2): covered 1/2, divergence log 2",
)
def modes(generated: Annotations, held_out: Annotations, *, rng: Rng, least: float = 0.25) -> Estimates:
    """Which classes are there, and how far their shares p [k] among outputs are from q [k] among held-out items.

    covered = mean over classes with q > 0 of 1[p >= least q]; divergence = sum p log(p / q), where q's zeros are lifted
    to half an item. Shares are corrected by the annotator's confusion, as in bias.representation: that asks how unfair
    the shares are and how little its worst-off group gets; this asks how many kinds are lost, which a user of a
    generator can name.

    A class counts as certainly there where the lower end of its share's interval clears `least` times the upper end of
    its expected one, and as certainly missing in the reverse case; intervals hold for all classes at once (Bonferroni),
    by redrawing outputs, held-out items and the annotator's counts, and are never shorter than Wilson's: no class is
    missing for want of outputs. Floor: a model with shares q at this n, seen by the same annotator, on average. The
    divergence's interval takes off the bias of chance at its lower end, as variation's does. At failure 1/k and log k.
    """
    names, k = generated.names, len(generated.names)
    if k < 2 or held_out.names != names or min(len(generated), len(held_out)) == 0:
        raise NotApplicable(f"modes are counted over the same 2 or more classes, got {names} and {held_out.names}")
    if not 0 < least < 1:
        raise NotApplicable(f"least is a part of the expected share, between 0 and 1, got {least}")
    confusion = generated.confusion
    if confusion is not None:
        identified(confusion, names)
    said, reference = (np.bincount(side.labels, minlength=k) for side in (generated, held_out))
    p, q = corrected(said, confusion), corrected(reference, confusion)
    expected = q > 0
    draws = Draws.of(said, reference, confusion, RESAMPLES, rng)
    fair = draws.fair(q, len(generated), rng)
    there, gone = _certain(draws, said, least)
    shown = p >= least * q
    there, gone = there & shown & expected, gone & ~shown & expected
    count = int(expected.sum())
    interval = Interval(
        float(there.sum() / count), 1 - float(gone.sum() / count), LEVEL, "bands over all classes; outputs, "
        "reference and annotator redrawn",
    )  # fmt: skip
    facts: dict[str, Json] = {
        "certainly missing": [names[i] for i in np.flatnonzero(gone)],
        "cannot tell": [names[i] for i in np.flatnonzero(expected & ~there & ~gone)],
        "shares": {name: round(float(share), 4) for name, share in zip(names, p, strict=True)},
        "expected": {name: round(float(share), 4) for name, share in zip(names, q, strict=True)},
    }
    floor = float((fair[:, expected] >= least * q[expected]).mean())
    return {
        "covered": Estimate(float(shown[expected].mean()), len(generated), interval, floor, Detail(facts=facts)),
        "divergence": _divergence(p, q, draws, fair, n=(len(generated), len(held_out))),
    }


def _certain(
    draws: Draws, said: Int[np.ndarray, " k"], least: float
) -> tuple[Bool[np.ndarray, " k"], Bool[np.ndarray, " k"]]:
    """(certainly there, certainly missing) [k], all at once with LEVEL."""
    tail = (1 - LEVEL) / len(said)
    excess = draws.raw_shown - least * draws.raw_expected  # [draws k]
    low, high = np.quantile(excess, [tail / 2, 1 - tail / 2], axis=0)
    # Redrawn zeros reach to about half of what the rule of three allows; Wilson's interval of what was said reaches it.
    n = int(said.sum())
    widest = np.array([wilson(int(count), n, 1 - tail).high - count / n for count in said])
    most = np.median(draws.raw_shown, axis=0) + widest - least * np.median(draws.raw_expected, axis=0)
    return low >= 0, np.maximum(high, most) < 0


def _divergence(
    p: Float[np.ndarray, " k"], q: Float[np.ndarray, " k"], draws: Draws, fair: Float[np.ndarray, "draws k"], *,
    n: tuple[int, int],
) -> Estimate:  # fmt: skip
    least = 0.5 / n[1]
    value = float(_kl(p, q, least))
    floor = float(_kl(fair, draws.expected, least).mean())
    around = _kl(draws.shown, draws.expected, least)
    below, above = np.quantile(around - around.mean(), [0.025, 0.975])
    low, high = max(0.0, value - floor + float(below)), value + float(above)
    method = "outputs, reference and annotator redrawn; chance divergence taken off"
    facts = {"entropy of outputs' classes": float(-_kl(p, np.ones_like(p), least)),
             "entropy of real items' classes": float(-_kl(q, np.ones_like(q), least))}  # fmt: skip
    return Estimate(value, n[0], Interval(min(low, value), max(high, value), LEVEL, method), floor, Detail(facts=facts))


def _kl(p: Float[np.ndarray, "*draws k"], q: Float[np.ndarray, "*draws k"], least: float) -> np.ndarray:
    """sum p log(p / q) in nats, q at least `least`; 0 log 0 = 0."""
    logs = np.log(np.where(p > 0, p, 1.0)) - np.log(np.maximum(q, least))
    return np.asarray((p * logs).sum(axis=-1))
