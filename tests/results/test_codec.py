"""An outcome written is the outcome read, to the last bit."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genbench.core.errors import ResultsError
from genbench.core.score import (
    Detail,
    Environment,
    Estimate,
    Exhibit,
    Failed,
    Interval,
    ItemRef,
    Metric,
    Provenance,
    Score,
    Skipped,
    Toward,
)
from genbench.results.codec import decode, encode

WHERE = Environment("0.1.0", "abc", True, "3.11", "here", "cpu", {"torch": "2.9"})
ORIGIN = Provenance("a.b", "v", {"k": 5, "target": {"x": 0.5}}, "m", "d", "data", "d", "lens", "d", 0, "float32", WHERE)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def again(outcome):
    return decode(json.loads(json.dumps(encode(outcome), allow_nan=False)), WHERE)


HALF = Estimate(0.5, 10)


def score(better="lower", estimate=HALF, **metric):
    return Score("a.b", "x", "m", "data", "lens", "X", Metric("share", better, "Said.", **metric), estimate, ORIGIN)


@pytest.mark.parametrize("better", ["lower", "higher", Toward(0.5)])
def test_every_direction_comes_back(better):
    assert again(score(better, tolerance=0.1, margin=0.01, repeatable=False)) == score(
        better, tolerance=0.1, margin=0.01, repeatable=False
    )


@given(NUMBERS, st.none() | NUMBERS, st.lists(NUMBERS, max_size=5), NUMBERS, NUMBERS)
def test_numbers_come_back_to_the_last_bit(value, floor, values, end, other):
    interval = Interval(min(end, other), max(end, other), 0.9, "made up")
    keys = tuple(f"held_out/{i}" for i in range(len(values)))
    exhibit = Exhibit("seen", (ItemRef("generated", 3), ItemRef("train", 4)), value)
    detail = Detail(tuple(values), keys, keys, (exhibit,), {"a": None, "b": [1, "two", {"c": True}]})
    whole = score(estimate=Estimate(value, 7, interval, floor, detail))
    assert again(whole) == whole
    assert again(whole).state == whole.state


@given(st.text(), st.text())
def test_reasons_and_errors_come_back_whatever_is_in_them(text, other):
    text, other = (t.encode("utf-8", "replace").decode() for t in (text, other))
    for outcome in (Skipped("a.b", text, "data", "", other, "x"), Failed("a.b", text, "data", "", other, other)):
        assert again(outcome) == outcome


def test_the_environment_is_kept_once_and_not_in_each_score():
    assert "environment" not in encode(score())["provenance"]
    elsewhere = Environment("0.1.0", "abc", True, "3.11", "elsewhere", "cuda", {})
    assert decode(encode(score()), elsewhere).provenance.environment.platform == "elsewhere"


def test_absence_is_never_a_number():
    plain = encode(score(estimate=Estimate(0.0, 10)))
    assert plain["estimate"]["interval"] is None
    assert plain["estimate"]["floor"] is None


@pytest.mark.parametrize(
    "plain",
    [
        {"kind": "guess"},
        {},
        {"kind": "skipped", "probe": "a.b"},
        {"kind": "failed", "probe": "a.b", "model": "m", "dataset": "d", "lens": "", "error": "e", "mood": "bad"},
        {"kind": "score"},
        {**encode(score()), "estimate": {"value": 1.0}},
        {**encode(score()), "definition": {"unit": "share"}},
    ],
)
def test_a_record_that_is_no_outcome_is_a_results_error(plain):
    with pytest.raises(ResultsError):
        decode(plain, WHERE)


def test_decoding_leaves_the_record_as_it_was():
    plain = encode(score())
    before = json.dumps(plain)
    decode(plain, WHERE)
    assert json.dumps(plain) == before
