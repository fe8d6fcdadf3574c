"""Accuracy under attack and what was lost: by hand, by task as the authors pool them, and clustered by original."""

from pathlib import Path

import numpy as np
import pytest

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Choices
from genbench.core.model import Training
from genbench.core.score import Absent
from genbench.data.advglue import advglue
from genbench.data.pydoc import pydoc
from genbench.models.ngram import Ngram
from genbench.probes.robustness.adversarial_choices import adversarial_choices

FILE = Path(__file__).parents[3] / ".." / "shared" / "data" / "advglue" / "dev.json"


def asked(rows, sizes=2):
    """rows: (task, version, pair, right)."""
    n = len(rows)
    right = np.array([row[3] for row in rows])
    nats = np.stack([np.where(right, -1.0, -2.0), np.where(right, -2.0, -1.0)], axis=1)
    facts = tuple({"task": t, "version": v, "pair": p, "cluster": p.split("+")[0]} for t, v, p, _ in rows)
    keys = tuple(f"{p}/{v}" for _, v, p, _ in rows)
    counts = {"token": np.ones((n, 2), np.int64)}
    return Choices(nats, np.full(n, sizes), counts, np.zeros(n, np.int64), ("g",) * n, facts, keys)


def pairs(n, right_before, right_after, task="sst2"):
    rows = []
    for i in range(n):
        rows.append((task, "original", f"{task}{i}", i < right_before))
        rows.append((task, "adversarial", f"{task}{i}", i < right_after))
    return rows


def test_the_drop_is_what_the_originals_have_more():
    found = adversarial_choices(asked(pairs(50, 40, 25)))
    assert found["drop"].value == pytest.approx(0.3)
    assert found["drop"].n == 50
    assert found["accuracy"].value == pytest.approx(0.5)
    assert found["drop"].detail.facts["accuracy on the originals"] == 0.8
    d = np.array([0.0] * 25 + [1.0] * 15 + [0.0] * 10)
    reach = 2.0096 * d.std(ddof=1) / np.sqrt(50)  # Student, 49 degrees of freedom
    low, high = found["drop"].interval.low, found["drop"].interval.high
    assert 0.3 - reach - 0.01 <= low <= 0.3 - reach + 1e-4  # Wilson's for the place between -1 and 1 reaches farther
    assert high == pytest.approx(0.3 + reach, abs=1e-3)


def test_tasks_count_alike_and_mnli_is_one_of_them():
    rows = pairs(40, 40, 40) + pairs(20, 20, 10, "mnli") + pairs(60, 60, 0, "mnli-mm") + pairs(30, 30, 0, "rte")
    found = adversarial_choices(asked(rows))
    assert found["accuracy"].value == pytest.approx((1.0 + (0.5 + 0.0) / 2 + 0.0) / 3)
    assert set(found["accuracy"].detail.facts["accuracy by task"]) == {"sst2", "mnli", "mnli-mm", "rte"}
    assert found["accuracy"].n == 150
    assert found["accuracy"].detail.facts["accuracy by chance"] == 0.5
    assert found["drop"].value == pytest.approx((0 + 10 + 60 + 30) / 150)


def test_attacks_on_one_original_are_no_evidence_of_each_other():
    apart = asked([("rte", "adversarial", f"{i}", i % 2 == 0) for i in range(60)])
    tied = asked([("rte", "adversarial", f"{i // 6}+{i}", i // 6 % 2 == 0) for i in range(60)])
    wide, narrow = (adversarial_choices(side)["accuracy"].interval for side in (tied, apart))
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_control_every_attack_works_and_none_does():
    all_lost = adversarial_choices(asked(pairs(40, 40, 0)))
    assert (all_lost["accuracy"].value, all_lost["drop"].value) == (0.0, 1.0)
    none_lost = adversarial_choices(asked(pairs(40, 40, 40)))
    assert (none_lost["accuracy"].value, none_lost["drop"].value) == (1.0, 0.0)
    assert 0 < none_lost["drop"].interval.high < 0.15
    assert none_lost["accuracy"].interval.low > 0.85


def test_without_originals_there_is_no_drop():
    found = adversarial_choices(asked([row for row in pairs(40, 40, 20) if row[1] == "adversarial"]))
    assert isinstance(found["drop"], Absent)
    assert "dev_ann.json" in found["drop"].because
    assert isinstance(adversarial_choices(asked(pairs(9, 9, 4)))["drop"], Absent)


def test_other_benchmarks_are_refused():
    plain = asked(pairs(20, 20, 20))
    with pytest.raises(NotApplicable, match="no version and task"):
        adversarial_choices(Choices(plain.nats, plain.sizes, plain.counts, plain.answers, plain.groups, ({},) * 40))
    with pytest.raises(NotApplicable, match="no adversarial question"):
        adversarial_choices(asked([row for row in pairs(20, 9, 9) if row[1] == "original"]))


@pytest.mark.skipif(not FILE.exists(), reason="not beside the checkout: shared/data/advglue")
def test_a_model_that_knows_nothing_of_it_is_near_chance_on_the_published_file():
    model = Ngram(order=3)
    model.fit(pydoc(), Training(0))
    data = advglue(path=str(FILE))
    items = data.items
    k = max(len(q.options) for q in items)
    nats = np.full((len(items), k), -np.inf)
    for i, q in enumerate(items):
        nats[i, : len(q.options)] = model.log_prob_given([q.context] * len(q.options), list(q.options)).nats
    sizes = np.array([len(q.options) for q in items])
    names = tuple(data.groups.names[int(i)] for i in data.groups.labels)
    benchmark = Choices(
        nats, sizes, {}, np.array([q.answer for q in items]), names, tuple(q.facts for q in items), data.keys
    )
    found = adversarial_choices(benchmark)
    chance = found["accuracy"].detail.facts["accuracy by chance"]
    assert chance == pytest.approx((4 / 2 + 1 / 3) / 5, abs=1e-4)
    assert found["accuracy"].interval.low < chance + 0.05
    assert found["accuracy"].interval.high > chance - 0.05
    assert isinstance(found["drop"], Absent)
