"""Numbers as people write them, and sentences that say what the numbers do."""

from __future__ import annotations

import pytest
from report.staged import COPIES, DISTANCE, LEANING, score

from genbench.core.score import Estimate, Interval, Metric, Toward
from genbench.report.cast import Member
from genbench.report.numbers import count, duration, figures, listed, number, quantity
from genbench.report.reading import in_words, ranking, told


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0"),
        (0.013333, "0.0133"),
        (0.00999999, "0.0100"),
        (12.345, "12.3"),
        (1234.5, "1,230"),
        (-0.5, "−0.500"),
        (4.5611e-7, "4.56 × 10⁻⁷"),
        (-2.5e9, "−2.50 × 10⁹"),
        (999.9, "1,000"),
    ],
)
def test_three_significant_digits(value, written):
    assert number(value) == written


def test_an_interval_has_the_decimals_of_its_value():
    told = figures(Estimate(0.23149, 100, Interval(0.1972, 0.27), 0.011862))
    assert (told.value, told.interval, told.floor) == ("0.231", "[0.197, 0.270]", "0.0119")


def test_a_narrow_interval_does_not_read_as_none():
    told = figures(Estimate(1234.0, 100, Interval(1233.6, 1234.4)))
    assert (told.value, told.interval) == ("1,234.0", "[1,233.6, 1,234.4]")


def test_a_value_near_zero_takes_its_decimals_from_the_interval():
    assert figures(Estimate(0.000012, 100, Interval(-0.31, 0.29))).interval == "[−0.310, 0.290]"


def test_units_read_as_sentences():
    assert quantity(0.21, "share of outputs") == "21.0 % of outputs"
    assert quantity(0.5, "share") == "50.0 %"
    assert quantity(2.5, "nats/token") == "2.50 nats/token"
    assert [duration(s) for s in (0.0004, 0.25, 90, 600, 9000)] == [
        "under 1 ms",
        "250 ms",
        "90.0 s",
        "10.0 min",
        "2.50 h",
    ]
    assert [count(n, "alarm") for n in (0, 1, 2)] == ["0 alarms", "1 alarm", "2 alarms"]
    assert [listed(list(names)) for names in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("value", "half", "ending"),
    [(0.2, 0.05, "alarm."), (0.01, 0.005, "clear."), (0.03, 0.02, "neither clear nor an alarm.")],
)
def test_a_reading_ends_with_the_state_of_the_score(value, half, ending):
    said = in_words(score("vae", COPIES, value, half))
    assert said.startswith("A perfect model shows 0.0100 here.")
    assert said.endswith(ending)


def test_scores_without_a_limit_are_set_beside_their_floor():
    assert "whole interval is worse" in in_words(score("vae", DISTANCE, 3, 1, floor=0.0))
    assert "interval holds that value" in in_words(score("vae", DISTANCE, 1, 2, floor=0.0))
    assert "whole interval is better" in in_words(score("vae", DISTANCE, -3, 1, floor=0.0))
    assert "does not hold" in in_words(score("vae", LEANING, 0.8, 0.1, floor=0.5))
    assert "no interval is known" in in_words(score("vae", DISTANCE, 3, 0, floor=0.0))
    assert "No perfect value is known" in in_words(score("vae", DISTANCE, 3, 1, floor=None))


def test_shares_are_told_in_percent():
    assert told(score("vae", COPIES, 0.2, 0.05)) == (
        "20.0 % of outputs (between 15.0 and 25.0 %), where a perfect model shows 1.00 %"
    )


def cast_of(*names: str) -> dict[str, Member]:
    return {n: Member(n, n, "gaussian" if n == "noise" else "vae", "digits", "noise" * (n == "noise")) for n in names}


def distances(**values: float):
    return [score(n, DISTANCE, v, 1.0, id="quality.frechet.distance", floor=0.0) for n, v in values.items()]


def test_a_ranking_claims_no_more_than_the_intervals_show():
    members = cast_of("a", "b", "c", "noise")
    assert ranking(distances(a=1, b=5, c=9), members).startswith("a is ahead of the others")
    assert ranking(distances(a=1, b=2, c=9), members) == (
        "a leads, but its interval meets that of b. "
        "In order, with ~ between neighbours whose intervals meet: a ~ b > c."
    )
    assert ranking(distances(a=1, b=2, c=2.5), members).startswith("No model is clearly ahead")


def test_a_ranking_says_who_beats_noise():
    members = cast_of("a", "b", "noise")
    assert "All of them beat the noise control (noise) clearly." in ranking(distances(a=1, b=5, noise=30), members)
    assert "Not clearly better than the noise control (noise): b." in ranking(distances(a=1, b=29, noise=30), members)


def test_without_intervals_nothing_is_ranked():
    bare = [score(n, DISTANCE, v, 0, id="quality.frechet.plug_in") for n, v in (("a", 1.0), ("b", 9.0))]
    assert ranking(bare, cast_of("a", "b")) == ""


def test_a_target_ranks_by_distance_from_it():
    metric = Metric("probability", Toward(0.5), "Leaning.", title="Leaning")
    scores = [score(n, metric, v, 0.01, floor=0.5) for n, v in (("a", 0.2), ("b", 0.55))]
    assert "interval of b meets every other" in ranking(scores, cast_of("a", "b"))
