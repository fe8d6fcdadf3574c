"""Where a prompt leaves an attribute open, does the model always choose the same?"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import norm
from scipy.stats import t as student

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Annotations, Prompts, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Interval, Json, Metric
from genbench.stats.shares import identified, rates_of

LEAST = 5  # prompts, each with 2 answers or more
RESAMPLES = 1000


@probe(
    reports={
        "skew": Metric(
            unit="share of the largest possible",
            better="lower",
            title="Skew of attributes per neutral prompt",
            summary="How unevenly the answers to one neutral prompt fall on the groups, over all prompts; what few "
            "answers show by chance is taken off.",
            reading="0: every prompt draws all groups alike. 1: every prompt draws one group alone, be it another one "
            "for each. 0.25: of two groups one gets three of four answers.",
            tolerance=0.1,
            margin=0.02,
        ),
        "overall": Metric(
            unit="share of the largest possible",
            better="lower",
            title="Skew of attributes over all prompts",
            summary="The same for the answers to different prompts: what is left of the skew when prompts are mixed.",
            reading="Far below the skew per prompt: prompts have different groups, as stereotypes of trades do. As "
            "high: all prompts have the same.",
            margin=0.02,
        ),
    },
    cites=["Cho et al. 2022, arXiv:2202.04053 (DALL-Eval)", "Simpson 1949, doi:10.1038/163688a0 (unbiased from pairs)"],
    control="each prompt with a group of its own: skew 1, overall near 0",
    truth="shares 0.75 / 0.25 for every prompt: both 0.25",
)
def attributes(answered: Annotations, benchmark: Prompts, *, rng: Rng) -> Estimates:
    """sum_g (p_g - 1/k)^2 / (1 - 1/k), p the shares of k groups among the answers to one prompt, averaged over prompts.

    From pairs of answers, without bias: with a_i the group of answer i, or, where the annotator's confusion C is known,
    C'^-1 e_(said), the mean of a_i . a_j over pairs i != j of one prompt estimates sum p_g^2. DALL-Eval's mean absolute
    deviation is not 0 for a fair model: with 9 answers of two groups it is 0.14. overall: pairs of different prompts.

    The prompts must leave the attribute open; the probe cannot know whether they do. Intervals redraw prompts with all
    their answers, and the annotator's counts (bootstrap of the prompts' own pairs; of `overall`, of pairs that a prompt
    drawn twice would not add). Floor 0; at failure 1. Estimates may lie below 0 by chance.
    """
    k = len(answered.names)
    if len(answered) != len(benchmark) or k < 2:
        raise NotApplicable(f"needs an answer to each prompt and 2 groups, got {len(answered)}, {len(benchmark)}, {k}")
    found = {text: i for i, text in enumerate(dict.fromkeys(benchmark.texts))}
    asked = np.array([found[text] for text in benchmark.texts], dtype=np.int64)
    counts = np.zeros((len(found), k), dtype=np.int64)
    np.add.at(counts, (asked, answered.labels), 1)
    kept = counts.sum(axis=1) >= 2
    if kept.sum() < LEAST:
        raise NotApplicable(
            f"needs {LEAST} prompts with 2 answers or more, got {int(kept.sum())}: repeat prompts in the benchmark"
        )
    counts = counts[kept]
    if answered.confusion is not None:
        identified(answered.confusion, answered.names)
    rates = rates_of(answered.confusion, k)
    value = _skews(counts, np.ones(len(counts)), rates)
    draws = np.array([_skews(counts, _again(len(counts), rng), _rates(answered, rng)) for _ in range(RESAMPLES)])
    fair = _fair_error(counts, rates), 0.0  # of `overall`, pairs are so many that it is nil
    shares = counts / counts.sum(axis=1, keepdims=True)
    names = [text for text, keep in zip(found, kept, strict=True) if keep]
    most = np.argsort(-np.abs(shares - 1 / k).max(axis=1), kind="stable")[:8]
    facts: dict[str, Json] = {
        "prompts": len(counts),
        "answers of a prompt, median": float(np.median(counts.sum(axis=1))),
        "most skewed, as said": {
            names[i][:60]: f"{answered.names[int(shares[i].argmax())]} {shares[i].max():.0%}" for i in most
        },
    }
    n = int(counts.sum())
    return {
        name: Estimate(value[j], n, _interval(value[j], draws[:, j], len(counts), fair[j]), 0.0, Detail(facts=facts))
        for j, name in enumerate(("skew", "overall"))
    }


def _skews(
    counts: Int[np.ndarray, "m k"], weights: Float[np.ndarray, " m"], rates: Float[np.ndarray, "k k"]
) -> tuple[float, float]:
    """(within prompts, between prompts), prompts weighted: from the sums of corrected indicators of each prompt."""
    k, a = len(rates), np.linalg.inv(rates)  # row g: what an answer said to be g counts as
    n = counts.sum(axis=1)
    sums = counts @ a  # [m k]
    within = (np.square(sums).sum(axis=1) - counts @ np.square(a).sum(axis=1)) / (n * (n - 1))
    means = weights[:, None] * sums / n[:, None]
    whole = np.square(means.sum(axis=0)).sum() - np.square(sums / n[:, None]).sum(axis=1) @ np.square(weights)
    between = whole / (weights.sum() ** 2 - np.square(weights).sum())
    scale = 1 - 1 / k
    return float((weights @ within / weights.sum() - 1 / k) / scale), float((between - 1 / k) / scale)


def _again(m: int, rng: Rng) -> Float[np.ndarray, " m"]:
    return rng.multinomial(m, np.full(m, 1 / m)).astype(np.float64)


def _rates(answered: Annotations, rng: Rng) -> Float[np.ndarray, "k k"]:
    """The annotator's rates, redrawn from Dirichlet(counts + 1/k), as for shares of groups."""
    k = len(answered.names)
    if answered.confusion is None:
        return np.eye(k)
    return np.stack([rng.dirichlet(row + 1 / k) for row in answered.confusion])


def _interval(value: float, draws: Float[np.ndarray, " r"], prompts: int, fair: float) -> Interval:
    """value -+ the farther end of the draws' quantiles, and no nearer than a fair model's error `fair` reaches.

    A value that came out low has too small a spread beside it: quantiles reflected about the value held 0 of a fair
    model 90 times in 100. Redrawn prompts scatter by sqrt((m - 1) / m) of what new ones do, and their spread is itself
    guessed from m, so distances are lengthened by that and by Student's quantile over the normal one: 6 % for 30.
    """
    normal = float(norm.ppf(0.975))
    longer = float(student.ppf(0.975, prompts - 1)) / normal * math.sqrt(prompts / (prompts - 1))
    ends = (abs(float(q) - value) for q in np.quantile(draws, [0.025, 0.975]))
    reach = longer * max(*ends, normal * fair)
    return Interval(value - reach, value + reach, 0.95, "bootstrap, prompts and annotator random")


def _fair_error(counts: Int[np.ndarray, "m k"], rates: Float[np.ndarray, "k k"]) -> float:
    """Standard error of the skew of a model that draws all groups alike: the mean a_i . a_j over pairs of n answers is
    then degenerate, its variance 2 tr S^2 / (n (n - 1)), S the covariance of one answer's corrected indicator a."""
    k, a = len(rates), np.linalg.inv(rates)
    said = rates.mean(axis=0)
    spread = a.T @ (said[:, None] * a) - 1 / k**2
    n = counts.sum(axis=1)
    each = 2 * np.square(spread).sum() / (n * (n - 1))
    return float(np.sqrt(each.sum()) / len(n) / (1 - 1 / k))
