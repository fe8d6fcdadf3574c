"""Intervals that hold at every look at once, against independent reckonings of the same bounds."""

import functools
import math

import numpy as np
import pytest
from scipy import integrate
from scipy import stats as scipy_stats

from genbench.core.score import Detail, Estimate, Interval
from genbench.stats.intervals import mean_interval, wilson
from genbench.stats.sequential import look_interval, look_sizes, mean_sequence, rate_sequence, widened
from genbench.stats.skewed import skewed_mean_interval

ALPHA = 0.1


def test_looks_double_and_end_with_the_budget():
    assert look_sizes(500) == (63, 125, 250, 500)
    assert look_sizes(4000) == (63, 125, 250, 500, 1000, 2000, 4000)
    assert look_sizes(99) == (50, 99)
    assert look_sizes(30) == (30,)
    assert all(b <= 2 * a for budget in range(50, 2000, 37) for a, b in zip(look_sizes(budget), look_sizes(budget)[1:]))


@pytest.mark.parametrize(("successes", "n"), [(0, 63), (1, 40), (12, 100), (250, 500), (60, 60), (299, 300)])
def test_a_rate_is_out_where_the_mixed_likelihood_is_too_many_times_its_own(successes, n):
    """The ratio by numerical integration of the likelihood over Jeffreys' prior, not by the beta function."""
    found = rate_sequence(successes, n, 0.05)
    scale = scipy_stats.binom.logpmf(successes, n, max(1e-9, min(1 - 1e-9, successes / n)))

    def likelihood(p):
        return math.exp(scipy_stats.binom.logpmf(successes, n, p) - scale)

    mixed = integrate.quad(lambda u: likelihood(math.sin(u) ** 2) * 2 / math.pi, 0, math.pi / 2, limit=400)[0]
    for end in (found.low, found.high):
        if 1e-6 < end < 1 - 1e-6:
            assert mixed / likelihood(end) == pytest.approx(20, rel=1e-3)
    assert found.low <= successes / n <= found.high
    assert (found.low == 0, found.high == 1) == (successes == 0, successes == n)


def by_hand(x, alpha, m):
    """Whether two gamblers, told of one item after another, ever grow rich enough to rule m out."""
    up = down = 0.5
    mean, variance, past = 0.5, 0.25, []
    for t, item in enumerate(x, start=1):
        bet = math.sqrt(2 * math.log(2 / alpha) / (variance * t * math.log(t + 1)))
        up *= 1 + min(bet, 0.75 / m) * (item - m)
        down *= 1 - min(bet, 0.75 / (1 - m)) * (item - m)
        if max(up, down) >= 1 / alpha:
            return True
        past.append(item)
        mean = (0.5 + sum(past)) / (t + 1)
        variance = (variance * t + (item - mean) ** 2) / (t + 1)
    return False


@pytest.mark.parametrize("seed", range(3))
def test_a_mean_by_betting_equals_the_game_played_item_by_item(seed):
    rng = np.random.default_rng(seed)
    x = rng.beta(1 + seed, 3, size=120)
    found = mean_sequence(x, 0.05)
    kept = [m for m in np.linspace(0.01, 0.99, 99) if not by_hand(x, 0.05, m)]
    assert found.low == pytest.approx(min(kept), abs=0.0101)
    assert found.high == pytest.approx(max(kept), abs=0.0101)
    assert found.low <= min(kept)
    assert max(kept) <= found.high


def test_betting_beats_the_bound_that_knows_no_variance():
    """Hoeffding's, valid at one n only, is wider than the sequence valid at all of them where the variance is small."""
    x = np.random.default_rng(0).beta(2, 38, size=500)
    found = mean_sequence(x, 0.05)
    assert found.high - found.low < 2 * math.sqrt(math.log(2 / 0.05) / (2 * 500))


def always_held(draw, interval_at, truth, looks, runs):
    """The share of runs in which every look's interval held the truth."""
    held = 0
    for seed in range(runs):
        x = draw(np.random.default_rng(seed))
        held += all(i.low <= truth <= i.high for i in (interval_at(x[:n]) for n in looks))
    return held / runs


@pytest.mark.parametrize("truth", [0.01, 0.2])
def test_a_rate_holds_at_every_n_at_once(truth):
    at = functools.cache(lambda successes, n: rate_sequence(successes, n, ALPHA))
    share = always_held(
        lambda rng: rng.random(300) < truth, lambda x: at(int(x.sum()), len(x)), truth, range(5, 301, 5), 300
    )
    assert share >= 1 - ALPHA


def test_a_mean_by_betting_holds_at_every_n_at_once():
    share = always_held(
        lambda rng: rng.beta(0.5, 1.5, 200), lambda x: mean_sequence(x, ALPHA), 0.25, (200,), 200
    )  # fmt: skip  # the last of a running intersection holds only where all before it did
    assert share >= 1 - ALPHA


def test_ordinary_intervals_do_not_hold_at_every_look_and_widened_ones_do():
    looks = (25, 50, 100, 200, 400)
    draw = lambda rng: rng.normal(1, 1, size=400)
    peeking = always_held(draw, lambda x: mean_interval(x, level=1 - ALPHA), 1.0, looks, 300)
    held = always_held(
        draw, lambda x: widened(float(x.mean()), mean_interval(x), ALPHA / len(looks)), 1.0, looks, 300
    )  # fmt: skip
    assert peeking < 0.82
    assert held >= 1 - ALPHA


def test_widening_equals_the_interval_of_the_smaller_alpha_and_keeps_its_skew():
    x = np.random.default_rng(0).normal(size=4000)
    found, wanted = widened(float(x.mean()), mean_interval(x), 0.001), mean_interval(x, level=0.999)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=1e-4)
    skew = widened(1.0, Interval(0.9, 1.4), 0.005)
    assert (skew.high - 1) / (1 - skew.low) == pytest.approx(4)
    aside = widened(2.0, Interval(0.0, 1.0), 0.005)  # a value whose bias the interval took off
    assert aside.low == pytest.approx(1 - aside.high)
    assert widened(1.0, Interval(0.9, 1.4), 0.5) == Interval(0.9, 1.4, 0.95, ", widened")  # never made narrower


def test_few_hits_are_bounded_by_the_exact_sequence_not_by_a_stretched_interval():
    estimate = Estimate(0.0, 60, wilson(0, 60), None, Detail((0.0,) * 60))
    found = look_interval(estimate, alpha=0.004, looks=4)
    assert (found.low, found.high) == (0.0, rate_sequence(0, 60, 0.004).high)
    assert found.high > widened(0.0, wilson(0, 60), 0.001).high
    assert found.high >= 1 - 0.001 ** (1 / 60)  # the one-sided exact bound at the look's own alpha


def test_items_count_only_where_their_mean_is_the_estimate():
    own = Interval(0.1, 0.3)
    plain = look_interval(Estimate(0.2, 3, own), alpha=0.05, looks=4)
    for values in ((0.5, 0.9), (0.2, -0.1, 0.6), (1.2, -0.8)):
        assert look_interval(Estimate(0.2, 3, own, None, Detail(values)), alpha=0.05, looks=4) == plain
    counted = look_interval(Estimate(0.2, 5, own, None, Detail((0.0, 0.0, 0.0, 0.0, 1.0))), alpha=0.05, looks=4)
    assert counted.low <= plain.low
    assert counted.high > plain.high
    assert look_interval(Estimate(0.2, 3), alpha=0.05, looks=4) is None


def test_skewed_items_beyond_0_and_1_speak_by_hall_beside_the_own_interval():
    items = np.random.default_rng(3).exponential(size=50)
    own = mean_interval(items)
    found = look_interval(
        Estimate(float(items.mean()), 50, own, None, Detail(tuple(items.tolist()))), alpha=0.05, looks=4
    )
    plain, hall = widened(float(items.mean()), own, 0.05 / 4), skewed_mean_interval(items, level=1 - 0.05 / 4)
    assert (found.low, found.high) == (min(plain.low, hall.low), max(plain.high, hall.high))
    assert hall.high > plain.high  # the side on which Student's errs


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="no rate"):
        rate_sequence(3, 2, 0.05)
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        mean_sequence(np.array([0.2, 1.5]), 0.05)
