"""What a format decides: by hand on few questions, a known share at random, and partly asked benchmarks."""

import numpy as np
import pytest

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Choices
from genbench.probes.robustness.format import format as format_probe
from genbench.selftest.plant import Trial
from genbench.selftest.plants.formats_that_decide import FLIPS, SPREAD, formats_that_decide


def asked(rows, k=2):
    """rows: (question, variant, order, place picked, place of the answer)."""
    n = len(rows)
    nats = np.where(np.array([row[3] for row in rows])[:, None] == np.arange(k), -1.0, -2.0)
    facts = tuple({"same_as": str(q), "variant": v, "order": list(o)} for q, v, o, _, _ in rows)
    answers = np.array([row[4] for row in rows])
    return Choices(nats, np.full(n, k), {}, answers, ("g",) * n, facts)


def ask(benchmark, seed=0):
    return format_probe(benchmark, rng=np.random.default_rng(seed))


def two_orders(questions, pick):
    """Each question in two orders; pick(question, order) is the place chosen. The right option is 0."""
    rows = []
    for q in range(questions):
        for name, order in (("x/0", (0, 1)), ("x/1", (1, 0))):
            rows.append((q, name, order, pick(q, order), order.index(0)))
    return rows


def test_control_a_model_that_picks_the_first_place_flips_with_every_order():
    found = ask(asked(two_orders(20, lambda q, order: 0)))
    assert found["flips"].value == 1.0
    assert found["accuracy"].value == 0.5
    assert found["spread"].value == 1.0  # right in the one order, wrong in the other
    facts = found["flips"].detail.facts
    assert facts["accuracy by format"] == {"x/0": 1.0, "x/1": 0.0}
    assert facts["share of answers that are the first listed"] == 1.0


def test_a_model_that_reads_the_options_never_flips():
    found = ask(asked(two_orders(20, lambda q, order: order.index(q % 2))))
    assert (found["flips"].value, found["spread"].value, found["spread"].floor) == (0.0, 0.0, 0.0)
    assert 0 < found["flips"].interval.high < 0.2
    assert found["accuracy"].value == 0.5


def test_flips_and_spread_by_hand():
    """Ten questions of which three flip with the order, two of them away from the right option."""

    def pick(q, order):
        own = {0: (0, 1), 1: (0, 1), 2: (1, 0)}.get(q, (0, 0))[0 if order == (0, 1) else 1]
        return order.index(own)

    found = ask(asked(two_orders(10, pick)))
    assert found["flips"].value == pytest.approx(0.3)
    assert found["accuracy"].value == pytest.approx((9 + 8) / 20)
    assert found["spread"].value == pytest.approx(0.1)
    # Each of three flips falls either way: |sum of 3 signs| / 10 is 0.3 in 1/4 and 0.1 in 3/4 of the dealings.
    assert found["spread"].floor == pytest.approx(0.25 * 0.3 + 0.75 * 0.1, abs=0.03)
    assert found["spread"].interval.low == 0.0
    assert {exhibit.items[0].index // 2 for exhibit in found["flips"].detail.exhibits[:3]} == {0, 1, 2}


def test_ties_share_the_answer():
    rows = two_orders(20, lambda q, order: 0)
    even = asked(rows)
    found = ask(Choices(np.zeros_like(even.nats), even.sizes, {}, even.answers, even.groups, even.facts))
    assert found["flips"].value == pytest.approx(0.5)
    assert found["accuracy"].value == pytest.approx(0.5)
    assert found["spread"].value == 0.0


def test_questions_asked_in_part_count_with_what_was_asked():
    rows = two_orders(30, lambda q, order: 0)
    kept = [row for i, row in enumerate(rows) if i not in (0, 5, 58)]  # three questions are left with one format
    found = ask(asked(kept))
    assert found["flips"].n == 27
    assert found["flips"].value == 1.0
    assert found["spread"].value == 1.0


def test_formats_of_one_question_are_no_evidence_of_each_other():
    scene = formats_that_decide(0.0, Trial(0, np.random.default_rng(0), 0))
    found = ask(scene.evidence["benchmark"][0])["accuracy"]
    p = found.value
    assert found.n == 120
    width = found.interval.high - found.interval.low
    assert width == pytest.approx(2 * 1.98 * np.sqrt(p * (1 - p) / 120), rel=0.05)


@pytest.mark.parametrize("dose", [0.2, "guesses", "one worse"])
def test_the_plants_truths_are_means_over_many_questions(dose):
    found = [
        ask((scene := formats_that_decide(dose, Trial(0, np.random.default_rng(seed), 0))).evidence["benchmark"][0])
        for seed in range(12)
    ]
    if dose == "one worse":
        pairs = [f["flips"].detail.facts["accuracy by format"] for f in found]
        gap = np.mean([np.mean([p[f"0/{t}"] - p[f"1/{t}"] for t in range(3)]) for p in pairs])
        assert gap == pytest.approx(scene.truth[SPREAD], abs=0.04)
    else:
        assert np.mean([f["flips"].value for f in found]) == pytest.approx(scene.truth[FLIPS], abs=0.02)


def test_other_benchmarks_are_refused():
    plain = asked(two_orders(20, lambda q, order: 0))
    with pytest.raises(NotApplicable, match="choice_formats"):
        ask(Choices(plain.nats, plain.sizes, {}, plain.answers, plain.groups, ({},) * 40))
    with pytest.raises(NotApplicable, match="10 questions asked in two formats or more, got 9"):
        ask(asked(two_orders(9, lambda q, order: 0)))
