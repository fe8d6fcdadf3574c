"""What follows a context: by hand, uniform bytes, other contexts' continuations, and what has no number."""

from dataclasses import replace

import numpy as np
import pytest

from genbench.core.data import Dataset
from genbench.core.errors import NotApplicable
from genbench.core.evidence import Choices
from genbench.core.model import Training
from genbench.core.score import Absent
from genbench.models.ngram import Ngram
from genbench.probes.quality.continuation import continuation


def asked(nats, answers=None, sizes=None, counts=None, facts=None):
    nats = np.asarray(nats, dtype=np.float64)
    n, k = nats.shape
    counts = {"byte": np.asarray(counts)} if counts is not None else {"token": np.ones((n, k), np.int64)}
    answers = np.full(n, -1) if answers is None else np.asarray(answers)
    return Choices(
        nats, np.full(n, k) if sizes is None else np.asarray(sizes), counts, answers, ("all",) * n, facts or ({},) * n
    )


def test_by_hand():
    """1 and 3 bits over 1 and 3 bytes: 4 bits in 4 bytes; perplexity exp(mean nats) = 2^2."""
    found = continuation(asked(np.log(2) * np.array([[-1.0], [-3.0]]), counts=[[1], [3]]))
    assert found["bits_per_byte"].value == pytest.approx(1.0)
    assert found["perplexity"].value == pytest.approx(4.0)
    assert found["perplexity"].interval.low < 4 < found["perplexity"].interval.high


def test_truth_uniform_bytes_are_eight_bits():
    found = continuation(asked(np.full((5, 1), -np.log(256)), counts=np.ones((5, 1), np.int64)))
    assert found["bits_per_byte"].value == pytest.approx(8.0)
    assert found["perplexity"].value == pytest.approx(256.0)


def test_of_a_question_with_several_options_the_right_one_counts():
    nats = [[-1.0, -2.0], [-3.0, -4.0], [-5.0, -6.0]]
    found = continuation(asked(nats, answers=[1, 0, -1], counts=np.ones((3, 2), np.int64)))
    assert found["perplexity"].value == pytest.approx(np.exp(2.5))
    assert found["perplexity"].detail.facts["questions left out"] == 1


def test_control_continuations_of_other_contexts_need_more_bits():
    ways = [("a cat", " mat"), ("a dog", " log"), ("an owl", " bowl")]
    texts = [opening + end for opening, end in ways] * 6
    splits = {"train": np.arange(18), "held_out": np.arange(18)}
    model = Ngram(order=6)
    model.fit(Dataset("rhymes", "text", texts, splits, tuple(map(str, range(18))), "d", "", ""), Training())
    openings, ends = zip(*ways, strict=True)
    bits = []
    for moved in (ends, ends[1:] + ends[:1]):
        made = model.log_prob_given(list(openings), list(moved))
        bits.append(continuation(asked(made.nats[:, None], counts=made.counts["byte"][:, None]))["bits_per_byte"].value)
    assert bits[0] < 1 < bits[1]


def test_accuracy_is_of_continuations_whose_every_token_is_the_first_choice():
    """3 of 3 tokens, 1 of 2, 1 of 1, 0 of 1: half of four; of options that are not right nothing counts."""
    tokens, first = np.array([[3, 1], [2, 1], [1, 1], [1, 1]]), np.array([[3, 0], [1, 1], [1, 0], [0, 1]])
    made = asked(-np.ones((4, 2)), answers=[0, 0, 0, 0], counts=tokens)
    told = replace(made, counts={"token": tokens, "likeliest": first})
    found = continuation(told)["accuracy"]
    assert (found.value, found.n, found.detail.values) == (0.5, 4, (1.0, 0.0, 1.0, 0.0))
    assert found.interval.low < 0.5 < found.interval.high
    assert found.detail.facts["tokens of a continuation, mean"] == 1.75
    never = continuation(replace(told, counts={"token": tokens, "likeliest": 0 * first}))["accuracy"]
    always = continuation(replace(told, counts={"token": tokens, "likeliest": tokens}))["accuracy"]
    assert (never.value, always.value) == (0.0, 1.0)
    assert never.interval.high > 0.3  # four questions can prove neither
    assert always.interval.low < 0.7
    impossible = continuation(replace(told, nats=np.array([[-np.inf, 0]] * 4)))
    assert (impossible["accuracy"].value, isinstance(impossible["perplexity"], Absent)) == (0.5, True)
    assert "does not tell" in continuation(made)["accuracy"].because


def test_what_is_impossible_has_no_number():
    found = continuation(asked([[-1.0], [-np.inf]], counts=[[1], [1]]))
    assert isinstance(found["bits_per_byte"], Absent)
    assert "1 of 2" in found["perplexity"].because
    assert "hold" in continuation(asked([[-800.0], [-801.0]]))["perplexity"].because
    assert isinstance(continuation(asked([[-1.0], [-2.0]]))["bits_per_byte"], Absent)
    with pytest.raises(NotApplicable, match="fewer than 2 clusters"):
        continuation(asked([[-1.0], [-2.0]], facts=({"cluster": "p"},) * 2))
