"""Permutation nulls: exact where sides are exchangeable, and sharp where they are not."""

from __future__ import annotations

from functools import partial
from math import comb

import numpy as np
import pytest
from scipy import stats as scipy_stats

from genbench.core.chance import stream
from genbench.core.evidence import Features, LogProbs
from genbench.core.score import Estimate
from genbench.probes.memorization import _blind as blind_file
from genbench.probes.memorization import copying as copying_file
from genbench.probes.memorization import membership as membership_file
from genbench.stats.permutation import DEALS, deals, dealt_auc_interval, p_value, reach
from genbench.stats.roc import auc_interval


def test_dealings_keep_the_sizes_and_reach_every_split():
    dealt = deals(2, 3, 4000, np.random.default_rng(0))
    assert (dealt.sum(axis=1) == 2).all()
    counts = np.unique(dealt, axis=0, return_counts=True)[1]
    assert len(counts) == comb(5, 2)
    assert scipy_stats.chisquare(counts).pvalue > 0.001


def test_a_p_value_is_never_0_and_counts_ties_against_itself():
    assert p_value(3.0, np.array([1.0, 2.0, 4.0])) == 2 / 4
    assert p_value(9.0, np.array([1.0, 2.0, 4.0])) == 1 / 4
    assert p_value(1.0, np.array([1.0, 1.0, 1.0])) == 1.0


def test_it_is_scipys_p_value_for_the_same_dealings():
    rng = np.random.default_rng(4)
    x, y = rng.normal(0.5, 1, 8), rng.normal(size=9)
    pool = np.concatenate([x, y])
    dealt = deals(8, 9, 9999, rng)
    null = np.array([pool[first].mean() - pool[~first].mean() for first in dealt])
    peer = scipy_stats.permutation_test(
        (x, y), lambda a, b: a.mean() - b.mean(), n_resamples=np.inf, alternative="greater"
    )
    assert p_value(x.mean() - y.mean(), null) == pytest.approx(peer.pvalue, abs=0.02)


def test_the_reach_is_the_order_statistic_that_holds_the_level():
    null = np.arange(1.0, 200.0)  # 199 dealings: of 200 values 190 lie at or below the 190th
    assert reach(null, 0.95) == 190.0
    assert reach(np.arange(1.0, 20.0), 0.95) == 19.0
    assert reach(np.arange(1.0, 19.0), 0.95) == np.inf  # 18 dealings cannot tell


def test_scores_that_do_not_depend_on_the_sides_keep_delongs_interval_or_nearly():
    """Nothing ties independent items together, so the permutation quantile is z but for chance."""
    rng = np.random.default_rng(5)
    ratios = []
    for _ in range(20):
        x, y = rng.normal(1, 1, 60), rng.normal(size=80)
        found = dealt_auc_interval((x, y), partial(as_they_are, np.concatenate([x, y])), rng=rng)
        plain = auc_interval(x, y)
        ratios.append((found.high - found.low) / (plain.high - plain.low))
    assert min(ratios) >= 1 - 1e-9
    assert np.mean(ratios) < 1.1


def as_they_are(pool, dealt):
    return np.tile(pool, (len(dealt), 1))


def false_fires(draw, runs: int) -> tuple[float, float]:
    """Shares of runs in which (DeLong's interval alone, the probe's) leave 0.5 out."""
    before = after = 0
    for i in range(runs):
        plain, found = draw(np.random.default_rng([7, i]), i)
        before += not plain.low <= 0.5 <= plain.high
        after += not found.low <= 0.5 <= found.high
    return before / runs, after / runs


def watched(monkeypatch, file) -> list:
    """What DeLong's formula alone would have said, beside each interval that the probe makes."""
    said = []
    real = file.dealt_auc_interval

    def both(seen, scores, *, rng):
        said.append(auc_interval(*seen))
        return real(seen, scores, rng=rng)

    monkeypatch.setattr(file, "dealt_auc_interval", both)
    return said


def test_a_blind_judge_of_like_sets_fires_as_often_as_it_says(monkeypatch):
    said = watched(monkeypatch, blind_file)

    def draw(rng, i):
        sides = [LogProbs(-rng.exponential(size=60), {"byte": np.full(60, 10)}) for _ in range(2)]
        seen = [Features(rng.normal(size=(60, 6))) for _ in range(2)]
        found = membership_file.membership(*sides, *seen, rng=stream(i, "membership"))["blind_auc"]
        assert isinstance(found, Estimate)
        return said[-1], found.interval

    before, after = false_fires(draw, 100)
    assert before > 0.08  # 15 to 18 % in six other settings, 200 draws each
    assert after < 0.12  # 5 % is due; 100 draws tell no finer


def test_leaning_to_the_training_set_fires_no_more_often_than_it_says(monkeypatch):
    said = watched(monkeypatch, copying_file)

    def draw(rng, i):
        sides = (Features(rng.standard_t(3, size=(n, 3))) for n in (60, 150, 60))
        found = copying_file.copying(*sides, rng=stream(i, "copying"))["closer"]
        assert isinstance(found, Estimate)
        return said[-1], found.interval

    before, after = false_fires(draw, 100)
    assert after <= before
    assert after < 0.12


def test_a_copycat_is_still_heard():
    rng = np.random.default_rng(8)
    train, held_out = rng.normal(size=(200, 4)), rng.normal(size=(100, 4))
    outputs = np.vstack([train[:60] + 0.05 * rng.normal(size=(60, 4)), rng.normal(size=(40, 4))])
    found = copying_file.copying(Features(outputs), Features(train), Features(held_out), rng=rng)["closer"]
    assert isinstance(found, Estimate)
    assert found.interval.low > 0.5


def test_the_number_of_dealings_resolves_the_level():
    assert reach(np.zeros(DEALS), 0.99) == 0.0
