"""How often a baseline gate fails a model that did not change, and how often it sees a true regression.

    python -m benchmarks.simulated_ci --write docs/simulated-ci.md

Every trial draws 30 metrics for a baseline and for a rerun of it, writes both as run folders, and asks
`genbench.report.gate.judge`, as `genbench gate RUN --against BASELINE` does. Six kinds of metric, five of each:

* item means: 200 held-out items have values of their own, and each run adds its own noise; paired by item
* item shares: the same with 0 and 1, such as benchmark items answered right; paired by item
* clustered means: 40 clusters of 5 items move together; paired by cluster
* output shares: of 400 outputs drawn anew in each run, with Wilson's interval
* distances: an interval only, from a standard error, as of a Fréchet distance
* target shares: the same toward 0.5; three with the model at 0.6, two with the model at 0.5

A regression is one minimum detectable effect in one metric: the smallest true change at which the comparison's own
n_needed is the n it had, (t_(1 - alpha / 2 m) + z_0.8) times the standard error, for the first and strictest of Holm's
m = 30 questions. It is caught where the verdict is "fail" for that metric.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from genbench.core.score import Better, Detail, Environment, Estimate, Interval, Metric, Provenance, Score, Toward
from genbench.report.gate import judge
from genbench.results.run import Run
from genbench.results.store import Header, RunFolder
from genbench.stats.compare import POWER, minimum_effect
from genbench.stats.intervals import mean_interval, normal_interval, wilson

TRIALS, METRICS, KEPT = 500, 30, 10
ITEMS, CLUSTERS, OUTPUTS = 200, 40, 400
NOISE, SHARED, ERROR = 0.5, 0.6, 0.02  # of an item between runs; of a cluster between runs; of a distance
RIGHT, HIT, AT = 0.3, 0.1, 0.6  # share of items that a coin decides in each run; of outputs; the target metric's value
WHERE = Environment("simulated", "simulated", False, "", "", "cpu", {})
Rng = np.random.Generator
# What stays the same between two runs of one model, drawn once per baseline, and what a run adds to it.
Items = dict[str, np.ndarray]
Draw = Callable[[Items, float, Rng], Estimate]


@dataclass(frozen=True)
class Kind:
    """One kind of metric: how a run's estimate is drawn, how far `effect` moves it, and what one effect is."""

    name: str
    better: Better
    draw: Draw
    effect: float
    metrics: int = 5


def items_of(rng: Rng) -> Items:
    return {"mean": rng.normal(size=ITEMS), "share": rng.random(ITEMS), "cluster": rng.normal(size=ITEMS)}


def item_mean(items: Items, effect: float, rng: Rng) -> Estimate:
    values = items["mean"] + effect + rng.normal(0, NOISE, ITEMS)
    return _by_item(values, mean_interval(values))


def item_share(items: Items, effect: float, rng: Rng) -> Estimate:
    """Of all items 30 % are answered by a coin in each run; of the rest two thirds are always right."""
    coin = items["share"] < RIGHT
    values = np.where(coin, rng.random(ITEMS) < 0.5 - effect / RIGHT, items["share"] > RIGHT + (1 - RIGHT) / 3) * 1.0
    return _by_item(values, wilson(float(values.sum()), ITEMS))


def clustered_mean(items: Items, effect: float, rng: Rng) -> Estimate:
    which = np.arange(ITEMS) % CLUSTERS
    values = items["cluster"] + effect + rng.normal(0, SHARED, CLUSTERS)[which] + rng.normal(0, NOISE, ITEMS)
    return _by_item(values, mean_interval(values, clusters=which), tuple(map(str, which)))


def output_share(items: Items, effect: float, rng: Rng) -> Estimate:
    hits = int(rng.binomial(OUTPUTS, HIT + effect))
    return Estimate(hits / OUTPUTS, OUTPUTS, wilson(hits, OUTPUTS))


def distance(items: Items, effect: float, rng: Rng) -> Estimate:
    value = float(rng.normal(1 + effect, ERROR))
    return Estimate(value, OUTPUTS, normal_interval(value, ERROR))


def target_share(items: Items, effect: float, rng: Rng) -> Estimate:
    return _toward(AT + effect, rng)


def at_target(items: Items, effect: float, rng: Rng) -> Estimate:
    return _toward(0.5 + effect, rng)


def _toward(value: float, rng: Rng) -> Estimate:
    found = float(rng.normal(value, ERROR))
    return Estimate(found, OUTPUTS, normal_interval(found, ERROR))


def _by_item(values: np.ndarray, interval: Interval, clusters: tuple[str, ...] = ()) -> Estimate:
    keys = tuple(f"held_out/{i}" for i in range(ITEMS))
    return Estimate(float(values.mean()), ITEMS, interval, None, Detail(tuple(values.tolist()), keys, clusters))


def _wilson_effect(m: int) -> float:
    """A share's error grows with it, so the effect is where both sides agree."""
    effect = 0.0
    for _ in range(50):
        sides = [wilson(OUTPUTS * share, OUTPUTS) for share in (HIT, HIT + effect)]
        error = math.hypot(*((s.high - s.low) / 2 / NormalDist().inv_cdf(0.975) for s in sides))
        effect = minimum_effect(error, questions=m)
    return effect


def _coin_effect(m: int) -> float:
    """Differences of items: RIGHT of them are two coins, of 0.5 and 0.5 - effect / RIGHT, the rest are 0."""
    effect = 0.0
    for _ in range(50):
        variance = RIGHT * 0.5 - effect**2
        effect = minimum_effect(math.sqrt(variance / ITEMS), questions=m, df=ITEMS - 1)
    return effect


def _effect_from_target(m: int) -> float:
    """At its target a model can only seem off, and a step away looks smaller by what it seemed off before.

    So the effect is the root of P(|N(effect, e)| - |N(0, e)| > reach) = 0.8, reach that of the difference's test.
    """
    reach = (minimum_effect(1.0, questions=m) - POWER) * math.sqrt(2)

    def power(effect: float) -> float:
        before = np.linspace(0, 8, 4001)  # |N(0, 1)|, in errors
        after = norm.sf(reach + before - effect) + norm.cdf(-reach - before - effect)
        return float(np.trapezoid(2 * norm.pdf(before) * after, before))

    return ERROR * float(brentq(lambda effect: power(effect) - 0.8, 0, 20))


def kinds(m: int) -> tuple[Kind, ...]:
    """All kinds, with what one minimum detectable effect is among m questions."""
    by_item = math.sqrt(2 / ITEMS) * NOISE
    by_cluster = math.sqrt(2 * (SHARED**2 + NOISE**2 * CLUSTERS / ITEMS) / CLUSTERS)
    apart = minimum_effect(math.sqrt(2) * ERROR, questions=m)
    return (
        Kind("item means", "lower", item_mean, minimum_effect(by_item, questions=m, df=ITEMS - 1)),
        Kind("item shares", "higher", item_share, _coin_effect(m)),
        Kind("clustered means", "lower", clustered_mean, minimum_effect(by_cluster, questions=m, df=CLUSTERS - 1)),
        Kind("output shares", "lower", output_share, _wilson_effect(m)),
        Kind("distances", "lower", distance, apart),
        Kind("target shares, at 0.6", Toward(0.5), target_share, apart, 3),
        Kind("target shares, at 0.5", Toward(0.5), at_target, _effect_from_target(m), 2),
    )


def write(path: Path, metrics: Sequence[Kind], drawn: Sequence[Estimate], seed: int) -> Run:
    """A finished run of one model, whose weights are the same in all runs and whose seed is not."""
    suite = {"name": "simulated", "models": [{"name": "model"}], "gates": []}
    folder = RunFolder.create(path, Header("simulated", "", suite, "", WHERE, seed, "", "simulated"))
    scores = []
    for i, (kind, estimate) in enumerate(zip(metrics, drawn, strict=True)):
        origin = Provenance("quality.simulated", "1", {}, "model", "w", "data", "d", "", "", seed, "float32", WHERE)
        metric = Metric("", kind.better, kind.name, margin=0.25 * kind.effect if i % 3 == 0 else None)
        scores.append(
            Score("quality.simulated", f"metric_{i}", "model", "data", "", kind.name, metric, estimate, origin)
        )
    folder.append_outcome("all", scores)
    folder.finish("finished")
    return Run.load(path)


class Bench:
    """Draws, writes and judges in a folder that is thrown away."""

    def __init__(self, metrics: Sequence[Kind], folder: Path) -> None:
        self.metrics, self.folder, self.made = metrics, folder, 0

    def items(self, rng: Rng) -> list[Items]:
        return [items_of(rng) for _ in self.metrics]

    def run(self, items: Sequence[Items], rng: Rng, worse: int | None = None) -> Run:
        self.made += 1
        effects = [kind.effect if i == worse else 0.0 for i, kind in enumerate(self.metrics)]
        drawn = [k.draw(its, e, rng) for k, its, e in zip(self.metrics, items, effects, strict=True)]
        return write(self.folder / str(self.made), self.metrics, drawn, self.made)

    def failed(self, run: Run, baseline: Run) -> set[str]:
        """The metrics for which the verdict is "fail"."""
        return {d.gate.split()[0] for d in judge(run, baseline).decisions if d.result == "fail"}

    def false_by_baseline(self, baselines: int, reruns: int, seed: int) -> list[int]:
        """False failures, by baseline, of so many reruns beside each of so many baselines."""
        counts = []
        for b in range(baselines):
            rng = np.random.default_rng([seed, b])
            items = self.items(rng)
            kept = self.run(items, rng)
            counts.append(sum(bool(self.failed(self.run(items, rng), kept)) for _ in range(reruns)))
        return counts

    def caught(self, places: Sequence[int], trials: int, seed: int) -> list[int]:
        """For each metric of `places`: how often it fails where it is worse by one minimum detectable effect."""
        counts = [0] * len(places)
        for t in range(trials):
            rng = np.random.default_rng([seed, t])
            items = self.items(rng)
            baseline = self.run(items, rng)
            for i, at in enumerate(places):
                counts[i] += f"quality.simulated.metric_{at}" in self.failed(self.run(items, rng, worse=at), baseline)
        return counts


def row(what: str, effect: float, count: int, trials: int, wanted: str) -> str:
    found = wilson(count, trials)
    share = f"{count / trials:.1%} [{found.low:.1%}, {found.high:.1%}]"
    return f"| {what} | {effect:.3g} | {count} of {trials} | {share} | {wanted} |"


def table(trials: int = TRIALS) -> tuple[list[str], list[str]]:
    """(lines of Markdown, what did not hold). A power of just 80 % shows below it in half of all simulations.

    So a row of it does not hold where its whole interval lies below 80 %.
    """
    metrics = [kind for kind in kinds(METRICS) for _ in range(kind.metrics)]
    places = [i for i, kind in enumerate(metrics) if kind not in metrics[:i]]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(metrics, Path(folder))
        each = bench.false_by_baseline(trials, 1, 1)
        kept = bench.false_by_baseline(KEPT, trials // KEPT, 2)
        caught = bench.caught(places, trials, 3)
    lines = ["| runs | effect | failed | share [95 %] | wanted |", "|---|---|---|---|---|"]
    lines.append(row("unchanged, each beside a baseline of its own", 0, sum(each), trials, "at most 5 %"))
    said = f"at most 5 %; {min(kept)} to {max(kept)} of {trials // KEPT} by baseline"
    lines.append(row(f"unchanged, beside {KEPT} baselines in turn", 0, sum(kept), KEPT * (trials // KEPT), said))
    broken = [f"unchanged: {n} of {trials} failed" for n in (sum(each), sum(kept)) if n > 0.05 * trials]
    for at, count in zip(places, caught, strict=True):
        kind = metrics[at]
        lines.append(row(f"one worse: {kind.name}", kind.effect, count, trials, "at least 80 %"))
        if wilson(count, trials).high < 0.8:
            broken.append(f"{kind.name}: {count} of {trials} caught")
    return lines, broken


PAGE = """# Simulated CI

How often `genbench gate RUN --against BASELINE` fails a model that did not change, and how often it sees a regression.
Made by

    python -m benchmarks.simulated_ci --write docs/simulated-ci.md

{about}
{table}

{verdict} The seeds are fixed, so the table comes out the same.

* A power of just 80 % shows as less than 80 % in half of all simulations. A row does not hold where its whole interval
  lies below.
* A baseline that is kept is lucky or not once and for all: the error rate is one over baselines, and differs between
  them.
* A metric toward a target whose model is at it can only seem to be off, by 0.8 standard errors on average. So a true
  step away looks smaller than it is, and the smallest that is found is larger than elsewhere: {farther:.2g} times.
"""


def page(lines: Sequence[str], broken: Sequence[str]) -> str:
    about = "\n\n".join((__doc__ or "").split("\n\n")[2:])
    verdict = f"**Does not hold:** {'; '.join(broken)}." if broken else "All that is wanted holds."
    farther = _effect_from_target(METRICS) / minimum_effect(math.sqrt(2) * ERROR, questions=METRICS)
    return PAGE.format(about=about, table="\n".join(lines), verdict=verdict, farther=farther)


def main(arguments: Sequence[str] = ()) -> None:
    """Prints the table, or writes the page; an error where something does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulated_ci")
    parser.add_argument("--write", type=Path, metavar="FILE", help="Write the page here.")
    parser.add_argument("--trials", type=int, default=TRIALS)
    given = parser.parse_args(list(arguments))
    lines, broken = table(given.trials)
    print("\n".join(lines))
    if given.write:
        given.write.write_text(page(lines, broken), encoding="utf-8")
    if broken:
        raise SystemExit("; ".join(broken))


if __name__ == "__main__":
    main(sys.argv[1:])
