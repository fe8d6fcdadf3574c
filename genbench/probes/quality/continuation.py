"""How likely does the model find what does come next, given what stands before it?"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int, Shaped

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Choices
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Interval, Json, Metric
from genbench.stats.clusters import clustered_ratio, clusters_of
from genbench.stats.finite import known_nats
from genbench.stats.intervals import ratio_interval

READING = "Lower is better; only numbers on the same items compare."


@probe(
    reports={
        "bits_per_byte": Metric(
            "bits/byte", "lower", "Bits the model needs per byte of the right continuations, given their contexts.",
            READING, title="Bits per byte of what follows",
        ),
        "perplexity": Metric(
            "perplexity/continuation", "lower", "exp of the mean nats of a right continuation, as of last words.",
            READING, title="Perplexity of what follows", context=True,
        ),
        "accuracy": Metric(
            "share of continuations", "higher",
            "Share of right continuations that greedy decoding would write: each token is the likeliest in its place.",
            "1: all. Of more than a few words hardly any model writes just these, so compare on the same items only.",
            title="Continuations it would write",
        ),
    },
    cites=["Paperno et al. 2016, arXiv:1606.06031 (LAMBADA)"],
    control="continuations of other contexts need more bits",
    truth="each continuation of one byte has probability 1/256: 8 bits per byte",
)  # fmt: skip
def continuation(benchmark: Choices) -> Estimates:
    """-sum_i log2 p_i / sum_i bytes_i and exp(-mean_i ln p_i), p_i of the right option of question i given its context.

    A question of one option has that one for right. Bytes are the model's counts. Interval: linearized ratio, whole
    clusters (questions with one `cluster` fact) random. No floor: what follows has an entropy nobody knows. An option
    of probability 0 makes both infinite: `Absent`. Questions that name no right option are left out and counted.

    accuracy, LAMBADA's, is mean_i 1[each token of the right option is the likeliest there, given those before it], by
    the model's count `likeliest`; a tie for the first place counts as first. Interval: linearized by clusters, never
    narrower than the rule of three. 1 at perfection, 0 at failure, and near 0 where continuations are long.
    """
    right = np.where(benchmark.sizes == 1, 0, benchmark.answers)
    at = np.flatnonzero(right >= 0)
    facts = [benchmark.facts[int(i)] for i in at]
    keys = tuple(benchmark.keys[int(i)] for i in at) if benchmark.keys else ()
    clusters = clusters_of(facts, keys)
    if len(np.unique(clusters)) < 2:
        raise NotApplicable("fewer than 2 clusters of questions name what follows: no interval exists")
    nats = -known_nats(benchmark.nats[at, right[at]], "benchmark")
    told: dict[str, Json] = {"definition": benchmark.definition, "questions left out": len(benchmark) - len(at)}
    found: dict[str, Estimate | Absent] = {"accuracy": _written(benchmark, at, right[at], clusters, told)}
    if impossible := int(np.isinf(nats).sum()):
        because = f"infinite: the model gives {impossible} of {len(nats)} right continuations probability 0"
        return {**found, "bits_per_byte": Absent(because), "perplexity": Absent(because)}
    found["bits_per_byte"] = Absent("this model does not count bytes")
    if "byte" in benchmark.counts and benchmark.counts["byte"][at, right[at]].all():
        units = benchmark.counts["byte"][at, right[at]].astype(np.float64)
        found["bits_per_byte"] = _rate(nats / math.log(2), units, clusters, keys, told)
    mean = _rate(nats, np.ones(len(nats)), clusters, keys, told)
    assert mean.interval is not None
    if mean.interval.high > 700:
        return {**found, "perplexity": Absent(f"{mean.value:.0f} nats each: no number can hold their perplexity")}
    ends = Interval(math.exp(mean.interval.low), math.exp(mean.interval.high), 0.95, mean.interval.method)
    return {**found, "perplexity": Estimate(math.exp(mean.value), mean.n, ends, None, Detail(facts=told))}


def _written(
    benchmark: Choices, at: Int[np.ndarray, " n"], right: Int[np.ndarray, " n"], clusters: Shaped[np.ndarray, " n"],
    told: Mapping[str, Json],
) -> Estimate | Absent:  # fmt: skip
    """The share that greedy decoding would write."""
    if "likeliest" not in benchmark.counts or "token" not in benchmark.counts:
        return Absent("this model does not tell which token it finds likeliest")
    tokens, first = (benchmark.counts[unit][at, right] for unit in ("token", "likeliest"))
    hits = (first == tokens).astype(np.float64)
    keys = tuple(benchmark.keys[int(i)] for i in at) if benchmark.keys else ()
    interval = clustered_ratio(hits, np.ones(len(hits)), clusters, (0.0, 1.0))
    facts: dict[str, Json] = {**told, "tokens of a continuation, mean": round(float(tokens.mean()), 2)}
    detail = Detail(tuple(hits.tolist()), keys, tuple(map(str, clusters)), facts=facts)
    return Estimate(float(hits.mean()), len(hits), interval, None, detail)


def _rate(
    a: Float[np.ndarray, " n"], b: Float[np.ndarray, " n"], clusters: Shaped[np.ndarray, " n"],
    keys: tuple[str, ...], told: Mapping[str, Json],
) -> Estimate:  # fmt: skip
    detail = Detail(tuple((a / b).tolist()), keys, tuple(map(str, clusters)), facts=told)
    return Estimate(float(a.sum() / b.sum()), len(a), ratio_interval(a, b, clusters=clusters), None, detail)
