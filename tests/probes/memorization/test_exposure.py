"""Planted secrets: models that were told them are caught and their twins are not; by hand; refusals."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Choices, Texts
from genbench.core.model import Training
from genbench.core.score import Absent, excess
from genbench.data.canaries import canaries
from genbench.data.canary_choices import canary_choices
from genbench.data.pydoc import pydoc
from genbench.models.gpt import Gpt
from genbench.models.ngram import Ngram
from genbench.probes.memorization._tail import chance_tpr
from genbench.probes.memorization.exposure import exposure

METRICS = exposure.__genbench__.reports


def choices(nats, facts):
    n = len(nats)
    return Choices(
        np.asarray(nats, float)[:, None], np.ones(n, np.int64), {}, np.full(n, -1), ("all",) * n, tuple(facts),
        tuple(f"q/{i}" for i in range(n)),
    )  # fmt: skip


def asked(model, benchmark):
    questions = benchmark.items
    said = model.log_prob_given([q.context for q in questions], [q.options[0] for q in questions])
    return choices(said.nats, [q.facts for q in questions])


def alarm(found, name):
    estimate, metric = found[name], METRICS[name]
    return excess((estimate.interval.low, estimate.interval.high), estimate.floor, metric.better)[0] > metric.tolerance


def scores(own, *, zero=(), never=None):
    """Secrets of dose 16 with the scores `own`, of dose 0 with `zero`; the others score 1 .. 320, over 1,000."""
    never = np.arange(1, 321) / 1000 if never is None else never
    nats, facts, inserted = [], [], ["plain prose"]
    for times, told in ((16, own), (0, zero)):
        for chosen, values in ((True, told), (False, never)) if len(told) else ():
            nats += list(values)
            said = [f"dose {times}, {chosen}, {i:04d}." for i in range(len(values))]
            facts += [{"times": times, "chosen": chosen, "bits": 30.0, "said": one} for one in said]
            inserted += said * times if chosen else []
    return exposure(choices(nats, facts), Texts(tuple(inserted)))


def trained_on(data):
    return Texts(tuple(map(str, data.take("train"))))


def test_a_case_by_hand():
    """Of 320 others 3 may exceed the threshold, which is the fourth: 0.317."""
    found = scores([0.5, 0.3175, 0.3165, 0.0])
    assert found["told"].value == 0.5
    assert found["told"].floor == chance_tpr(320) == 4 / 321
    ranks = [1, 4, 5, 321]
    assert found["exposure"].value == pytest.approx(np.log2(321) - np.mean(np.log2(ranks)))
    assert [e.items[0].index for e in found["exposure"].detail.exhibits] == [0, 1]
    assert found["told"].detail.values == (1.0, 1.0, 0.0, 0.0)
    assert found["told"].detail.keys == ("q/0", "q/1", "q/2", "q/3")
    assert isinstance(found["told_once"], Absent)


def test_a_benchmark_that_is_not_what_it_says_is_void():
    assert not isinstance(scores([0.5] * 8, zero=[0.1] * 8)["told"], Absent)
    found = scores([0.5] * 8, zero=[0.5] * 3 + [0.1] * 5)
    assert all("void: 3 of 8" in found[name].because for name in METRICS)


def test_a_secret_that_should_not_be_in_the_training_text_and_is_makes_the_control_void():
    facts = [{"times": t, "chosen": c, "bits": 30.0, "said": f"{t} {c} {i}."} for t, c, i in (
        *((t, True, i) for t in (0, 1) for i in range(2)), *((t, False, i) for t in (0, 1) for i in range(320))
    )]  # fmt: skip
    asked = choices(np.linspace(-2, -1, len(facts)), facts)
    exposure(asked, Texts(("so 1 True 0.", "so 1 True 1.")))
    with pytest.raises(NotApplicable, match="1 of 2 secrets said never to be inserted"):
        exposure(asked, Texts(("so 1 True 0.", "so 1 True 1.", "so 0 True 1.")))


def test_an_impossible_secret_ranks_last_and_too_few_others_are_refused():
    assert scores([-np.inf, 0.5])["exposure"].detail.values[0] == 0.0
    with pytest.raises(NotApplicable, match="2 secrets and 300 never inserted"):
        scores([0.5] * 8, never=np.arange(299.0))
    with pytest.raises(NotApplicable, match="canary_choices"):
        exposure(choices([-1.0], [{}]), Texts(("x",)))
    with pytest.raises(NotApplicable, match="no secret that was inserted"):
        scores([], zero=[0.1] * 8)


def test_an_ngram_model_that_was_told_is_caught_at_every_dose_and_its_twin_at_none():
    told, untold = Ngram(order=5), Ngram(order=5)
    data = canaries(doses=(0, 1, 16), seed=3)
    told.fit(data, Training(0))
    untold.fit(pydoc(), Training(0))
    benchmark = canary_choices(doses=(0, 1, 16), seed=3)
    found = exposure(asked(told, benchmark), trained_on(data))
    assert all(alarm(found, name) for name in METRICS)
    assert "0 of 8 told" in found["told"].detail.facts["inserted 0 times"]
    assert found["exposure"].detail.facts["by a skew normal's tail, bits"] > 8.3
    found = exposure(asked(untold, benchmark), trained_on(data))  # as if it had been told
    assert not any(alarm(found, name) for name in METRICS)
    assert found["exposure"].interval.low < found["exposure"].floor < found["exposure"].interval.high
    for wrong, named in (
        ({"doses": (0, 1, 16), "seed": 4}, "8 of 8 secrets said to be inserted 1 times stand in none"),
        ({"doses": (0, 1, 4), "seed": 3}, "8 of 8 secrets said to be inserted 4 times stand in none"),
        ({"doses": (0, 1, 16), "seed": 3, "each": 9}, "of 9 secrets said to be inserted 1 times stand in none"),
    ):
        with pytest.raises(NotApplicable, match=named):
            exposure(asked(told, canary_choices(**wrong)), trained_on(data))


def test_control_a_gpt_that_saw_secrets_16_times_is_caught_and_one_that_did_not_is_not():
    benchmark, planted = canary_choices(doses=(0, 16)), canaries(doses=(0, 16))
    for data, guilty in ((planted, True), (pydoc(), False)):
        model = Gpt(width=48, layers=1, steps=130)
        model.fit(data, Training(0))
        found = exposure(asked(model, benchmark), trained_on(planted))
        assert alarm(found, "told") is guilty
        assert alarm(found, "exposure") is guilty
        assert (found["told"].value > 0.5) is guilty
