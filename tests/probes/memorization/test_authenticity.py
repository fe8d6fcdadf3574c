"""Authenticity and C_T: their definitions, floors and coverage, and the known ways in which they are fooled."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from genbench.core.chance import stream
from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Features
from genbench.core.score import Absent
from genbench.probes.memorization.authenticity import authenticity
from genbench.probes.memorization.copying import copying


def run(generated, train, held_out, *, seed=0, cells=5):
    rng = stream(seed, "authenticity")
    return authenticity(Features(generated), Features(train), Features(held_out), rng=rng, cells=cells)


def holds(estimate, truth):
    return estimate.interval.low <= truth <= estimate.interval.high


def test_authenticity_is_the_papers_definition():
    rng = np.random.default_rng(0)
    x, seen, unseen = (rng.normal(size=(n, 3)) for n in (40, 50, 30))
    distance = lambda a, b: float(np.sqrt(((a - b) ** 2).sum()))
    authentic = []
    for g in x:
        nearest = min(range(50), key=lambda i: distance(g, seen[i]))
        gap = min(distance(seen[nearest], seen[j]) for j in range(50) if j != nearest)
        authentic.append(distance(g, seen[nearest]) > gap)
    assert run(x, seen, unseen)["authentic"].value == pytest.approx(np.mean(authentic))


def test_c_t_in_one_cell_is_the_mann_whitney_statistic():
    rng = np.random.default_rng(1)
    x, seen, unseen = rng.normal(0, 0.8, size=(60, 3)), rng.normal(size=(80, 3)), rng.normal(size=(50, 3))
    near = lambda side: np.sqrt(((side[:, None] - seen[None]) ** 2).sum(axis=2)).min(axis=1)
    u = mannwhitneyu(near(x), near(unseen)).statistic
    z = (u - 60 * 50 / 2) / np.sqrt(60 * 50 * 111 / 12)
    assert run(x, seen, unseen, cells=1)["c_t"].value == pytest.approx(z)


def test_unseen_real_items_score_the_floors_and_are_covered():
    rng = np.random.default_rng(2)
    found = [run(*(rng.normal(size=(n, 4)) for n in (200, 300, 200)), seed=s) for s in range(100)]
    c_t = np.array([f["c_t"].value for f in found])
    assert abs(c_t.mean()) < 4 * c_t.std() / 10
    assert sum(holds(f["c_t"], 0.0) for f in found) >= 89
    assert sum(holds(f["authentic"], f["authentic"].floor) for f in found) >= 89
    values = np.array([[f["authentic"].value, f["authentic"].floor] for f in found])
    assert values.mean(axis=0)[0] == pytest.approx(values.mean(axis=0)[1], abs=0.02)


def test_c_t_away_from_zero_is_covered():
    """Its expectation over outputs and held-out items, with training items and cells given."""
    rng = np.random.default_rng(3)
    seen = rng.normal(size=(300, 3))
    found = [run(rng.normal(0, 0.7, size=(150, 3)), seen, rng.normal(size=(150, 3)), cells=1) for _ in range(100)]
    truth = np.mean([f["c_t"].value for f in found])
    assert truth < -1.5
    assert sum(holds(f["c_t"], truth) for f in found) >= 89


def test_control_nothing_but_copies():
    rng = np.random.default_rng(4)
    seen, unseen = rng.normal(size=(200, 5)), rng.normal(size=(150, 5))
    found = run(seen[rng.integers(0, 200, 200)], seen, unseen)
    assert found["authentic"].value == 0.0
    assert 0 < found["authentic"].interval.high < found["authentic"].floor
    assert found["c_t"].interval.high < -3


def test_known_false_alarm_a_narrow_generator_without_a_copy():
    """Which is why both are context: `copying` stays silent on the same outputs."""
    rng = np.random.default_rng(5)
    draw = lambda n, spread=1.0: spread * rng.normal(size=(n, 8))
    seen, unseen, narrow = draw(600), draw(600), draw(400, 0.5)
    found = run(narrow, seen, unseen)
    assert found["authentic"].interval.high < found["authentic"].floor
    assert found["c_t"].interval.high < -3
    rare = copying(Features(narrow), Features(seen), Features(unseen), rng=rng)["tpr_at_1pct_fpr"]
    assert rare.interval.low <= 0.02
    reports = authenticity.__genbench__.reports
    assert all(metric.context for metric in reports.values())
    assert all("Known to be fooled" in metric.reading for metric in reports.values())


def test_known_silence_a_few_copies_do_not_show():
    rng = np.random.default_rng(6)
    seen, unseen, own = (rng.normal(size=(n, 8)) for n in (600, 600, 380))
    outputs = np.vstack([seen[:20], own])  # 5 % copied verbatim
    found = run(outputs, seen, unseen)
    assert found["c_t"].interval.high > -3
    assert holds(found["authentic"], found["authentic"].floor)
    rare = copying(Features(outputs), Features(seen), Features(unseen), rng=rng)["tpr_at_1pct_fpr"]
    assert rare.interval.low > 0.02


def test_outputs_far_from_all_regions_but_one_are_compared_there_or_not_at_all():
    rng = np.random.default_rng(7)
    seen, unseen = (np.vstack([rng.normal(0, 1, (100, 2)), rng.normal(50, 1, (100, 2))]) for _ in range(2))
    half = run(rng.normal(0, 1, (60, 2)), seen, unseen, cells=2)["c_t"]
    assert half.detail.facts["cells compared"] == 1
    assert half.detail.facts["share of held-out items in them"] == pytest.approx(0.5)
    lonely = np.vstack([seen, rng.normal(999, 1, (30, 2))])
    none = run(rng.normal(999, 1, (60, 2)), lonely, unseen, cells=3)["c_t"]
    assert isinstance(none, Absent)
    assert "no region holds 20 outputs" in none.because


def test_what_cannot_be_measured_is_refused():
    x = np.random.default_rng(8).normal(size=(40, 3))
    with pytest.raises(NotApplicable, match="needs 20 items of each, got 5 outputs"):
        run(x[:5], x, x)
    with pytest.raises(NotApplicable, match="cells are counted from 1, got 0"):
        run(x, x, x, cells=0)
    spoiled = x.copy()
    spoiled[2, 0] = np.nan
    with pytest.raises(ProbeError, match="held_out: the features of item 2"):
        run(x, x, spoiled)
