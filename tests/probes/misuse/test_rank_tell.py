"""Outputs told by where their tokens stand among a model's guesses, and never by their length."""

import numpy as np
import pytest
from scipy.stats import norm

from genbench.core.errors import NotApplicable
from genbench.core.evidence import TokenLogProbs
from genbench.core.model import Training
from genbench.data.pydoc import pydoc
from genbench.models.lstm import Lstm
from genbench.probes.misuse.likelihood_tell import likelihood_tell
from genbench.probes.misuse.rank_tell import rank_tell
from genbench.stats.tells import mean_log_rank


def ranked(rows, lengths=None):
    flat = np.array([r for row in rows for r in row], dtype=np.int64)
    sizes = np.array([len(row) for row in rows], dtype=np.int64)
    counts = {"byte": sizes if lengths is None else np.asarray(lengths, dtype=np.int64)}
    blank = np.zeros(len(flat))
    return TokenLogProbs(blank, blank, blank, np.concatenate([[0], np.cumsum(sizes)]), counts, ranks=flat)


def ask(generated, held_out, seed=0):
    return rank_tell(generated, held_out, rng=np.random.default_rng(seed))["auc"]


def test_the_score_is_minus_the_mean_log_rank_worked_by_hand():
    found = mean_log_rank(ranked([[1, 1], [2, 8], [], [10]]))
    assert found.tolist() == pytest.approx([0.0, -np.log(4), 0.0, -np.log(10)])


def test_truth_a_known_shift_of_scores_is_told_as_well_as_it_can_be():
    """Items of one token of rank exp(5 + z): -s is normal, one apart; the best detector has Phi(1 / sqrt 2) = 0.76."""
    chance = np.random.default_rng(1)
    real, made = (
        ranked([[int(np.exp(9 - up + chance.normal()))] for _ in range(3000)], np.full(3000, 50)) for up in (0, 1)
    )
    found = ask(made, real)
    assert found.value == pytest.approx(norm.cdf(1 / np.sqrt(2)), abs=0.03)
    same = ask(real, ranked([[int(np.exp(9 + chance.normal()))] for _ in range(3000)], np.full(3000, 50)))
    assert same.interval.low < 0.5 < same.interval.high


def test_outputs_that_always_take_the_likeliest_token_are_told_whatever_their_length():
    chance = np.random.default_rng(2)
    lengths = chance.integers(20, 60, 200)
    made = ranked([np.minimum(1 + chance.poisson(0.2, n), 3) for n in lengths])
    real = ranked([1 + chance.poisson(4.0, n) for n in chance.integers(20, 60, 400)])
    assert ask(made, real).interval.low > 0.95


def test_what_is_missing_is_said():
    real = ranked([[1, 2]] * 3)
    with pytest.raises(NotApplicable, match="needs 40 outputs with a real item of their length"):
        ask(real, real)
    blank = np.zeros(2)
    silent = TokenLogProbs(blank, blank, blank, np.array([0, 2]), {"byte": np.array([2])})
    with pytest.raises(NotApplicable, match="tells no ranks"):
        ask(silent, real)


def test_a_trained_lstm_that_draws_from_the_likeliest_is_told_by_rank():
    docs = pydoc()
    model = Lstm(width=24, steps=60, longest=100, temperature=0.4)
    model.fit(docs, Training())
    real = [text[:100] for text in docs.take("held_out", 160)]
    made = [text[:100] for text in model.sample(range(160))]
    said, known = model.token_log_probs(real), model.token_log_probs(made)
    assert said.ranks is not None
    assert (said.ranks >= 1).all()
    by_rank = ask(known, said)
    assert by_rank.interval.low > 0.8
    by_nats = likelihood_tell(model.log_prob(made), model.log_prob(real), rng=np.random.default_rng(0))["auc"]
    assert by_rank.value == pytest.approx(by_nats.value, abs=0.15)
