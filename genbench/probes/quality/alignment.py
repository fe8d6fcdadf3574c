"""Do outputs show what they were asked for?"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Aligned
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Exhibit, Interval, ItemRef, Json, Metric
from genbench.stats.finite import finite_rows
from genbench.stats.intervals import effective_n, mean_interval, normal_interval, ratio_error, wilson, with_floor

WEIGHT = 2.5  # of CLIPScore, so that its values run from about 0 to 1
LEAST = 20
SHOWN = 4


@probe(
    reports={
        "score": Metric(
            unit="2.5 cosines",
            better="higher",
            title="Alignment with the prompt",
            summary="How near an output lies to its own prompt in a space where pictures and words meet.",
            reading="To be read against its floor, the same for prompts of other outputs: how far above it lies, and "
            "not the value, says whether prompts are followed. Other networks give other values.",
            margin=0.01,
            context=True,
        ),
        "preferred": Metric(
            unit="probability",
            better="higher",
            title="Outputs nearer to their own prompt",
            summary="Chance that an output lies nearer to its own prompt than to another one of the same benchmark.",
            reading="0.5: prompts are ignored, or the lens cannot read them. 1: every output fits its own prompt best.",
            margin=0.02,
        ),
    },
    cites=["Hessel et al. 2021, arXiv:2104.08718 (CLIPScore)"],
    control="prompts shuffled among the outputs: preferred 0.5",
    truth="outputs that are their prompts: score 2.5, preferred 1",
)
def alignment(answered: Aligned) -> Estimates:
    """With cosines c_ij of output i and prompt j [n n]: score = mean_i 2.5 max(c_ii, 0).

    preferred = P(c_ii > c_ij) over pairs i, j whose prompts differ, ties as one half. The score's floor is
    its mean over all such pairs (i, j): what prompts dealt at random would score. Preferred needs no scale and so no
    network's own; its floor is 0.5. Intervals: outputs with their prompts random, those of one prompt as one cluster,
    in both places of a pair (the variance of a U-statistic, 4 Var h_1 / n); the score's has its floor's error in it.
    Where every output prefers its own, Wilson's at as many trials as there are prompts.
    """
    n = len(answered)
    x, t = (_unit(finite_rows(side, role)) for side, role in ((answered.x, "answered"), (answered.t, "the prompts")))
    if len(x) != len(t) or n < LEAST:
        raise NotApplicable(f"needs {LEAST} outputs with a prompt each, got {len(x)} and {len(t)}")
    _, asked = np.unique(t, axis=0, return_inverse=True)
    asked = asked.reshape(-1)
    if asked.max() < 1:
        raise NotApplicable("all outputs were asked for in the same words, so none can prefer its own")
    c = x @ t.T
    own, others = np.diag(c), asked[:, None] != asked[None, :]
    scored = WEIGHT * np.maximum(c, 0.0)
    wins = (own[:, None] > c) + 0.5 * (own[:, None] == c)
    preferred = (wins * others).sum(axis=1) / others.sum(axis=1)
    facts: dict[str, Json] = {"prompts that differ": int(asked.max()) + 1, "mean cosine": round(float(own.mean()), 4)}
    missed = tuple(
        Exhibit("output that fits its prompt least, beside others'", (ItemRef("answered", int(i)),), float(own[i]))
        for i in np.lexsort((own, preferred))[:SHOWN]
    )
    each, floor = np.diag(scored), float(scored[others].mean())
    around = with_floor(float(each.mean()), mean_interval(each, clusters=asked), floor, _paired(scored, others, asked))
    return {
        "score": Estimate(
            float(each.mean()), n, around, floor,
            Detail(tuple(each.tolist()), answered.keys, facts=facts),
        ),
        "preferred": Estimate(
            float(wins[others].mean()), n, _interval(wins, others, asked), 0.5,
            Detail(tuple(preferred.tolist()), answered.keys, exhibits=missed, facts=facts),
        ),
    }  # fmt: skip


def _unit(x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    if (lengths == 0).any():
        raise NotApplicable("an embedding of length 0 has no direction to compare")
    made: np.ndarray = x / lengths
    return made


def _interval(
    wins: Float[np.ndarray, "n n"], others: Bool[np.ndarray, "n n"], asked: Int[np.ndarray, " n"]
) -> Interval:
    if (wins[others] == 1.0).all():
        trials = effective_n(np.ones(len(asked), dtype=bool), asked)
        return wilson(trials, trials)
    found = _paired(wins, others, asked)
    return Interval(max(0.0, found.low), min(1.0, found.high), found.level, found.method)


def _paired(values: Float[np.ndarray, "n n"], pairs: Bool[np.ndarray, "n n"], asked: Int[np.ndarray, " n"]) -> Interval:
    """Of the mean over pairs (i, j): each item counts in both its places, and so twice."""
    held = values * pairs
    sums, counts = (side.sum(axis=0) + side.sum(axis=1) for side in (held, pairs.astype(np.float64)))
    error, _ = ratio_error(sums, counts, clusters=asked)
    return normal_interval(float(values[pairs].mean()), 2 * error, method="U-statistic, prompts and outputs random")
