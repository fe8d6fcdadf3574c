"""Outputs told by their likelihood: across model families, matched by length, and never by length alone."""

import numpy as np
import pytest

from genbench.core.data import Dataset
from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import LogProbs
from genbench.core.model import Training
from genbench.data.pydoc import pydoc
from genbench.models.copycat import Copycat
from genbench.models.gpt import Gpt
from genbench.models.ngram import Ngram
from genbench.probes.misuse.likelihood_tell import likelihood_tell
from genbench.stats.tells import paired


def scored(each, lengths):
    lengths = np.asarray(lengths)
    return LogProbs(np.asarray(each) * lengths, {"token": lengths + 1, "byte": lengths})


def rng(seed=0):
    return np.random.default_rng(seed)


def test_truth_and_control():
    chance, lengths = rng(), rng(1).integers(80, 200, 800)
    real = scored(-1 + chance.normal(size=800) / 4, lengths)
    same = likelihood_tell(scored(-1 + chance.normal(size=800) / 4, lengths), real, rng=rng())["auc"]
    assert same.interval.low <= 0.5 <= same.interval.high
    likelier = likelihood_tell(scored(-0.5 + chance.normal(size=800) / 4, lengths), real, rng=rng())["auc"]
    # Two normals half a nat apart, each of spread 1/4: Phi(0.5 / (0.25 sqrt 2)) = 0.921
    assert likelier.interval.low < 0.921 < likelier.interval.high
    odder = likelihood_tell(
        scored(-1 + 0.8 * (-1.0) ** np.arange(800) + chance.normal(size=800) / 8, lengths), real, rng=rng()
    )["auc"]
    assert odder.value > 0.95


def test_pairs_are_of_one_length_and_each_item_is_used_once():
    first, second = rng().integers(50, 500, 300), rng(1).integers(200, 900, 300)
    pairs = paired(first, second, rng())
    a, b = first[pairs[:, 0]], second[pairs[:, 1]]
    assert len(pairs) > 100
    assert (np.maximum(a, b) <= 1.1 * np.minimum(a, b) + 1e-9).all()
    assert len(set(pairs[:, 0].tolist())) == len(set(pairs[:, 1].tolist())) == len(pairs)
    assert paired(np.array([10]), np.array([100]), rng()).shape == (0, 2)


def test_outputs_of_no_real_length_and_repeated_ones_are_not_judged():
    real = scored(-np.ones(100), np.arange(100) + 100)
    with pytest.raises(NotApplicable, match="got 0 of 100"):
        likelihood_tell(scored(-np.ones(100), np.arange(100) + 1000), real, rng=rng())
    with pytest.raises(NotApplicable, match="got 1 of 1"):
        likelihood_tell(scored(-np.ones(100), np.full(100, 150)), real, rng=rng())
    with pytest.raises(ProbeError, match="no number"):
        likelihood_tell(LogProbs(np.full(50, np.nan), {"byte": np.full(50, 9)}), real, rng=rng())
    with pytest.raises(NotApplicable, match="no common unit"):
        likelihood_tell(LogProbs(np.zeros(50), {"dimension": np.full(50, 9)}), real, rng=rng())


@pytest.fixture(scope="module")
def docs() -> Dataset:
    return pydoc()


def test_greedy_outputs_of_a_transformer_are_told(docs):
    """At a low temperature a gpt says what it finds likeliest, which people do not."""
    model = Gpt(width=32, layers=1, heads=2, context=128, steps=60, longest=120, temperature=0.3)
    model.fit(docs, Training())
    held_out = model.log_prob([text[:100] for text in docs.take("held_out", 120)])
    told = likelihood_tell(model.log_prob([text[:100] for text in model.sample(range(120))]), held_out, rng=rng())
    assert told["auc"].interval.low > 0.8


def test_copies_are_told_by_an_n_gram_model_and_text_it_has_not_seen_is_not(docs):
    model, copies = Ngram(order=6), Copycat(rate=1.0)
    model.fit(docs, Training())
    copies.fit(docs, Training())
    held_out = model.log_prob(docs.take("held_out", 300))
    told = likelihood_tell(model.log_prob(list(copies.sample(range(150)))), held_out, rng=rng())["auc"]
    assert told.interval.low > 0.8
    unseen = [
        likelihood_tell(model.log_prob(docs.take("reserve")), held_out, rng=rng(seed))["auc"].value for seed in range(5)
    ]
    assert 0.4 < np.mean(unseen) < 0.6
