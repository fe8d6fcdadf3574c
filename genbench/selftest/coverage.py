"""How often each interval holds a value that is known: 95 times in 100, if it is what it says."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genbench.core.chance import stream
from genbench.core.evidence import Features, Fingerprints, LogProbs, Pairs, Rng
from genbench.core.score import Estimate, Interval
from genbench.selftest.plant import Scene
from genbench.selftest.plants._annotated import annotated
from genbench.selftest.trials import ask, probe_by_id
from genbench.stats.frechet import extrapolated
from genbench.stats.intervals import bootstrap, mean_interval, normal_interval, ratio_interval, wilson, with_floor
from genbench.stats.kernel import mmd
from genbench.stats.roc import auc_interval, tpr_at_fpr_interval

NOMINAL = 0.95
QUICK, THOROUGH = 200, 1000
HERE = Path(__file__)


@dataclass(frozen=True)
class Case:
    """An interval's method on data whose truth is known. probes: who gives such an interval."""

    method: str
    data: str
    truth: float
    draw: Callable[[Rng], Interval | None]
    probes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.method}: {self.data}"


@dataclass(frozen=True)
class Covered:
    """covered of runs; and how many runs gave no interval."""

    method: str
    data: str
    truth: float
    covered: int
    runs: int
    lost: int
    probes: tuple[str, ...]

    @property
    def interval(self) -> Interval:
        return wilson(self.covered, self.runs)

    @property
    def held(self) -> bool:
        """Not clearly below 95 %. Above it an interval is wider than it needs to be, which misleads nobody.

        The lines of the table are judged together (Bonferroni): of 24 exact methods one would else look narrow by luck.
        """
        return wilson(self.covered, self.runs, 1 - 0.05 / len(CASES)).high >= NOMINAL

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        found = self.interval
        return {
            "method": self.method, "data": self.data, "truth": self.truth, "covered": self.covered, "runs": self.runs,
            "lost": self.lost, "probes": list(self.probes), "low": found.low, "high": found.high, "held": self.held,
        }  # fmt: skip


def cover(case: Case, runs: int, tell: Callable[[int, int], None] = lambda done, total: None) -> Covered:
    """Draws the case again and again. A run without an interval is no cover."""
    covered = lost = 0
    for i in range(runs):
        found = case.draw(stream(0, "coverage", case.name, i))
        if found is None:
            lost += 1
        elif found.low - 1e-12 <= case.truth <= found.high + 1e-12:
            covered += 1
        tell(i + 1, runs)
    return Covered(case.method, case.data, case.truth, covered, runs, lost, case.probes)


def _share(p: float, n: int) -> Callable[[Rng], Interval]:
    return lambda rng: wilson(int(rng.binomial(n, p)), n)


def _clustered(rng: Rng) -> Interval:
    """Forty contexts of five items each; a context's effect is as large as an item's own."""
    values = np.repeat(rng.normal(size=40), 5) + rng.normal(size=200)
    return mean_interval(values, clusters=np.repeat(np.arange(40), 5))


def _rate(rng: Rng) -> Interval:
    """Documents of 20 to 200 units, whose rate is 2 on average and the higher the longer they are."""
    units = rng.integers(20, 201, size=100).astype(np.float64)
    per_unit = 2 + (units - 110) / 400 + rng.normal(0, 0.3, size=100)
    return ratio_interval(units * per_unit, units)


RATE = 2 + (181**2 - 1) / 12 / 400 / 110  # E[units * rate] / E[units]: 2 + var(units) / (400 * 110)


def _above_floor(rng: Rng) -> Interval:
    """A share of 0.08 beside a floor of 0.03, read as what lies between them: 0.05."""
    k, f = int(rng.binomial(300, 0.08)), int(rng.binomial(500, 0.03))
    found = with_floor(k / 300, wilson(k, 300), f / 500, wilson(f, 500))
    return Interval(found.low - f / 500, found.high - f / 500)


def _two_normals(shift: float, n: int, m: int, by: Callable[..., Interval]) -> Callable[[Rng], Interval]:
    return lambda rng: by(rng.normal(shift, 1, n), rng.normal(size=m))


def _frechet(mean: float, scale: float, sizes: tuple[int, int], d: int) -> Callable[[Rng], Interval]:
    def draw(rng: Rng) -> Interval:
        found = extrapolated(rng.normal(mean, scale, (sizes[0], d)), rng.normal(size=(sizes[1], d)), rng=rng)
        return normal_interval(found.corrected, found.standard_error)

    return draw


def _kernel(mean: float) -> Callable[[Rng], Interval]:
    def draw(rng: Rng) -> Interval:
        found = mmd(rng.normal(mean, 1, (200, 1)), rng.normal(size=(200, 1)))
        return normal_interval(found.value, found.standard_error)

    return draw


def _by_probe(metric: str, scene: Callable[[Rng], Scene]) -> Callable[[Rng], Interval | None]:
    """The interval that the probe gives for one drawn scene."""
    probe_id, _, name = metric.rpartition(".")

    def draw(rng: Rng) -> Interval | None:
        found = ask(probe_by_id(probe_id), scene(rng), seed=int(rng.integers(2**31)))[name]
        return found.interval if isinstance(found, Estimate) else None

    return draw


def _three_alike(rng: Rng) -> Scene:
    return Scene({role: (Features(rng.normal(size=(200, 4))),) for role in ("generated", "held_out", "train")})


def _losses(rng: Rng) -> Scene:
    sides = {"train": 1.0, "held_out": 2.0}
    units = {"byte": np.full(60, 10, dtype=np.int64)}
    return Scene({role: (LogProbs(-10 * rng.normal(loss, 0.4, 60), units),) for role, loss in sides.items()})


def _preferring(rng: Rng) -> Scene:
    lead = np.where(rng.random(81) < 0.3, 0.0, np.where(rng.random(81) < 0.6, 1.0, -1.0))
    return Scene({"benchmark": (Pairs(lead - 9, np.full(81, -9.0), ("any",) * 81),)})


def _nudged(rng: Rng) -> Scene:
    z, e, fresh = rng.normal(size=(3, 60, 5))
    moved = math.sqrt(1 - 0.3**2) * z + 0.3 * e
    sides = {"anchor": z, "perturbed": moved, "again": fresh}
    return Scene(
        {role: (Features(x),) for role, x in sides.items()}, settings={"robustness.stability": {"resamples": 300}}
    )


KINDS = 300  # of fingerprints, for repeats within 150 outputs


def _repeating(rng: Rng) -> Scene:
    made, distinct = rng.integers(KINDS, size=150), 1000 + np.arange(300)
    sides = {"generated": made, "train": distinct[:150], "held_out": distinct[150:]}
    return Scene({role: (Fingerprints(slots[:, None].astype(np.int64), 1.0),) for role, slots in sides.items()})


def _skewed(rng: Rng) -> Scene:
    return Scene(annotated([0.7, 0.3], [0.5, 0.5], (300, 500), rng, accuracy=0.9, tried=100))


def _detected(rng: Rng) -> Scene:
    return Scene({role: (Features(rng.normal(size=(120, 4))),) for role in ("generated", "held_out", "train")})


CASES = (
    Case("Wilson", "share 0.1 of 200", 0.1, _share(0.1, 200), ("misuse.disclosure", "robustness.adversarial")),
    Case("Wilson", "share 0.01 of 300", 0.01, _share(0.01, 300)),
    Case("Student, items", "mean of 60 normal values", 0.0, lambda rng: mean_interval(rng.normal(size=60))),
    Case("Student, items", "mean of 200 exponential values", 1.0, lambda rng: mean_interval(rng.exponential(size=200)),
         ("robustness.adversarial", "bias.counterfactual")),
    Case("Student, clusters", "mean over 40 contexts of 5", 0.0, _clustered),
    Case("linearized ratio", "units per document vary", RATE, _rate, ("quality.perplexity",)),
    Case("bootstrap, bias-corrected", "mean of 200 exponential values", 1.0,
         lambda rng: bootstrap(lambda x: float(x.mean()), [rng.exponential(size=200)], rng=rng, resamples=400)),
    Case("Wilson with the floor's error", "0.08 beside a floor of 0.03", 0.05, _above_floor,
         ("misuse.disclosure", "memorization.duplicates")),
    Case("DeLong", "AUC 0.5, 200 against 320", 0.5, _two_normals(0.0, 200, 320, auc_interval),
         ("memorization.membership", "memorization.copying")),
    Case("DeLong", "AUC 0.76, 200 against 320", 0.7602499389, _two_normals(1.0, 200, 320, auc_interval)),
    Case("TPR at 1 % FPR", "chance, 300 against 500", 0.01,
         _two_normals(0.0, 300, 500, lambda x, y: tpr_at_fpr_interval(x, y, 0.01)),
         ("memorization.membership", "memorization.copying")),
    Case("TPR at 1 % FPR", "shifted by 1, 300 against 500", 0.0923637,
         _two_normals(1.0, 300, 500, lambda x, y: tpr_at_fpr_interval(x, y, 0.01))),
    Case("Fréchet, infinitesimal jackknife", "same distribution, d = 8", 0.0, _frechet(0.0, 1.0, (200, 200), 8),
         ("quality.frechet",)),
    Case("Fréchet, infinitesimal jackknife", "distance 1.36, d = 4", 1.36, _frechet(0.3, 1.5, (150, 120), 4),
         ("quality.frechet",)),
    Case("MMD, variance of the U-statistic", "same distribution", 0.0, _kernel(0.0), ("quality.kernel",)),
    Case("MMD, variance of the U-statistic", "squared MMD 22", 22.0, _kernel(1.0), ("quality.kernel",)),
    Case("delete-group jackknife", "coverage of one distribution twice",
         1 - math.prod((199 - i) / (399 - i) for i in range(5)),
         _by_probe("quality.prdc.coverage", _three_alike), ("quality.prdc",)),
    Case("Welch of two losses", "relative gap 0.5", 0.5, _by_probe("memorization.gap.relative", _losses),
         ("memorization.gap",)),
    Case("Wilson, halves", "ties in three of ten pairs", 0.15 + 0.7 * 0.6,
         _by_probe("bias.counterfactual.stereotype", _preferring), ("bias.counterfactual",)),
    Case("bootstrap of a ratio", "movement at a nudge of 0.3", math.sqrt(1 - math.sqrt(1 - 0.09)),
         _by_probe("robustness.stability.movement", _nudged), ("robustness.stability",)),
    Case("jackknife of repeats", "150 draws from 300 kinds", 1 - (1 - 1 / KINDS) ** 149,
         _by_probe("memorization.duplicates.within_output", _repeating), ("memorization.duplicates",)),
    Case("redrawn shares, distance", "0.7 where 0.5 is due", 0.2, _by_probe("bias.representation.imbalance", _skewed),
         ("bias.representation",)),
    Case("redrawn shares, least ratio", "0.3 where 0.5 is due", 0.6,
         _by_probe("bias.representation.worst_ratio", _skewed), ("bias.representation",)),
    Case("DeLong of a detector", "real against real", 0.5, _by_probe("misuse.detectability.auc", _detected),
         ("misuse.detectability",)),
)  # fmt: skip
