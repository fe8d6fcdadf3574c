"""How much worse are answers where somebody has rewritten the question to mislead?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int, Shaped

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Choices
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Exhibit, Interval, ItemRef, Json, Metric
from genbench.stats.clusters import by_name, clustered_ratio, clusters_of
from genbench.stats.options import likeliest

SHOWN = 6
LEAST = 10
VERSIONS = ("adversarial", "original")
SHARE, BOTH_WAYS = (0.0, 1.0), (-1.0, 1.0)
POOLED = {"mnli-mm": "mnli"}  # two halves of one task, as published


@probe(
    reports={
        "accuracy": Metric(
            unit="share of questions",
            better="higher",
            title="Right under attack",
            summary="Share of right answers to adversarial questions, the mean of the benchmark's tasks.",
            reading="Chance stands in the details. A model at chance is not robust but has nothing to lose.",
            margin=0.02,
        ),
        "drop": Metric(
            unit="difference in accuracy",
            better="lower",
            title="Accuracy lost under attack",
            summary="Accuracy on the original questions less that on the adversarial ones made from them.",
            reading="0: the attacks change nothing. Read it beside the accuracy on the originals in the details.",
            margin=0.02,
        ),
    },
    cites=["Wang et al. 2021, arXiv:2111.02840 (AdvGLUE)"],
    control="a model that answers every attacked question wrongly: accuracy 0, drop 1",
    truth="a model right on r originals and a attacked ones: r - a",
)
def adversarial_choices(benchmark: Choices, *, per: Literal["option", "token", "byte"] = "option") -> Estimates:
    """The answer is the likeliest option (nats [n k], by token or byte where `per` says so; ties share).

    accuracy = mean over tasks of a task's mean right(adversarial), `mnli` and `mnli-mm` being halves of one task, as
    the authors pool them; they average accuracy and F1 on QQP, here it is accuracy. drop = mean over pairs of
    right(original) - right(adversarial), where the file holds both; what an option is worth by itself cancels.

    Interval: texts random, tasks fixed, questions made from one text counting together; of accuracy linearized in each
    task, and the parts combined as independent errors are (Newcombe 1998, method 10); of drop linearized; both never
    narrower than the rule of three. Floors 1 and 0; at failure 0 and the accuracy there was.
    """
    shares = likeliest(benchmark, per)
    facts, clusters = benchmark.facts, clusters_of(benchmark.facts, benchmark.keys)
    if (benchmark.answers < 0).any():
        raise NotApplicable("the benchmark does not say which option is right")
    found = shares[np.arange(len(shares)), benchmark.answers]
    if bad := [fact for fact in facts if fact.get("version") not in VERSIONS or "task" not in fact]:
        raise NotApplicable(f"a question says no version and task, as those of `advglue` do; it says {sorted(bad[0])}")
    attacked = np.array([fact["version"] == "adversarial" for fact in facts])
    if not attacked.any():
        raise NotApplicable("the benchmark holds no adversarial question")
    tasks = np.array([str(fact["task"]) for fact in facts])
    value, interval = _by_task(found[attacked], tasks[attacked], clusters[attacked])
    told: dict[str, Json] = {
        "definition": benchmark.definition,
        "accuracy by task": dict(
            by_name(found[attacked], np.ones(int(attacked.sum())), clusters[attacked], tasks[attacked].tolist(), SHARE)
        ),
        "accuracy by chance": round(_by_task(1 / benchmark.sizes[attacked], tasks[attacked], clusters[attacked])[0], 4),
        "share of answers that are the first option": round(float(shares[attacked, 0].mean()), 4),
    }
    wrong = np.flatnonzero(attacked & (found == 0))[:SHOWN]
    exhibits = tuple(Exhibit("wrong under attack", (ItemRef("benchmark", int(i)),)) for i in wrong)
    keys = tuple(np.array(benchmark.keys)[attacked].tolist()) if benchmark.keys else ()
    detail = Detail(tuple(found[attacked].tolist()), keys, exhibits=exhibits, facts=told)
    return {
        "accuracy": Estimate(value, int(attacked.sum()), interval, 1.0, detail),
        "drop": _drop(found, _pairs(facts), clusters, facts),
    }


def _by_task(
    values: Float[np.ndarray, " n"], tasks: Shaped[np.ndarray, " n"], clusters: Shaped[np.ndarray, " n"]
) -> tuple[float, Interval]:
    """(mean over tasks of their means, its interval): that of each part, reaches added as independent errors."""
    names = sorted(set(tasks.tolist()))
    whole = [POOLED.get(name, name) for name in names]
    value, down, up = 0.0, 0.0, 0.0
    for name, task in zip(names, whole, strict=True):
        inside = tasks == name
        weight, own = 1 / (len(set(whole)) * whole.count(task)), float(values[inside].mean())
        part = clustered_ratio(values[inside], np.ones(int(inside.sum())), clusters[inside], SHARE)
        value += weight * own
        down += (weight * (own - part.low)) ** 2
        up += (weight * (part.high - own)) ** 2
    low, high = max(0.0, value - float(np.sqrt(down))), min(1.0, value + float(np.sqrt(up)))
    return value, Interval(low, high, method=f"linearized in {len(names)} parts, originals random")


def _pairs(facts: Sequence[Mapping[str, Any]]) -> Int[np.ndarray, "pairs 2"]:
    """[pairs 2] indices of the original and the adversarial question of each pair that has both."""
    at: dict[str, dict[str, int]] = {}
    for i, fact in enumerate(facts):
        at.setdefault(str(fact.get("pair", i)), {})[str(fact["version"])] = i
    both = [[own["original"], own["adversarial"]] for own in at.values() if len(own) == 2]
    return np.array(both, dtype=np.int64).reshape(-1, 2)


def _drop(
    found: Float[np.ndarray, " n"],
    pairs: Int[np.ndarray, "pairs 2"],
    clusters: Shaped[np.ndarray, " n"],
    facts: Sequence[Mapping[str, Any]],
) -> Estimate | Absent:
    if len(pairs) == 0:
        return Absent("the file holds no originals (AdvGLUE's dev.json has adversarial texts alone; dev_ann.json both)")
    own = clusters[pairs[:, 1]]
    if len(np.unique(own)) < LEAST:
        return Absent(f"{len(np.unique(own))} originals with their attack are fewer than {LEAST}")
    lost = found[pairs[:, 0]] - found[pairs[:, 1]]
    told: dict[str, Json] = {
        "accuracy on the originals": round(float(found[pairs[:, 0]].mean()), 4),
        "accuracy on those attacked": round(float(found[pairs[:, 1]].mean()), 4),
    }
    detail = Detail(tuple(lost.tolist()), tuple(str(facts[int(i)]["pair"]) for i in pairs[:, 1]), facts=told)
    return Estimate(
        float(lost.mean()), len(pairs), clustered_ratio(lost, np.ones(len(lost)), own, BOTH_WAYS), 0.0, detail
    )
