"""What a comparison says it can detect, it detects as often as it says, and fails an honest model as seldom."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.simulated_ci import METRICS, Bench, kinds
from genbench.core.score import Interval
from genbench.stats.compare import compare_paired, compare_separate, corrected, minimum_effect


@pytest.mark.parametrize("questions", [1, 30])
def test_at_the_minimum_effect_the_n_needed_is_the_n_there_was(questions):
    half = 1.96 * 0.1
    sides = (0.0, Interval(-half, half)), (minimum_effect(0.1 * 2**0.5, questions=questions) * 0.5, None)
    effect = sides[1][0]
    found = compare_separate(sides[0], (effect, Interval(effect - half, effect + half)), 100, better="lower")
    others = [compare_separate(sides[0], sides[0], 100, better="lower")] * (questions - 1)
    # Half the effect needs four times the n.
    assert corrected([found, *others])[0].n_needed == pytest.approx(400, abs=2)


@pytest.mark.parametrize("m", [8, 40, 200])
def test_the_minimum_effect_is_found_four_times_in_five_however_few_items_there_are(m):
    rng = np.random.default_rng(m)
    effect = minimum_effect(m**-0.5, df=m - 1)
    zeros = np.zeros(m)
    found = sum(compare_paired(zeros, rng.normal(effect, 1, m), better="lower").answer == "worse" for _ in range(1000))
    assert 0.76 <= found / 1000 <= 0.86


def test_the_simulated_job_fails_for_the_metric_that_became_worse_and_for_no_other(tmp_path):
    metrics = [replace(kind, effect=4 * kind.effect) for kind in kinds(METRICS) for _ in range(kind.metrics)]
    assert len(metrics) == METRICS == 30
    bench = Bench(metrics, tmp_path)
    rng = np.random.default_rng(0)
    items = bench.items(rng)
    baseline = bench.run(items, rng)
    assert bench.failed(bench.run(items, rng), baseline) == set()
    for at in (0, 5, 10, 15, 20, 25, 28):
        assert bench.failed(bench.run(items, rng, worse=at), baseline) == {f"quality.simulated.metric_{at}"}
