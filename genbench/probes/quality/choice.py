"""Of several ways to go on, does the model find the right one likeliest, and does it know how sure to be?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Shaped

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Choices, Rng
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Exhibit, ItemRef, Json, Metric
from genbench.stats.calibration import calibrated_ece, calibration_error, expected_calibration_error
from genbench.stats.clusters import by_name, clustered_ratio, clusters_of
from genbench.stats.options import likeliest, scores_of

SHARE = (0.0, 1.0)
SHOWN = 6
PER = {
    "accuracy": "option",
    "accuracy_per_token": "token",
    "accuracy_per_byte": "byte",
    "accuracy_per_character": "character",
}


def _accuracy(title: str, what: str, *, context: bool = True) -> Metric:
    return Metric(
        unit="share of questions",
        better="higher",
        title=title,
        summary=f"Share of questions whose right option has the highest log-probability{what}.",
        reading="1: all right. A model that knows nothing is near chance, which the facts say.",
        margin=0.02,
        context=context,
    )


@probe(
    reports={
        "accuracy": _accuracy("Multiple choice: right", "", context=False),
        "accuracy_per_token": _accuracy("Right, by token", " per token"),
        "accuracy_per_byte": _accuracy("Right, by byte", " per byte"),
        "accuracy_per_character": _accuracy("Right, by character", " per character (acc_norm elsewhere)"),
        "calibration": Metric(
            unit="probability",
            better="lower",
            title="Calibration error",
            summary="Root mean square gap, over ten bins of confidence, between how sure the model was and how often "
            "it was right; what chance adds is taken off.",
            reading="0: right as often as it is sure. 0.2: it errs by 20 points about its own answers.",
            margin=0.02,
        ),
    },
    cites=[
        "Brown et al. 2020, arXiv:2005.14165 (options by log-probability, and by length)",
        "Guo et al. 2017, arXiv:1706.04599 (bins of confidence)",
        "Kumar et al. 2019, arXiv:1909.10155 (unbiased squared calibration error)",
    ],
    control="the right option is moved to another place: accuracy falls to chance",
    truth="options of known probabilities: the share of questions whose likeliest is right",
)
def choice(benchmark: Choices, *, rng: Rng) -> Estimates:
    """Share of questions [n] in which argmax_j nats_ij (raw, or per unit of option j) is the right option; ties share.

    Lengths: those that the benchmark's facts give of the options alone (`lengths`), as lm-evaluation-harness counts
    them for acc_norm (characters) and acc_bytes; else the model's own counts, with what stands before each option.

    Calibration: p_j is the softmax of the raw nats over a question's options, confidence its maximum, and the error
    sqrt(sum_b (n_b / n) (right_b - confidence_b)^2) without bias (`stats/calibration.py`). The usual ECE, which chance
    makes greater than 0 for any model, stands in the facts with what a calibrated model of this confidence would show.

    Intervals: whole clusters (questions with one `cluster` fact) random, linearized, never narrower than the rule of
    three. Floor: 1 for accuracy, 0 for calibration. Chance, the mean of 1 / options, is in the facts with whether the
    interval lies above it. Questions without a right answer, or of one option, are left out and counted. At failure:
    chance, and calibration 1 - chance.
    """
    asked = np.flatnonzero((benchmark.answers >= 0) & (benchmark.sizes > 1))
    if len(asked) == 0:
        raise NotApplicable("no question of this benchmark has two options and a right one among them")
    whole = _Whole.of(benchmark, asked)
    if len(np.unique(whole.clusters)) < 2:
        raise NotApplicable("all questions come from one cluster: no interval exists")
    found: dict[str, Estimate | Absent] = {name: whole.accuracy(name) for name in PER}
    return {**found, "calibration": whole.calibration(rng)}


@dataclass(frozen=True, eq=False)
class _Whole:
    """Questions that have a right answer; at: where each stands in the benchmark."""

    asked: Choices
    at: Shaped[np.ndarray, " n"]
    clusters: Shaped[np.ndarray, " n"]
    facts: Mapping[str, Json]

    @classmethod
    def of(cls, benchmark: Choices, at: Shaped[np.ndarray, " n"]) -> _Whole:
        told = tuple(benchmark.facts[int(i)] for i in at)
        asked = replace(
            benchmark,
            nats=benchmark.nats[at],
            sizes=benchmark.sizes[at],
            counts={**{unit: n[at] for unit, n in benchmark.counts.items()}, **_own_lengths(told, benchmark.sizes[at])},
            answers=benchmark.answers[at],
            groups=tuple(benchmark.groups[int(i)] for i in at),
            facts=told,
            keys=tuple(benchmark.keys[int(i)] for i in at) if benchmark.keys else (),
        )
        facts: dict[str, Json] = {"chance": float((1 / asked.sizes).mean()), "definition": benchmark.definition}
        if left := len(benchmark) - len(at):
            facts["questions without a right answer to find"] = left
        return cls(asked, at, clusters_of(told, asked.keys), facts)

    def accuracy(self, name: str) -> Estimate | Absent:
        per = PER[name]
        if per == "character" and per not in self.asked.counts:
            return Absent("the benchmark does not say how many characters each option has")
        if per != "option" and per not in self.asked.counts:
            return Absent(f"this model does not count {per}s; it counts {', '.join(self.asked.counts)}")
        picked = likeliest(self.asked, per)
        right = picked[np.arange(len(self.at)), self.asked.answers]
        return self._share(right, ties=int((np.count_nonzero(picked, axis=1) > 1).sum()), shown=name == "accuracy")

    def _share(self, right: Float[np.ndarray, " n"], *, ties: int, shown: bool) -> Estimate:
        rows = right, np.ones(len(right)), self.clusters
        interval = clustered_ratio(*rows, SHARE)
        chance = float((1 / self.asked.sizes).mean())
        above = "yes" if interval.low > chance else "no" if interval.high <= chance else "cannot tell"
        facts: dict[str, Json] = {**self.facts, "above chance": above, "ties": ties}
        if len(set(self.asked.groups)) > 1:
            facts["by group"] = dict(by_name(*rows, self.asked.groups, SHARE))
        wrong = self._wrong(right) if shown else ()
        detail = Detail(tuple(right.tolist()), self.asked.keys, tuple(map(str, self.clusters)), wrong, facts)
        return Estimate(float(right.mean()), len(right), interval, 1.0, detail)

    def _wrong(self, right: Float[np.ndarray, " n"]) -> tuple[Exhibit, ...]:
        """The questions in which a wrong option leads by most."""
        nats = scores_of(self.asked, "option")
        own = nats[np.arange(len(right)), self.asked.answers]
        lead: np.ndarray = np.where(right < 1, nats.max(axis=1) - own, -np.inf)
        worst = [int(i) for i in np.argsort(-lead, kind="stable")[:SHOWN] if np.isfinite(lead[i])]
        return tuple(
            Exhibit("wrong, and sure of it", (ItemRef("benchmark", int(self.at[i])),), float(lead[i])) for i in worst
        )

    def calibration(self, rng: Rng) -> Estimate | Absent:
        nats = scores_of(self.asked, "option")
        top = nats.max(axis=1, keepdims=True)
        possible: Bool[np.ndarray, " n"] = np.isfinite(top[:, 0])
        if not possible.all():
            return Absent(f"{int((~possible).sum())} questions have no option that the model holds possible")
        confidence = 1 / np.exp(nats - top).sum(axis=1)
        picked = likeliest(self.asked, "option")
        right = picked[np.arange(len(self.at)), self.asked.answers]
        try:
            found = calibration_error(confidence, right, self.clusters)
        except ValueError as error:
            return Absent(str(error))
        facts: dict[str, Json] = {
            **self.facts,
            "mean confidence": float(confidence.mean()),
            "expected calibration error, 10 bins": expected_calibration_error(confidence, right),
            "the same of a calibrated model": calibrated_ece(confidence, rng),
            "bins with answers": found.bins,
        }
        return Estimate(found.error, len(right), found.interval, 0.0, Detail(facts=facts))


def _own_lengths(
    told: Sequence[Mapping[str, Any]], sizes: Shaped[np.ndarray, " n"]
) -> dict[str, Shaped[np.ndarray, "n k"]]:
    """Units of each option by itself, where the benchmark's facts say so for every question."""
    if not all(isinstance(fact.get("lengths"), Mapping) for fact in told):
        return {}
    found = {}
    for unit in ("character", "byte"):
        rows = [fact["lengths"].get(unit, ()) for fact in told]
        if any(len(row) != size for row, size in zip(rows, sizes, strict=True)):
            continue
        found[unit] = np.zeros((len(rows), int(sizes.max())), dtype=np.int64)
        for i, row in enumerate(rows):
            found[unit][i, : len(row)] = row
    return found
