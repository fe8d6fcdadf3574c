"""Multiple choice: three questions by hand, lengths as the harness counts them, chance, clusters and calibration."""

import numpy as np
import pytest

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Choices
from genbench.core.score import Absent
from genbench.probes.quality.choice import choice

RNG = np.random.default_rng(0)
INF = -np.inf


def asked(nats, answers, *, counts=None, facts=None, groups=None):
    nats = np.asarray(nats, dtype=np.float64)
    n, k = nats.shape
    sizes = np.isfinite(nats).sum(axis=1)
    counts = counts or {"token": np.ones((n, k), np.int64)}
    keys = tuple(f"q/{i}" for i in range(n))
    return Choices(nats, sizes, counts, np.asarray(answers), groups or ("all",) * n, facts or ({},) * n, keys)


def test_three_questions_by_hand():
    """Raw: right, wrong, a tie of two. By token -3/3, -4/2 and so on: right, right, tie."""
    nats = [[-3.0, -4.0, INF], [-5.0, -4.0, -6.0], [-2.0, -2.0, INF]]
    counts = {"token": np.array([[3, 2, 0], [5, 1, 1], [1, 1, 0]])}
    found = choice(asked(nats, [0, 0, 1], counts=counts), rng=RNG)
    assert found["accuracy"].value == pytest.approx(1.5 / 3)
    assert found["accuracy"].detail.values == (1.0, 0.0, 0.5)
    assert found["accuracy_per_token"].value == pytest.approx(2.5 / 3)
    assert found["accuracy"].detail.facts["chance"] == pytest.approx((1 / 2 + 1 / 3 + 1 / 2) / 3)
    assert found["accuracy"].detail.facts["ties"] == 1
    assert found["accuracy"].n == 3
    assert isinstance(found["accuracy_per_byte"], Absent)
    assert isinstance(found["accuracy_per_character"], Absent)


def test_lengths_of_the_options_alone_go_before_the_models_own_counts():
    """-6 of 2 characters (4 bytes) against -8 of 4 characters (4 bytes): by character the second, by byte the first."""
    facts = tuple({"lengths": {"character": [2, 4], "byte": [4, 4]}} for _ in range(2))
    counts = {"byte": np.array([[1, 100]] * 2)}
    found = choice(asked([[-6.0, -8.0]] * 2, [0, 1], counts=counts, facts=facts), rng=RNG)
    assert found["accuracy_per_character"].detail.values == (0.0, 1.0)
    assert found["accuracy_per_byte"].detail.values == (1.0, 0.0)


def test_control_moved_answers_fall_to_chance():
    rng = np.random.default_rng(1)
    nats = rng.normal(size=(800, 4))
    best = nats.argmax(axis=1)
    assert choice(asked(nats, best), rng=RNG)["accuracy"].value == 1.0
    moved = choice(asked(nats, rng.permutation(best)), rng=RNG)["accuracy"]
    assert moved.interval.low < 0.25 < moved.interval.high
    assert moved.detail.facts["above chance"] == "cannot tell"
    assert moved.floor == 1.0


def test_questions_of_one_context_widen_the_interval():
    rng = np.random.default_rng(2)
    right = np.repeat(rng.random(50) < 0.6, 8)
    nats = np.where(right[:, None], [[-1.0, -2.0]], [[-2.0, -1.0]])
    alone = choice(asked(nats, np.zeros(400, np.int64)), rng=RNG)["accuracy"].interval
    facts = tuple({"cluster": i // 8} for i in range(400))
    shared = choice(asked(nats, np.zeros(400, np.int64), facts=facts), rng=RNG)["accuracy"].interval
    assert (shared.high - shared.low) / (alone.high - alone.low) == pytest.approx(np.sqrt(8), rel=0.05)
    assert "50 clusters" in shared.method


def test_groups_stand_in_the_facts():
    found = choice(asked([[-1.0, -2.0]] * 4, [0, 0, 1, 1], groups=("a", "a", "b", "b")), rng=RNG)
    assert set(found["accuracy"].detail.facts["by group"]) == {"a", "b"}
    assert found["accuracy"].detail.facts["by group"]["a"].startswith("1.000")


def test_the_worst_answers_are_exhibited_by_their_place_in_the_benchmark():
    found = choice(asked([[-1.0, INF], [-1.0, -2.0], [-1.0, -9.0], [-2.0, -1.0]], [0, 1, 1, 1]), rng=RNG)["accuracy"]
    assert [e.items[0].index for e in found.detail.exhibits] == [2, 1]
    assert found.detail.facts["questions without a right answer to find"] == 1
    assert found.detail.keys == ("q/1", "q/2", "q/3")


def test_a_sure_model_that_is_right_half_the_time_has_the_error_of_its_overconfidence():
    """Confidence 0.9, right in half of 2000: gap 0.4, and an ECE of 0.4 beside what chance would show."""
    rng = np.random.default_rng(3)
    nats = np.log(np.tile([0.9, 0.1], (2000, 1)))
    found = choice(asked(nats, (rng.random(2000) < 0.5).astype(int)), rng=rng)["calibration"]
    assert found.interval.low < 0.4 < found.interval.high
    assert found.interval.high - found.interval.low < 0.1
    assert found.detail.facts["expected calibration error, 10 bins"] == pytest.approx(0.4, abs=0.03)
    assert found.detail.facts["the same of a calibrated model"] < 0.02


def test_what_cannot_be_answered_is_not_scored():
    with pytest.raises(NotApplicable, match="two options"):
        choice(asked([[-1.0, -2.0]] * 3, [-1, -1, -1]), rng=RNG)
    with pytest.raises(NotApplicable, match="one cluster"):
        choice(asked([[-1.0, -2.0]] * 3, [0, 0, 0], facts=({"cluster": "p"},) * 3), rng=RNG)
