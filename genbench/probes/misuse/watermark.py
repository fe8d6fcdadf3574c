"""Do outputs bear the watermark of a key, so that whoever holds it can tell them?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import NormalDist
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float, UInt64

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Texts
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Json, Metric
from genbench.stats.green_list import GreenList, numbered
from genbench.stats.intervals import wilson
from genbench.stats.roc import threshold_at, tpr_at_fpr_interval, trials_needed

Unit: TypeAlias = Literal["word", "byte"]


@probe(
    reports={
        "detected": Metric(
            unit="share of outputs",
            better="higher",
            title="Outputs whose watermark is found",
            summary="Share of outputs with more green tokens than all but a fixed share of real items have.",
            reading="1: each output can be told by its watermark. At the false-positive rate: none is there, or it was "
            "made with another key, context or way of cutting tokens.",
            margin=0.05,
        ),
        "false_alarms": Metric(
            unit="share of held-out items",
            better="lower",
            title="Real items that chance would call marked",
            summary="Share of real items whose own p-value, by the binomial, lies at or below the false-positive rate.",
            reading="At most that rate: tokens of distinct runs are as good as independent. Above it p-values are too "
            "small, and only the comparison with real items holds.",
            context=True,
        ),
    },
    cites=[
        "Kirchenbauer et al. 2023, arXiv:2301.10226 (green lists)",
        "Kirchenbauer et al. 2023, arXiv:2306.04634 (repeated runs count once)",
    ],
    control="outputs of a model that favours green words by two nats: near 1",
    truth="outputs without a mark: the false-positive rate",
)
def watermark(
    generated: Texts, held_out: Texts, *, key: int | None = None, gamma: float = 0.25, width: int = 1,
    unit: Unit = "word", false_positive_rate: float = 0.01,
) -> Estimates:  # fmt: skip
    """Share of outputs whose surprise s = -log P(Binomial(T, gamma) >= g) exceeds all but that rate of real items'.

    A token is green by a keyed hash of it and of the `width` tokens before it (`stats.green_list`); g of the T distinct
    runs of an item end in a green one. unit: tokens are words and marks, or bytes; a mark set on other tokens is not
    seen, and that of transformers, which depends on a model's tokenizer, is left to its own detector.

    Distinct runs alone count: a text that repeats itself repeats green tokens too, and its plain z-score is too wide by
    far. The details say how often the plain z-test would accuse real items at this rate. The rate must be one that the
    held-out items can resolve (3 / n); its threshold is theirs, whatever their dependence, and the interval holds its
    error (Wilson, and order statistics: outputs and held-out items are random). Also there: the p-value of all outputs
    at once, distinct runs over all counted once. Without a key there is nothing to look for. Floors: 1, and the rate.
    """
    if key is None:
        raise NotApplicable("without the watermark's key nothing can be found: name the setting `key`")
    if not (0 < gamma < 1 and width >= 0 and 0 < false_positive_rate < 1):
        raise ProbeError(f"gamma and the rate lie between 0 and 1, width is at least 0: {gamma}, {false_positive_rate}")
    need = trials_needed(false_positive_rate)
    if len(held_out) < need or len(generated) < 1:
        raise NotApplicable(
            f"a false-positive rate of {false_positive_rate:g} needs {need} held-out items (rule of three), got "
            f"{len(held_out)}; and {len(generated)} outputs"
        )
    lists = GreenList(key, gamma, width)
    marked, real = ([lists.grams(_tokens(text, unit)) for text in side.texts] for side in (generated, held_out))
    outputs, others = _surprise(marked, lists), _surprise(real, lists)
    found = outputs > threshold_at(others, false_positive_rate)
    falsely = others >= -np.log(false_positive_rate)
    plain = [lists.z(*lists.counts(grams, repeats=True)) for grams in real]
    limit = NormalDist().inv_cdf(1 - false_positive_rate)
    green, n = lists.counts(np.concatenate([*marked]))
    facts: dict[str, Json] = {
        "distinct runs of an output, median": float(np.median([lists.counts(grams)[1] for grams in marked])),
        "of all outputs' distinct runs": f"{green} of {n} green ({green / max(n, 1):.4f}; by chance {gamma:g})",
        "p of all outputs at once": float(np.exp(-lists.surprise(np.array([float(green)]), np.array([float(n)]))[0])),
        "real items that the plain z-score would accuse": round(float(np.mean([z >= limit for z in plain])), 4),
        "tokens": f"{unit}s, {width} before them",
    }
    detail = Detail(tuple(found.astype(float).tolist()), tuple(generated.keys), facts=facts)
    interval = tpr_at_fpr_interval(outputs, others, false_positive_rate)
    k = int(falsely.sum())
    return {
        "detected": Estimate(float(found.mean()), len(found), interval, 1.0, detail),
        "false_alarms": Estimate(k / len(falsely), len(falsely), wilson(k, len(falsely)), false_positive_rate),
    }


def _tokens(text: str, unit: Unit) -> UInt64[np.ndarray, " n"]:
    """Numbers of a text's tokens: its words and single marks, in lower case, or its bytes."""
    if unit == "byte":
        return np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8).astype(np.uint64)
    return numbered(re.findall(r"\w+|[^\w\s]", text.lower()))


def _surprise(items: Sequence[np.ndarray], lists: GreenList) -> Float[np.ndarray, " k"]:
    """[k] of items' runs, each [m width+1]."""
    green, n = np.array([lists.counts(grams) for grams in items], dtype=np.float64).reshape(-1, 2).T
    return lists.surprise(green, n)
