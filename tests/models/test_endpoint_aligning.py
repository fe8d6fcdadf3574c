"""Tokens found again in the text that was sent, however the server spells them."""

import math

import pytest

from genbench.models._endpoint_aligning import Unreadable, placed, said_of


def walked(text, tokens):
    """(begin, end) in bytes of each token."""
    return [(p.begin, p.end) for p in placed(text, tokens, [-1.0] * len(tokens))]


def test_plain_tokens_stand_where_they_are_written():
    assert walked("The dog ran.", ["The", " dog", " ran", "."]) == [(0, 3), (3, 7), (7, 11), (11, 12)]


def test_a_start_token_has_no_place_and_what_was_generated_behind_the_text_is_left_out():
    assert walked("A dog", ["<s>", "A", " dog", " ran"]) == [(0, 0), (0, 1), (1, 5)]


def test_a_space_of_the_tokenizers_own_and_one_that_it_lost_are_both_followed():
    assert walked("One day", ["\u2581One", "\u2581day"]) == [(0, 3), (3, 7)]
    assert walked("One day", [" One", " day"]) == [(0, 3), (3, 7)]
    assert walked("One  day", ["One", "", "day"]) == [(0, 3), (3, 3), (3, 8)]
    assert walked("One ", ["<s>", "One", "", "more"]) == [(0, 0), (0, 3), (3, 3)]


@pytest.mark.parametrize(
    "tokens",
    [
        ["caf", "<0xC3>", "<0xA9>", "!"],
        ["caf", "bytes:\\xc3", "bytes:\\xa9", "!"],
        ["caf", "\ufffd", "\ufffd", "!"],
    ],
)
def test_the_bytes_of_a_cut_character_are_followed_in_each_spelling(tokens):
    found = walked("café!", tokens)
    assert found[0] == (0, 3)
    assert found[2][1] == 5
    assert found[3] == (5, 6)


def test_a_literal_that_looks_like_a_byte_is_still_a_literal():
    assert walked("<0xC3>", ["<0xC3>"]) == [(0, 6)]


def test_what_cannot_be_followed_is_said_and_not_guessed():
    with pytest.raises(Unreadable, match=r"token 1 \(' cat'\) is not what stands at byte 3"):
        walked("The dog", ["The", " cat"])
    with pytest.raises(Unreadable, match="end at byte 3 of 7"):
        walked("The dog", ["The"])


def test_log_probs_are_read_as_sent_and_a_clamped_one_is_infinite():
    choice = {"logprobs": {"tokens": ["a", "b", "c"], "token_logprobs": [None, -0.5, -9999.0]}}
    assert said_of(choice) == (["a", "b", "c"], [None, -0.5, -math.inf])
    content = {"logprobs": {"content": [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -1}]}}
    assert said_of(content) == (["a", "b"], [-0.5, -1.0])
    with pytest.raises(Unreadable, match="2 log-probs were returned for 3 tokens"):
        said_of({"logprobs": {"tokens": ["a", "b", "c"], "token_logprobs": [None, -0.5]}})
    for nothing in ({}, {"logprobs": None}, {"logprobs": {"tokens": [], "token_logprobs": []}}):
        with pytest.raises(Unreadable, match="no log-probs were returned"):
            said_of(nothing)
