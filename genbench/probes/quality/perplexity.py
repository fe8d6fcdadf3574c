"""How well a model predicts held-out items: nats and bits per unit."""

from __future__ import annotations

import math

import numpy as np

from genbench.core.errors import NotApplicable
from genbench.core.evidence import LogProbs
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Interval, Metric
from genbench.stats.finite import known_nats
from genbench.stats.intervals import ratio_interval


def _metric(unit: str, title: str, summary: str, *, context: bool = False) -> Metric:
    reading = "Lower is better; only numbers in the same unit on the same data compare."
    return Metric(unit, "lower", summary, reading, title=title, context=context)


@probe(
    reports={
        "bits_per_byte": _metric("bits/byte", "Bits per byte", "Bits the model needs per byte of held-out items."),
        "bits_per_dimension": _metric(
            "bits/dimension", "Bits per dimension", "Bits the model needs per number in a held-out item."
        ),
        "token_perplexity": _metric(
            "perplexity/token", "Perplexity per token", "exp of nats per token; depends on the tokenizer.", context=True
        ),
        "word_perplexity": _metric(
            "perplexity/word", "Perplexity per word", "exp of nats per word, words split at white space.", context=True
        ),
    },
    cites=["Jelinek et al. 1977, doi:10.1121/1.2016299", "Theis et al. 2015, arXiv:1511.01844 (bits per dimension)"],
    control="a unigram model needs more bits than a higher order",
    truth="a uniform model over 256 values: 8 bits per byte",
)
def perplexity(held_out: LogProbs) -> Estimates:
    """Bits per unit: -sum_i log2 p(x_i) / sum_i units_i over items [n]; perplexities are exp of nats per unit.

    Interval: linearized ratio with whole items (documents) random; units within an item are not independent. There is
    no floor: the data's own entropy is unknown. Where log-probabilities are bounds, so are these numbers, from above.
    An item of probability 0 makes them infinite: `Absent`, which names it. Needs 2 items.
    """
    if len(held_out) < 2:
        raise NotApplicable(f"perplexity needs at least 2 items for its interval, got {len(held_out)}")
    bits = 1 / math.log(2)
    return {
        "bits_per_byte": _rate(held_out, "byte", bits),
        "bits_per_dimension": _rate(held_out, "dimension", bits),
        "token_perplexity": _exponential(_rate(held_out, "token", 1.0)),
        "word_perplexity": _exponential(_rate(held_out, "word", 1.0)),
    }


def _rate(said: LogProbs, unit: str, scale: float) -> Estimate | Absent:
    if unit not in said.counts:
        return Absent(f"these items are not counted in {unit}s, but in {', '.join(said.counts)}")
    nats, units = -known_nats(said.nats, "held_out"), said.counts[unit].astype(np.float64)
    if len(impossible := np.flatnonzero(np.isposinf(nats))):
        return Absent(
            f"infinite: the model gives {len(impossible)} of {len(said)} items probability 0, "
            f"the first is item {impossible[0]}"
        )
    if units.sum() == 0:
        return Absent(f"the items hold no {unit}s")
    interval = ratio_interval(nats * scale, units)
    facts = {**dict(said.facts), "upper bound": "yes" if said.bound else "no"}
    counted = units > 0  # an item without units has no rate of its own; its nats are in the whole all the same
    values = tuple((nats[counted] * scale / units[counted]).tolist())
    keys = tuple(np.array(said.keys)[counted].tolist()) if len(said.keys) == len(said) else ()
    value = float(nats.sum() * scale / units.sum())
    return Estimate(value, len(said), interval, None, Detail(values=values, keys=keys, facts=facts))


def _exponential(rate: Estimate | Absent) -> Estimate | Absent:
    if isinstance(rate, Absent) or rate.interval is None:
        return rate
    if rate.interval.high > 700:
        return Absent(f"{rate.value:.0f} nats per unit: the perplexity exceeds what a number can hold")
    low, high = math.exp(rate.interval.low), math.exp(rate.interval.high)
    interval = Interval(low, high, rate.interval.level, rate.interval.method)
    return Estimate(math.exp(rate.value), rate.n, interval, None, Detail(facts=rate.detail.facts))
