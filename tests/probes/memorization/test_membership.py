"""Membership: an overfit twin is caught, equals are at 0.5, two different sets void the attack, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.core.chance import stream
from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Features, LogProbs
from genbench.core.model import Training
from genbench.core.score import Absent, Estimate
from genbench.data.pydoc import pydoc
from genbench.lenses.text.ngrams import Ngrams
from genbench.models.ngram import Ngram
from genbench.probes.memorization._tail import chance_tpr
from genbench.probes.memorization.membership import membership


def said(nats, units=None) -> LogProbs:
    nats = np.asarray(nats, float)
    return LogProbs(nats, {"byte": np.ones(len(nats), np.int64) if units is None else np.asarray(units)})


def run(members, others, *, seen=None, unseen=None, seed=0):
    rng = stream(seed, "seen")
    seen = rng.normal(size=(len(members), 4)) if seen is None else seen
    unseen = rng.normal(size=(len(others), 4)) if unseen is None else unseen
    return membership(said(members), said(others), Features(seen), Features(unseen), rng=stream(seed, "membership"))


def test_an_overfit_twin_gives_its_members_away():
    """The same model family on real prose, once with an order high enough to hold whole sentences."""
    data, lens = pydoc(), Ngrams()
    train, held_out = data.take("train", 350), data.take("held_out")
    see = lambda items: Features(np.asarray(lens.features(items), np.float64))
    twin = Ngram(order=8)
    twin.fit(data, Training())
    found = membership(
        twin.log_prob(train), twin.log_prob(held_out), see(train), see(held_out), rng=stream(0, "membership")
    )
    assert found["auc"].interval.low > 0.6
    assert found["tpr_at_1pct_fpr"].interval.low > found["tpr_at_1pct_fpr"].floor + 0.05
    assert found["blind_auc"].interval.low < 0.55


def test_members_like_others_are_at_chance_and_covered():
    rng, inside, tails = np.random.default_rng(1), 0, []
    for seed in range(60):
        found = run(rng.normal(size=200), rng.normal(size=320), seed=seed)
        if isinstance(found["auc"], Absent):  # the veto errs too
            continue
        inside += found["auc"].interval.low <= 0.5 <= found["auc"].interval.high
        tails.append(found["tpr_at_1pct_fpr"])
    assert len(tails) >= 55
    assert inside >= 0.9 * len(tails)
    assert tails[0].floor == chance_tpr(320) == 4 / 321
    assert np.mean([t.value for t in tails]) == pytest.approx(4 / 321, abs=0.005)
    assert np.mean([t.interval.low <= 0.01 <= t.interval.high for t in tails]) >= 0.93


def test_the_truth_of_shifted_scores_is_covered():
    # N(1, 1) against N(0, 1): AUC = Phi(1 / sqrt 2) = 0.7602, TPR at 1 % FPR = Phi(1 - 2.3263) = 0.0924
    rng, auc, tpr = np.random.default_rng(2), 0, 0
    for _ in range(100):
        found = run(rng.normal(1, 1, 300), rng.normal(size=400))
        auc += found["auc"].interval.low <= 0.7602 <= found["auc"].interval.high
        tpr += found["tpr_at_1pct_fpr"].interval.low <= 0.0924 <= found["tpr_at_1pct_fpr"].interval.high
    assert auc >= 90
    assert tpr >= 90


def test_length_is_no_evidence():
    """Scores are per unit: long members with more nats in all are no better known."""
    rng = np.random.default_rng(3)
    long, short = rng.integers(100, 200, 300), rng.integers(10, 20, 300)
    x = rng.normal(size=(600, 3))
    found = membership(
        said(-2.0 * long, long), said(-2.0 * short, short), Features(x[:300]), Features(x[300:]), rng=stream(0, "m")
    )
    assert found["auc"].value == 0.5


def test_sets_that_differ_by_themselves_void_the_attack():
    rng = np.random.default_rng(4)
    found = run(
        rng.normal(1, 1, 200), rng.normal(size=320), seen=rng.normal(0.8, 1, (200, 4)), unseen=rng.normal(size=(320, 4))
    )
    for metric in ("auc", "tpr_at_1pct_fpr"):
        assert isinstance(found[metric], Absent)
        assert "void" in found[metric].because
    assert found["blind_auc"].value > 0.7


def test_a_judge_with_nothing_to_see_is_at_one_half():
    """Uneven folds must not tell: constant features, and pure noise on average."""
    rng = np.random.default_rng(5)
    constant = run(rng.normal(size=52), rng.normal(size=49), seen=np.ones((52, 3)), unseen=np.ones((49, 3)))
    assert constant["blind_auc"].value == 0.5
    blind = []
    for seed in range(60):
        found = run(rng.normal(size=60), rng.normal(size=60), seed=seed)["blind_auc"]
        assert isinstance(found, Estimate)
        blind.append(found.value)
    assert np.mean(blind) == pytest.approx(0.5, abs=0.03)


def test_too_few_others_leave_the_tail_absent_and_the_average_standing():
    rng = np.random.default_rng(6)
    found = run(rng.normal(size=50), rng.normal(size=299))
    assert isinstance(found["auc"], Estimate)
    assert isinstance(found["tpr_at_1pct_fpr"], Absent)
    assert "needs 300" in found["tpr_at_1pct_fpr"].because


def test_an_impossible_item_ranks_last_and_an_unknown_one_is_refused():
    rng = np.random.default_rng(7)
    members, others = rng.normal(size=40), rng.normal(size=40)
    others[3] = -np.inf
    assert isinstance(run(members, others)["auc"], Estimate)
    with pytest.raises(ProbeError, match="held_out: the log-probability of item 3 is nan"):
        run(members, np.where(np.isinf(others), np.nan, others))
    with pytest.raises(ProbeError, match="train_seen: the features of item 2"):
        run(members, members, seen=np.where(np.arange(40)[:, None] == 2, np.inf, np.zeros((40, 2))))
    with pytest.raises(NotApplicable, match="needs 5 items a side, got 4"):
        run(members[:4], others)


def test_the_same_chance_gives_the_same_scores():
    rng = np.random.default_rng(8)
    members, others = rng.normal(size=60), rng.normal(size=320)
    assert run(members, others) == run(members, others)
