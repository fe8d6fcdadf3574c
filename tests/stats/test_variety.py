"""Repetition: counts by hand, self-BLEU as nltk 3 gives it (method 1), and the jackknife's coverage."""

import numpy as np
import pytest

from genbench.stats.variety import distinct, left_out_interval, repeated, self_bleu, words_of

TEXTS = [
    ["the", "cat", "sat", "on", "the", "mat"], ["the", "cat", "sat", "on", "a", "mat", "today"],
    ["a", "dog", "ran", "on", "the", "mat"], ["no", "thing", "shared", "here"],
]  # fmt: skip


def test_words_and_marks():
    assert words_of("It's 3.5, OK?") == ["it", "'", "s", "3", ".", "5", ",", "ok", "?"]


def test_distinct_by_hand():
    assert distinct([["a", "b", "a"], ["a", "b"]], 1) == pytest.approx(2 / 5)
    assert distinct([["a", "b", "a"], ["a", "b"]], 2) == pytest.approx(2 / 3)
    assert np.isnan(distinct([["a"]], 2))


def test_repeated_by_hand():
    """abcdabcd has five runs of four, four of them different; abc has none and is left out."""
    assert repeated([list("abcdabcd"), list("abc"), list("efgh")], 4) == pytest.approx([1 / 5, 0])
    assert len(repeated([list("abc")], 4)) == 0


def test_self_bleu_is_nltks_mean_against_all_others():
    assert self_bleu(TEXTS) == pytest.approx(0.33692818465479946)
    assert self_bleu([TEXTS[0]] * 3) == pytest.approx(1.0)
    assert self_bleu([list("abcd"), list("efgh"), []]) == 0.0


def test_the_jackknife_covers_the_mean_of_many_draws():
    def draw(seed):
        rng = np.random.default_rng(seed)
        p = 1 / np.arange(1, 301)
        return [[str(w) for w in rng.choice(300, 20, p=p / p.sum())] for _ in range(40)]

    for statistic in (self_bleu, lambda texts: distinct(texts, 2)):
        truth = np.mean([statistic(draw(1000 + seed)) for seed in range(50)])
        held = [left_out_interval(statistic, draw(seed), groups=10) for seed in range(50)]
        assert np.mean([interval.low <= truth <= interval.high for interval in held]) >= 0.88
