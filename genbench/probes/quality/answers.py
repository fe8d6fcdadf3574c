"""Does the model answer as the references do: the same words, most of them, in that order?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Completions
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Exhibit, ItemRef, Json, Metric
from genbench.probes.quality._replies import answer_of, same
from genbench.stats.clusters import by_name, clustered_ratio, clusters_of
from genbench.stats.overlap import chrf, rouge_l, rouge_n, rouge_words, token_f1

SHOWN = 6
READING = "1: a reference word for word. Only numbers of the same task compare."


def _metric(title: str, summary: str, *, context: bool = False) -> Metric:
    return Metric("share", "higher", summary, READING, margin=0.02, title=title, context=context)


@probe(
    reports={
        "exact_match": _metric("Answers: exact", "Share of answers that equal a reference, but for case and articles."),
        "f1": _metric("Answers: words shared", "F1 of words shared with the nearest reference.", context=True),
        "rouge1": _metric("ROUGE-1", "F-measure of words shared with the nearest reference.", context=True),
        "rouge2": _metric("ROUGE-2", "F-measure of pairs of words shared with the nearest reference.", context=True),
        "rougeL": _metric("ROUGE-L", "F-measure of the longest common run with gaps of words.", context=True),
        "chrf": _metric("chrF", "chrF2 against the nearest reference: runs of 1 to 6 characters.", context=True),
    },
    cites=[
        "Rajpurkar et al. 2016, arXiv:1606.05250 (exact match and F1)",
        "Lin 2004, ACL W04-1013 (ROUGE)",
        "Popović 2015, ACL W15-3049 (chrF)",
    ],
    control="each prompt's answer given to another prompt: what any answer would share",
    truth="a share of answers that are a reference, the rest of words that no reference has",
)
def answers(benchmark: Completions) -> Estimates:
    """Mean over prompts [n] of the best agreement of the answer with any of the prompt's references, each in [0, 1].

    The answer is the completion up to the first of the benchmark's `until`, after its `filters`. exact_match: equality
    of SQuAD's words (lower-case, no punctuation, no articles), or by the benchmark's own `match` rule. f1: SQuAD's.
    rouge1, rouge2, rougeL: F-measures, unstemmed. chrf: of each answer, averaged (corpus chrF pools runs instead).

    Interval: whole clusters (prompts with one `cluster` fact) random, linearized, never narrower than the rule of
    three; the references are given. Floor: 1 for exact_match and f1. For the others, where prompts have several
    references, how well one of them agrees with the rest: good answers differ; else none. What answers given to other
    prompts would score is in the facts. At failure 0. Prompts without a reference are left out and counted.
    """
    asked = [i for i, own in enumerate(benchmark.references) if own]
    if not asked:
        raise NotApplicable("no prompt of this benchmark has a reference")
    facts = [benchmark.facts[i] for i in asked]
    keys = tuple(benchmark.keys[i] for i in asked) if benchmark.keys else ()
    clusters = clusters_of(facts, keys)
    if len(np.unique(clusters)) < 2:
        raise NotApplicable("all prompts come from one cluster: no interval exists")
    said = [answer_of(benchmark.texts[i], fact) for i, fact in zip(asked, facts, strict=True)]
    references = [benchmark.references[i] for i in asked]
    rules = [fact.get("match") for fact in facts]
    others = [said[(i + len(said) // 2) % len(said)] for i in range(len(said))]
    found = {}
    for name in ("exact_match", *MEASURES):
        values = _values(name, said, references, rules)
        told: dict[str, Json] = {
            "with another prompt's answer": float(_values(name, others, references, rules).mean()),
            "prompts without a reference": len(benchmark) - len(asked),
            "empty answers": sum(not text.strip() for text in said),
        }
        if name == "exact_match":
            told["equal"] = "by SQuAD's words" if rules[0] is None else "by the task's own rule"
        groups = [benchmark.groups[i] for i in asked]
        rows = values, np.ones(len(values)), clusters
        if len(set(groups)) > 1:
            told["by group"] = dict(by_name(*rows, groups, (0.0, 1.0)))
        shown = _worst(values, asked) if name == "f1" else ()
        detail = Detail(tuple(values.tolist()), keys, tuple(map(str, clusters)), shown, told)
        floor = 1.0 if name in ("exact_match", "f1") else _agreement(name, references)
        found[name] = Estimate(
            float(values.mean()), len(values), clustered_ratio(*rows, (0.0, 1.0)), floor, detail
        )  # fmt: skip
    return found


MEASURES: Mapping[str, Callable[[str, str], float]] = {
    "f1": token_f1,
    "rouge1": lambda a, b: rouge_n(rouge_words(a), rouge_words(b), 1),
    "rouge2": lambda a, b: rouge_n(rouge_words(a), rouge_words(b), 2),
    "rougeL": lambda a, b: rouge_l(rouge_words(a), rouge_words(b)),
    "chrf": chrf,
}


def _values(
    name: str, said: Sequence[str], references: Sequence[Sequence[str]], rules: Sequence[Mapping[str, Any] | None]
) -> Float[np.ndarray, " n"]:
    """[n] the best agreement of each answer with one of its references."""
    rows = zip(said, references, rules, strict=True)
    if name == "exact_match":
        return np.array([float(any(same(text, one, rule) for one in own)) for text, own, rule in rows])
    measure = MEASURES[name]
    return np.array([max(measure(text, one) for one in own) for text, own, _ in rows])


def _agreement(name: str, references: Sequence[Sequence[str]]) -> float | None:
    """How well a reference agrees with the best of the others, where there are several."""
    measure = MEASURES[name]
    agreed = [
        np.mean([max(measure(one, other) for j, other in enumerate(own) if j != i) for i, one in enumerate(own)])
        for own in references
        if len(own) > 1
    ]
    return float(np.mean(agreed)) if agreed else None


def _worst(values: Shaped[np.ndarray, " n"], asked: Sequence[int]) -> tuple[Exhibit, ...]:
    order = np.argsort(values, kind="stable")[:SHOWN]
    return tuple(
        Exhibit("shares least with a reference", (ItemRef("benchmark", asked[int(i)]),), float(values[i]))
        for i in order
        if values[i] < 1
    )
