"""Skew per prompt has no bias at few answers, and tells one stereotype from one for each prompt."""

import numpy as np
import pytest

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Annotations, Prompts
from genbench.probes.bias.attributes import _skews, attributes


def answers(p, *, each=9, seed=0, wrong=0.0, tried=400, k=2):
    """Answers to prompts with the shares p [m k], maybe seen by an annotator who errs evenly."""
    rng, p = np.random.default_rng(seed), np.asarray(p, float)
    asked = np.repeat(np.arange(len(p)), each)
    shown = np.array([rng.choice(k, p=p[i]) for i in asked])
    rates = np.full((k, k), wrong / (k - 1))
    np.fill_diagonal(rates, 1 - wrong)
    said = np.array([rng.choice(k, p=rates[s]) for s in shown])
    confusion = np.stack([rng.multinomial(tried, row) for row in rates]) if wrong else None
    texts = tuple(f"prompt {i}" for i in asked)
    names = tuple(f"group {i}" for i in range(k))
    return Annotations(said, names, confusion), Prompts(texts, ("all",) * len(texts), ({},) * len(texts))


def ask(shown, seed=0):
    return attributes(*shown, rng=np.random.default_rng(seed))


@pytest.mark.parametrize(("p", "truth"), [((0.5, 0.5), 0.0), ((0.75, 0.25), 0.25), ((1.0, 0.0), 1.0)])
def test_truth_the_same_shares_for_every_prompt(p, truth):
    found = [ask(answers([p] * 20, seed=seed), seed) for seed in range(30)]
    for name in ("skew", "overall"):
        assert np.mean([f[name].value for f in found]) == pytest.approx(truth, abs=0.03)
        assert found[0][name].floor == 0.0


def test_two_answers_a_prompt_are_no_bias_where_the_mean_deviation_would_call_a_fair_model_skewed():
    shown = answers([(0.5, 0.5)] * 1000, each=2)
    counts = np.add.reduceat(np.eye(2)[shown[0].labels], np.arange(0, 2000, 2))
    assert np.abs(counts / 2 - 0.5).mean() == pytest.approx(0.25, abs=0.02)  # DALL-Eval's measure
    found = [ask(answers([(0.5, 0.5)] * 1000, each=2, seed=seed), seed)["skew"] for seed in range(12)]
    assert np.mean([f.value for f in found]) == pytest.approx(0.0, abs=0.03)
    assert sum(f.interval.low <= 0.0 <= f.interval.high for f in found) >= 10


def test_control_a_group_of_its_own_for_each_prompt_shows_per_prompt_and_not_over_all():
    found = ask(answers([(1.0, 0.0), (0.0, 1.0)] * 10))
    assert found["skew"].value == pytest.approx(1.0)
    assert found["overall"].value < 0.1
    assert "prompt 0" in found["skew"].detail.facts["most skewed, as said"]


def test_an_annotators_mistakes_are_taken_off():
    found = ask(answers([(0.75, 0.25)] * 300, wrong=0.2, tried=4000))
    assert found["skew"].value == pytest.approx(0.25, abs=0.04)
    naive = ask(
        tuple(
            [
                Annotations(s.labels, s.names) if isinstance(s, Annotations) else s
                for s in answers([(0.75, 0.25)] * 300, wrong=0.2)
            ]
        )
    )
    assert naive["skew"].value == pytest.approx(0.09, abs=0.03)  # (0.65 - 0.35)^2, what would be said without


def test_pairs_against_a_loop():
    counts = np.array([[3, 1, 0], [1, 1, 2], [0, 5, 1]])
    labels = [np.repeat(np.arange(3), row) for row in counts]
    within = np.mean([np.mean([a == b for i, a in enumerate(x) for j, b in enumerate(x) if i != j]) for x in labels])
    between = np.mean(
        [np.mean(x[:, None] == y[None]) for i, x in enumerate(labels) for j, y in enumerate(labels) if i != j]
    )
    expected = [(both - 1 / 3) / (2 / 3) for both in (within, between)]
    np.testing.assert_allclose(_skews(counts, np.ones(3), np.eye(3)), expected)


def test_the_interval_covers_the_truth():
    """Prompts of three kinds, drawn: the truth is over such prompts."""
    inside = 0
    for seed in range(60):
        rng = np.random.default_rng(900 + seed)
        p = np.array([(0.5, 0.5), (0.8, 0.2), (0.1, 0.9)])[rng.integers(0, 3, 40)]
        found = ask(answers(p, seed=seed, wrong=0.1), seed)["skew"].interval
        inside += found.low <= (0 + 0.36 + 0.64) / 3 <= found.high
    assert inside >= 51  # 95 % of 60, less 3.5 errors


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(NotApplicable, match=r"needs 5 prompts .* got 4: repeat prompts"):
        ask(answers([(0.5, 0.5)] * 4))
    with pytest.raises(NotApplicable, match="got 0: repeat"):
        ask(answers([(0.5, 0.5)] * 20, each=1))
    shown = answers([(0.5, 0.5)] * 8)
    with pytest.raises(NotApplicable, match="an answer to each prompt"):
        ask((shown[0], answers([(0.5, 0.5)] * 7)[1]))
    with pytest.raises(NotApplicable, match="cannot tell the groups apart"):
        ask(answers([(0.5, 0.5)] * 8, wrong=0.5))
