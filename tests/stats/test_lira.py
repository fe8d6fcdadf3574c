"""LiRA and RMIA: by hand, against the papers' formulas written plainly, and on a world whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from genbench.core.errors import NotApplicable
from genbench.stats.lira import halves, lira_offline, lira_online, rmia, rmia_ratio
from genbench.stats.roc import auc


def world(rng, n=600, k=16, *, memory=1.0, noise=0.5):
    """Items of very different difficulty; who learned from one scores it `memory` higher. (target, shadows, inside)"""
    hard, inside = rng.normal(0, 3, n), halves(n, k, rng)
    members = np.arange(n) < n // 2
    target = hard + memory * members + noise * rng.normal(size=n)
    return target, hard + memory * inside + noise * rng.normal(size=(k, n)), inside, members


def test_halves_are_complementary_and_each_item_is_in_half_of_the_models():
    inside = halves(101, 6, np.random.default_rng(0))
    assert inside.sum(axis=0).tolist() == [3] * 101
    assert inside.sum(axis=1).tolist() == [50] * 3 + [51] * 3
    with pytest.raises(ValueError, match="come in twos"):
        halves(10, 3, np.random.default_rng(0))


def test_a_case_by_hand():
    """Item a: 1 and 3 by those that know it, -1 and 1 by those that do not: means 2 and 0, variances 2 and 2."""
    shadows = np.array([[1.0, 5.0], [3.0, 7.0], [-1.0, 4.0], [1.0, 2.0]])
    inside = np.array([[True, True], [True, True], [False, False], [False, False]])
    target = np.array([2.0, 3.0])
    online = lira_online(target, shadows, inside)
    assert online == pytest.approx([
        norm.logpdf(2, 2, 2**0.5) - norm.logpdf(2, 0, 2**0.5), norm.logpdf(3, 6, 2**0.5) - norm.logpdf(3, 3, 2**0.5)
    ])  # fmt: skip
    assert lira_offline(target, shadows, inside) == pytest.approx([2 / 2**0.5, 0.0])


def test_rmia_is_its_formula_written_plainly():
    rng = np.random.default_rng(1)
    target, shadows, inside, members = world(rng, n=24, k=4)
    others = ~members
    p, q = np.exp(target), np.exp(shadows)
    for gamma in (1.0, 2.0, 0.5):
        found = rmia(target, shadows, inside, others=others, gamma=gamma)
        ratio = [
            p[i] / (0.5 * (q[inside[:, i], i].mean() + q[~inside[:, i], i].mean())) for i in range(24)
        ]  # fmt: skip
        plain = [np.mean([ratio[x] / ratio[z] >= gamma for z in np.flatnonzero(others) if z != x]) for x in range(24)]
        assert found == pytest.approx(plain)
    assert rmia_ratio(target, shadows, inside) == pytest.approx(np.log(ratio))


def test_difficulty_is_taken_out_and_the_best_attack_is_nearly_reached():
    """Known means: AUC = Phi(memory / (noise sqrt 2)) = 0.921; the plain score gets Phi(1 / sqrt(2 x 9.25)) = 0.592."""
    rng, found = np.random.default_rng(2), {name: [] for name in ("plain", "online", "offline", "rmia")}
    for _ in range(12):
        target, shadows, inside, members = world(rng)
        said = {
            "plain": target, "online": lira_online(target, shadows, inside),
            "offline": lira_offline(target, shadows, inside), "rmia": rmia(target, shadows, inside, others=~members),
        }  # fmt: skip
        for name, scores in said.items():
            found[name].append(auc(scores[members], scores[~members]))
    mean = {name: float(np.mean(values)) for name, values in found.items()}
    assert mean["plain"] == pytest.approx(0.592, abs=0.02)
    # The means rest on 8 models a side: noise grows by sqrt(1 + 1/16) for their midpoint, sqrt(1 + 1/8) for one.
    assert mean["online"] == pytest.approx(norm.cdf(1 / (0.5 * 2**0.5 * (1 + 1 / 16) ** 0.5)), abs=0.015)
    assert mean["offline"] == pytest.approx(norm.cdf(1 / (0.5 * 2**0.5 * (1 + 1 / 8) ** 0.5)), abs=0.015)
    assert mean["rmia"] > 0.89


def test_a_model_that_memorized_nothing_is_at_one_half():
    rng = np.random.default_rng(3)
    target, shadows, inside, members = world(rng, n=4000, memory=0.0)
    for scores in (
        lira_online(target, shadows, inside), lira_offline(target, shadows, inside),
        rmia(target, shadows, inside, others=~members),
    ):  # fmt: skip
        assert auc(scores[members], scores[~members]) == pytest.approx(0.5, abs=0.03)


def test_refusals():
    shadows, inside = np.zeros((4, 3)), halves(3, 4, np.random.default_rng(0))
    with pytest.raises(NotApplicable, match="all shadow models say the same"):
        lira_offline(np.zeros(3), shadows, inside)
    with pytest.raises(NotApplicable, match="2 shadow models for and 2 against"):
        lira_online(np.zeros(3), shadows[:2], halves(3, 2, np.random.default_rng(0)))
    with pytest.raises(NotApplicable, match="did and models that did not"):
        rmia(np.zeros(3), shadows, np.zeros((4, 3), bool), others=np.ones(3, bool))
    with pytest.raises(NotApplicable, match="no members"):
        rmia(np.zeros(3), shadows, inside, others=np.zeros(3, bool))
