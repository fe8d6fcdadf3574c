"""Do texts repeat themselves, and one another, more than real ones do?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Texts
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Exhibit, Interval, ItemRef, Metric
from genbench.stats.clusters import clustered_ratio
from genbench.stats.intervals import with_floor
from genbench.stats.variety import Words, distinct, left_out_interval, repeated, self_bleu, words_of

LEAST = 20
SHOWN = 6
LONG = 4  # words in a run whose return within a text is a repetition


@probe(
    reports={
        "repeated": Metric(
            unit="share of 4-word runs",
            better="lower",
            title="Repeats itself",
            summary="Share of a text's runs of four words that it has had before.",
            reading="Real prose is near 0.01, a loop near 1. Read it against its floor, which real texts show.",
            tolerance=0.05,
            margin=0.01,
        ),
        "self_bleu": Metric(
            unit="BLEU",
            better="lower",
            title="Repeats other outputs",
            summary="BLEU-4 of each output against all others: how far outputs are made of one another's phrases.",
            reading="Read it against its floor, which as many real texts show; 1 where all outputs are one.",
            tolerance=0.1,
            margin=0.02,
            sized="value",
        ),
        "distinct_1": Metric(
            unit="share of words",
            better="higher",
            title="Distinct words",
            summary="Different words over all words of the outputs.",
            reading="Read it against its floor, which as much real text shows.",
            context=True,
            sized="value",
        ),
        "distinct_2": Metric(
            unit="share of pairs",
            better="higher",
            title="Distinct pairs of words",
            summary="Different pairs of neighbouring words over all of the outputs.",
            reading="Read it against its floor, which as much real text shows.",
            context=True,
            sized="value",
        ),
    },
    cites=[
        "Li et al. 2016, arXiv:1510.03055 (distinct-n)",
        "Zhu et al. 2018, arXiv:1802.01886 (self-BLEU)",
        "Welleck et al. 2020, arXiv:1908.04319 (repetition)",
    ],
    control="texts whose second half is their first, and one text over and over",
    truth="a text said twice: 3 runs fewer than half of its runs of four are new",
)
def repetition(generated: Texts, held_out: Texts) -> Estimates:
    """rep-4, self-BLEU-4, distinct-1 and distinct-2 of n outputs, each beside the same of n held-out texts: the floor.

    All four depend on how much text there is. So both sides are cut to as many texts as the smaller has, and each text
    to its first L words, L the smaller of the sides' medians. Words are lower-case, marks are words. Interval: texts of
    both sides random, with the floor's own error; of rep-4 linearized and never narrower than the rule of three, else a
    jackknife by groups. At perfection the floor; at failure 1, 1 and
    near 0. Needs 20 texts of each.
    """
    n = min(len(generated), len(held_out))
    if n < LEAST:
        raise NotApplicable(f"repetition needs {LEAST} texts of each, got {len(generated)} and {len(held_out)}")
    ours, theirs = ([words_of(text) for text in side.texts[:n]] for side in (generated, held_out))
    long = int(min(np.median([len(words) for words in side]) for side in (ours, theirs)))
    if long < LONG:
        raise NotApplicable(f"half of the texts of a side have fewer than {LONG} words")
    ours, theirs = ([words[:long] for words in side] for side in (ours, theirs))
    facts = {"texts of each": n, "words of each at most": long, "empty outputs": sum(not words for words in ours)}
    found: dict[str, Estimate | Absent] = {}
    for name, measure in MEASURES.items():
        value, floor = measure(ours), measure(theirs)
        if math.isnan(value) or math.isnan(floor):
            found[name] = Absent("a side has no run of so many words")
            continue
        interval = with_floor(value, _interval(name, ours), floor, _interval(name, theirs))
        inside = Interval(max(0.0, interval.low), min(1.0, interval.high), interval.level, interval.method)
        shown = _loops(ours) if name == "repeated" else ()
        found[name] = Estimate(value, n, inside, floor, Detail(exhibits=shown, facts=facts))
    return found


MEASURES: Mapping[str, Callable[[Sequence[Words]], float]] = {
    "repeated": lambda texts: float(np.mean(shares)) if len(shares := repeated(texts, LONG)) else math.nan,
    "self_bleu": self_bleu,
    "distinct_1": lambda texts: distinct(texts, 1),
    "distinct_2": lambda texts: distinct(texts, 2),
}


def _interval(name: str, texts: Sequence[Words]) -> Interval:
    if name != "repeated":
        return left_out_interval(MEASURES[name], texts)
    # A mean of texts, of which a rare one may loop that is not among these: never narrower than the rule of three.
    shares = repeated(texts, LONG)
    return clustered_ratio(shares, np.ones(len(shares)), np.arange(len(shares)), (0.0, 1.0))


def _loops(texts: Sequence[Words]) -> tuple[Exhibit, ...]:
    """The outputs that repeat themselves most."""
    shares = [float(repeated([words], LONG).sum()) for words in texts]
    order = np.argsort([-share for share in shares], kind="stable")[:SHOWN]
    return tuple(
        Exhibit("repeats itself", (ItemRef("generated", int(i)),), shares[int(i)]) for i in order if shares[int(i)] > 0
    )
