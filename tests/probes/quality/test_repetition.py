"""Repetition beside real texts: nothing for a second sample, loops and echoes heard, sides cut alike."""

import numpy as np
import pytest

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Texts
from genbench.core.score import excess
from genbench.probes.quality.repetition import repetition


def prose(n, seed, words=50):
    rng = np.random.default_rng(seed)
    p = 1 / np.arange(1, 501)
    return Texts(tuple(" ".join(f"w{w}" for w in rng.choice(500, words, p=p / p.sum())) for _ in range(n)))


def alarmed(name, estimate):
    metric = repetition.__genbench__.reports[name]
    return excess((estimate.interval.low, estimate.interval.high), estimate.floor, metric.better)[0] > metric.tolerance


def test_a_second_sample_is_at_its_floor():
    for name, found in repetition(prose(80, 0), prose(80, 1)).items():
        assert found.interval.low <= found.floor <= found.interval.high, name


def test_control_texts_that_say_themselves_twice():
    """Half of a text is its first half: of its 47 runs of four, 22 come again, give or take those of chance."""
    half = prose(60, 0, 25).texts
    found = repetition(Texts(tuple(f"{text} {text}" for text in half)), prose(60, 1))["repeated"]
    assert found.value == pytest.approx(22 / 47, abs=0.01)
    assert alarmed("repeated", found)
    assert found.detail.exhibits[0].items[0].role == "generated"


def test_control_one_text_over_and_over():
    found = repetition(Texts(prose(1, 0).texts * 40), prose(40, 1))
    assert found["self_bleu"].value == pytest.approx(1.0)
    assert found["distinct_1"].value < 0.03
    assert alarmed("self_bleu", found["self_bleu"])


def test_sides_are_cut_to_the_same_amount_of_text():
    found = repetition(prose(200, 0, 100), prose(60, 1, 40))
    assert found["distinct_2"].n == 60
    assert found["distinct_2"].detail.facts["words of each at most"] == 40
    assert found["distinct_2"].interval.low <= found["distinct_2"].floor <= found["distinct_2"].interval.high


def test_too_little_text_is_not_scored():
    with pytest.raises(NotApplicable, match="needs 20 texts"):
        repetition(prose(10, 0), prose(60, 1))
    with pytest.raises(NotApplicable, match="fewer than 4 words"):
        repetition(prose(30, 0, 3), prose(30, 1))
