"""WinoBias's gap and Winogender's correlation: by hand, at the extremes, and how often their intervals cover."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import pearsonr

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Choices
from genbench.core.model import Training
from genbench.core.score import Absent
from genbench.data.pydoc import pydoc
from genbench.data.winogender import winogender
from genbench.models.ngram import Ngram
from genbench.probes.bias.coreference import coreference
from genbench.probes.bias.occupations import occupations

WINOGENDER = Path(__file__).parents[3] / ".." / "shared" / "data" / "winogender"


def twins(right, families=None, groups=None):
    """Pairs of questions of two options, answered right (pro, anti) or not; 0.5 says both options alike."""
    right = np.asarray(right, np.float64).reshape(-1)
    n = len(right)
    answers = np.arange(n) // 2 % 2
    nats = np.stack(
        [np.where(right == 0.5, -1.0, np.where((right == 1) == (answers == k), -1.0, -2.0)) for k in (0, 1)], 1
    )
    facts = tuple(
        {"side": "anti" if i % 2 else "pro", "pair": f"p{i // 2}", "cluster": f"f{(families or range(n))[i // 2]}"}
        for i in range(n)
    )
    return Choices(
        nats, np.full(n, 2), {}, answers, tuple(groups or ["type1"] * n), facts, tuple(f"q{i}" for i in range(n))
    )


def test_a_gap_by_hand():
    """Right of four pairs: (1, 1), (1, 0), (1, 0), (0, 1)."""
    found = coreference(twins([[1, 1], [1, 0], [1, 0], [0, 1]]))
    assert found["gap"].value == pytest.approx(3 / 4 - 2 / 4)
    assert found["accuracy"].value == pytest.approx(5 / 8)
    assert found["gap"].detail.values == (0.0, 1.0, 1.0, -1.0)
    assert found["gap"].detail.facts["accuracy against it"] == 0.5
    assert len(found["gap"].detail.exhibits) == 2
    assert len(found["gap"].detail.exhibits[0].items) == 2


def test_control_and_truth_of_the_gap():
    always = coreference(twins([[1, 0]] * 100))
    assert (always["gap"].value, always["accuracy"].value) == (1.0, 0.5)
    assert always["gap"].interval.low > 0.9
    blind = coreference(twins([[0.5, 0.5]] * 100))
    assert (blind["gap"].value, blind["accuracy"].value) == (0.0, 0.5)
    assert 0 < blind["gap"].interval.high < 0.06  # agreement of 100 pairs is no certainty


def test_a_question_without_its_twin_counts_for_nothing():
    raw = twins([[1, 1], [1, 0], [0, 1]])
    cut = Choices(raw.nats[:5], raw.sizes[:5], {}, raw.answers[:5], raw.groups[:5], raw.facts[:5], raw.keys[:5])
    found = coreference(cut)["gap"]
    assert (found.n, found.value) == (2, 0.5)
    assert found.detail.facts["questions without a twin"] == 1
    one = Choices(raw.nats[:1], raw.sizes[:1], {}, raw.answers[:1], raw.groups[:1], raw.facts[:1], raw.keys[:1])
    assert isinstance(coreference(one)["gap"], Absent)


def test_the_gaps_interval_covers_where_families_share_a_fate():
    inside = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        p = np.repeat(rng.choice([0.1, 0.5], 50), 4)  # gap 0.3 by the mean share read by stereotype
        stereotyped = rng.random(200) < p
        right = np.where(stereotyped[:, None], [1, 0], rng.random((200, 2)) < 0.7)
        found = coreference(twins(right, families=[i // 4 for i in range(200)]))["gap"].interval
        inside += found.low <= 0.3 <= found.high
    assert inside >= 181


def test_other_questions_are_refused():
    raw = twins([[1, 1], [1, 0]])
    with pytest.raises(NotApplicable, match="those of `winobias` do"):
        coreference(Choices(raw.nats, raw.sizes, {}, raw.answers, raw.groups, ({},) * 4, raw.keys))


def pronouns(lead, women, meant="occupation"):
    lead = np.asarray(lead, np.float64)
    nats = np.stack([lead, np.zeros(len(lead)), np.full(len(lead), -1.0)], 1) - 30
    facts = tuple(
        {"reading": "female, male, neutral", "occupation": f"o{i}", "meant": meant, "women_bls": float(w)}
        for i, w in enumerate(women)
    )
    return Choices(nats, np.full(len(lead), 3), {}, np.full(len(lead), -1), (meant,) * len(lead), facts)


def test_control_preferences_that_are_the_share_of_women_correlate_fully():
    women = np.linspace(1, 99, 60)
    found = occupations(pronouns(women / 50 - 3, women))
    assert found["correlation"].value == pytest.approx(1.0)
    assert found["correlation"].interval.low > 0.99
    assert found["lead"].value == pytest.approx(float((women / 50 - 3).mean()))
    assert found["correlation"].detail.facts["slope"].startswith("0.2000 nats")


def test_the_correlation_is_scipys_and_its_interval_no_narrower():
    rng = np.random.default_rng(0)
    women, noise = rng.uniform(0, 100, 60), rng.normal(size=60)
    lead = 0.02 * women + noise
    found = occupations(pronouns(lead, women))["correlation"]
    theirs = pearsonr(lead, women)
    low, high = theirs.confidence_interval(0.95)
    assert found.value == pytest.approx(theirs.statistic)
    assert low - 0.1 < found.interval.low <= low + 1e-9
    assert high - 1e-9 <= found.interval.high < high + 0.1


@pytest.mark.parametrize(("kind", "least"), [("normal", 185), ("skewed", 178)])
def test_the_correlations_interval_covers(kind, least):
    inside = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        women = rng.uniform(0, 100, 60)  # variance 833
        noise = rng.normal(size=60) if kind == "normal" else rng.exponential(size=60) - 1
        truth = np.sqrt(0.3333 / (0.3333 + 0.49))
        found = occupations(pronouns(0.02 * women + 0.7 * noise, women))["correlation"].interval
        inside += found.low <= truth <= found.high
    assert inside >= least  # 95 and 93 % of 200, less 2 errors or so


def test_what_has_no_correlation_is_said():
    women = np.linspace(1, 99, 60)
    same = occupations(pronouns(np.full(60, -2.0), women))
    assert "the same for all occupations" in same["correlation"].because
    assert same["lead"].value == -2.0
    few = occupations(pronouns(women[:5], women[:5]))
    assert "5 occupations" in few["correlation"].because
    nothing = occupations(pronouns(np.full(60, -np.inf), women))
    assert "probability 0" in nothing["correlation"].because
    with pytest.raises(NotApplicable, match="`winogender` are"):
        occupations(twins([[1, 1]]))


@pytest.mark.skipif(not WINOGENDER.exists(), reason="Winogender is not beside the checkout (shared/data/winogender)")
def test_the_published_sentences_are_scored_by_a_model_trained_here():
    data, model = winogender(path=str(WINOGENDER)), Ngram(order=3)
    model.fit(pydoc(), Training(0))
    nats = np.stack([model.log_prob([q.options[k] for q in data.items]).nats for k in range(3)], 1)
    n = len(nats)
    groups = tuple(data.groups.names[int(i)] for i in data.groups.labels)
    asked = Choices(nats, np.full(n, 3), {}, np.full(n, -1), groups, tuple(q.facts for q in data.items), data.keys)
    found = occupations(asked)
    assert found["correlation"].n == 60
    # Three bytes back a model knows no occupation: what differs is the word before the pronoun.
    assert found["correlation"].interval.low < 0 < found["correlation"].interval.high
    assert found["correlation"].detail.facts["sentences"] == 120
