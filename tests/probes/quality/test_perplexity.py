"""Perplexity against direct computation, a uniform model's truth, orders of a model on real prose, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import LogProbs
from genbench.core.model import Training
from genbench.core.score import Absent, Estimate
from genbench.data.pydoc import pydoc
from genbench.models.ngram import Ngram
from genbench.probes.quality.perplexity import perplexity


def said(nats, **counts) -> LogProbs:
    return LogProbs(np.asarray(nats, float), {unit: np.asarray(c, np.int64) for unit, c in counts.items()})


def test_it_equals_direct_computation():
    found = perplexity(said([-10.0, -30.0, -5.0], byte=[5, 10, 4], token=[2, 6, 2], word=[1, 3, 1]))
    assert found["bits_per_byte"].value == pytest.approx(45 / 19 / math.log(2))
    assert found["token_perplexity"].value == pytest.approx(math.exp(45 / 10))
    assert found["word_perplexity"].value == pytest.approx(math.exp(45 / 5))
    assert found["bits_per_byte"].detail.values == pytest.approx([v / math.log(2) for v in (2.0, 3.0, 1.25)])
    assert isinstance(found["bits_per_dimension"], Absent)
    for name in ("bits_per_byte", "token_perplexity", "word_perplexity"):
        assert found[name].interval.low <= found[name].value <= found[name].interval.high
        assert found[name].floor is None


def test_a_uniform_model_over_256_values_needs_8_bits():
    lengths = np.array([3, 50, 7, 1])
    found = perplexity(said(-lengths * math.log(256), byte=lengths))["bits_per_byte"]
    assert (found.value, found.interval.low, found.interval.high) == pytest.approx((8, 8, 8))


def test_the_interval_covers_where_long_items_differ_from_short_ones():
    """Documents have a rate of their own, so that units within one are not independent."""
    rng, covered = np.random.default_rng(0), 0
    truth = 2.0  # E[nats] / E[units]: rate 1 or 3 by a coin, lengths from the same law
    for _ in range(400):
        lengths = rng.integers(5, 200, 80)
        rates = rng.choice([1.0, 3.0], 80)
        found = perplexity(said(-lengths * rates, dimension=lengths))["bits_per_dimension"]
        covered += found.interval.low <= truth / math.log(2) <= found.interval.high
    assert 0.91 <= covered / 400 <= 0.985


def test_a_unigram_model_needs_more_bits_than_a_higher_order():
    data = pydoc()
    bits = []
    for order in (1, 4):
        model = Ngram(order=order)
        model.fit(data, Training())
        bits.append(perplexity(model.log_prob(data.take("held_out", 120)))["bits_per_byte"])
    assert bits[1].interval.high < bits[0].interval.low < 8


def test_items_without_units_count_in_the_whole_and_have_no_rate():
    items = LogProbs(
        np.array([-2.0, -4.0, -6.0]), {"word": np.array([0, 2, 4]), "byte": np.array([1, 9, 20])}, ("a", "b", "c")
    )
    found = perplexity(items)["word_perplexity"]
    assert found.value == pytest.approx(math.exp(12 / 6))
    none = perplexity(said([-1.0, -2.0], word=[0, 0], byte=[1, 1]))
    assert isinstance(none["word_perplexity"], Absent)
    assert isinstance(none["bits_per_byte"], Estimate)
    rated = perplexity(LogProbs(items.nats, {"byte": np.array([0, 9, 20])}, items.keys))["bits_per_byte"]
    assert rated.detail.keys == ("b", "c")
    assert len(rated.detail.values) == 2


def test_the_impossible_and_the_unknown_are_told_apart():
    impossible = perplexity(said([-1.0, -math.inf, -2.0], byte=[1, 1, 1]))["bits_per_byte"]
    assert isinstance(impossible, Absent)
    assert "1 of 3 items probability 0, the first is item 1" in impossible.because
    with pytest.raises(ProbeError, match=r"held_out: the log-probability of item 2 is nan"):
        perplexity(said([-1.0, -2.0, math.nan], byte=[1, 1, 1]))
    with pytest.raises(NotApplicable, match="at least 2 items"):
        perplexity(said([-1.0], byte=[1]))
    huge = perplexity(said([-1e4, -1.1e4], token=[1, 1]))["token_perplexity"]
    assert isinstance(huge, Absent)
    assert "exceeds" in huge.because
