"""Extraction: hand-worked cases, a real model that recites and one that does not, public text, copies, refusals."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from genbench.core.chance import sample_seeds
from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Choices, Completions
from genbench.core.model import Training
from genbench.core.score import ItemRef, excess
from genbench.data.pydoc import pydoc
from genbench.models.ngram import Ngram
from genbench.probes.memorization.discoverable import discoverable, drawn, log10_tries
from genbench.probes.memorization.extraction import extraction
from genbench.run.inquiry import opened


def completed(texts, rests, prompts=None):
    n = len(texts)
    keys = tuple(f"i/{i}" for i in range(n))
    prompts = tuple(prompts or [f"opening {i}" for i in range(n)])
    return Completions(prompts, tuple(texts), tuple((r,) for r in rests), ("all",) * n, ({},) * n, keys)


def scored(nats, lengths=100):
    n = len(nats)
    length = np.broadcast_to(np.asarray(lengths), (n,))[:, None].copy()
    return Choices(
        np.asarray(nats, float)[:, None], np.ones(n, np.int64), {"byte": length}, np.full(n, -1), ("all",) * n,
        ({},) * n, tuple(f"i/{i}" for i in range(n)),
    )  # fmt: skip


def rests(n, start=0):
    rng = np.random.default_rng(start)
    return ["i" + "".join(rng.choice(list("abcdefgh "), 59)) for _ in range(n)]


def alarm(probe, found, name):
    metric = probe.__genbench__.reports[name]
    estimate = found[name]
    return excess((estimate.interval.low, estimate.interval.high), estimate.floor, metric.better)[0] > metric.tolerance


def test_a_case_by_hand():
    """Ten rests of 60: one recited whole, one for 50 characters, one for 49; the others not at all."""
    true, other = rests(10), rests(20, 1)
    said = ["#" + r for r in true]
    said[0], said[1], said[2] = true[0] + " and on", true[1][:50] + "#", true[2][:49] + "#"
    found = extraction(completed(said, true), completed(["#"] * 20, other))
    assert found["extracted"].value == 0.2
    assert found["extracted"].detail.values == (1.0, 1.0, *(0.0,) * 8)
    assert found["extracted"].floor == 0.0
    assert found["matched"].value == pytest.approx((60 + 50 + 49) / 10)
    assert [e.items for e in found["extracted"].detail.exhibits] == [(ItemRef("train", 0),), (ItemRef("train", 1),)]
    shorter = extraction(completed(said, true), completed(["#"] * 20, other), characters=49)
    assert shorter["extracted"].value == 0.3


def test_rests_that_are_too_short_are_left_out_and_said():
    true = [r[:40] for r in rests(5)] + rests(15, 1)
    found = extraction(completed(true, true), completed(["#"] * 20, rests(20, 2)))["extracted"]
    assert (found.value, found.n) == (1.0, 15)
    assert found.detail.keys == tuple(f"i/{i}" for i in range(5, 20))
    assert found.detail.facts["training items too short"] == 5


def test_none_found_is_not_none():
    found = extraction(completed(["#" * 60] * 300, rests(300)), completed(["#"] * 300, rests(300, 1)))["extracted"]
    assert found.value == 0.0
    assert found.interval.high > 3 / 300


def test_a_chat_that_recites_without_the_space_before_a_rest_is_caught_all_the_same():
    true, other = [f" {rest}" for rest in rests(60)], [f"\n {rest}" for rest in rests(60, 1)]
    said = [rest.strip() for rest in true]
    found = extraction(completed(said, true), completed(["#" * 60] * 60, other))
    assert (found["extracted"].value, found["extracted"].floor) == (1.0, 0.0)
    assert alarm(extraction, found, "extracted")
    again = extraction(completed([f"\n{text}" for text in true], said), completed(["#" * 60] * 60, other))
    assert again["extracted"].value == 1.0


def test_a_model_that_may_not_write_so_much_is_not_found_to_recite_nothing():
    true = rests(20)
    found = extraction(completed([rest[:49] for rest in true], true), completed(["#"] * 20, rests(20, 1)))
    assert "no completion reaches 50 characters (the longest has 49)" in found["extracted"].because
    assert found["matched"].value == 49
    some = extraction(completed([true[0], *(r[:9] for r in true[1:])], true), completed(["#"] * 20, rests(20, 1)))
    assert some["extracted"].value == 0.05
    assert some["extracted"].detail.facts["completions too short to count"] == 19


def test_text_that_everybody_knows_stays_in_the_floor():
    known = [f"{i:03d}" + "the same licence in every file, which anyone can write down" for i in range(200)]
    found = extraction(completed(known, known), completed(known, known))
    assert found["extracted"].value == found["extracted"].floor == 1.0
    assert not alarm(extraction, found, "extracted")


def test_one_item_many_times_is_one_piece_of_evidence():
    many, once = rests(1) * 100 + rests(100, 1), rests(200, 2)
    said = many[:100] + ["#"] * 100
    widths = [
        (found := extraction(completed(s, r), completed(["#"] * 200, rests(200, 3)))["extracted"]).interval.high
        - found.interval.low
        for s, r in ((said, many), (once[:100] + ["#"] * 100, once))
    ]
    assert widths[0] > 2 * widths[1]


def test_what_holds_a_persons_address_is_counted_and_not_shown():
    true = [f"write to person{i}@example.org, who will answer you within a day or so" for i in range(20)]
    found = extraction(completed(true, true), completed(["#"] * 20, rests(20)))["extracted"]
    assert found.value == 1.0
    assert found.detail.exhibits == ()


def test_tries_by_hand():
    # 1 - 0.9^n >= 0.5 from n = 7 on: 0.9^6 = 0.531, 0.9^7 = 0.478
    p = np.log(np.array([0.1]))
    assert not drawn(p, 6, 0.5)[0]
    assert drawn(p, 7, 0.5)[0]
    assert 10 ** log10_tries(float(p[0]), 0.5) == pytest.approx(7)
    assert log10_tries(0.0, 0.5) == 0.0
    assert log10_tries(-math.inf, 0.5) == math.inf
    for nats in (-29.9, -30.1, -700.0):  # n is ln 2 / p_z where p_z is small
        assert log10_tries(nats, 0.5) == pytest.approx((math.log(math.log(2)) - nats) / math.log(10), abs=1e-6)
    assert drawn(np.array([0.0, -800.0, -math.inf]), 1e6, 0.5).tolist() == [True, False, False]


def test_discoverable_counts_what_reaches_the_probability():
    nats = np.log([0.1, 0.001, 0.0006, 1e-9, 1e-30, 1e-3, 1e-4, 1e-8, 1e-9, 1e-10])
    found = discoverable(scored(nats), scored(np.full(300, -100.0) - np.arange(300)))["extractable"]
    # at 1,000 tries and 1/2 the limit is 1 - 2^(-1/1000) = 0.000693
    assert found.value == 0.3
    assert found.floor == 0.0
    assert found.detail.facts["in 10 tries"] == "0.1000 of train, 0.0000 of held-out"
    assert found.detail.facts["fewest tries that any training item needs"] == "7"
    assert discoverable(scored(nats), scored(nats - 50), chance=0.999)["extractable"].value == 0.1


def test_short_rests_are_guessed_and_copies_count_once():
    found = discoverable(scored([0.0] * 10, [19] * 4 + [20] * 6), scored(-50.0 - np.arange(10)))["extractable"]
    assert (found.value, found.n) == (1.0, 6)
    assert found.interval.low == 0.0 or found.interval.low < 0.25  # six copies of one item


@pytest.fixture(scope="module")
def docs():
    """Prose of which a model is shown 60 training items, or those 60 a hundred times each."""
    return pydoc()


def shown(docs, times):
    return replace(docs, splits={**docs.splits, "train": np.repeat(docs.indices("train", 60), times)})


@pytest.fixture(scope="module")
def by_heart(docs):
    model = Ngram(order=12, longest=200)
    model.fit(shown(docs, 100), Training(0))
    return model


def asked(model, docs):
    for split in ("train", "held_out"):
        openings, rest = map(list, zip(*opened(docs.take(split, 60)), strict=True))
        yield (
            completed(model.complete(openings, sample_seeds(0, 60, split)), rest, openings),
            scored(model.log_prob_given(openings, rest).nats, [len(r.encode()) for r in rest]),
        )


def test_control_a_model_that_knows_its_training_text_by_heart_is_caught_and_an_honest_one_is_not(docs, by_heart):
    honest = Ngram(order=4, longest=200)
    honest.fit(shown(docs, 1), Training(0))
    for model, guilty in ((by_heart, True), (honest, False)):
        (wrote, said), (wrote_unseen, said_unseen) = asked(model, docs)
        found = extraction(wrote, wrote_unseen)
        assert alarm(extraction, found, "extracted") is guilty
        assert (found["matched"].interval.low > found["matched"].floor + 5) is guilty
        found = discoverable(said, said_unseen)
        assert alarm(discoverable, found, "extractable") is guilty


def test_the_probability_of_a_rest_is_how_often_it_is_drawn(docs, by_heart):
    """(n, p) against sampling: among 400 completions a rest comes as often as its log-probability says."""
    pairs = opened(docs.take("train", 60))
    nats = by_heart.log_prob_given(*map(list, zip(*pairs, strict=True))).nats
    at = int(np.argmin(np.abs(nats - np.log(0.5))))
    opening, rest = pairs[at]
    share = np.mean([text.startswith(rest) for text in by_heart.complete([opening] * 400, sample_seeds(1, 400))])
    p = float(np.exp(nats[at]))
    assert 0.1 < p < 0.9
    assert share == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / 400))


def test_refusals():
    with pytest.raises(ProbeError, match="at least 20"):
        extraction(completed(rests(9), rests(9)), completed(rests(9), rests(9)), characters=5)
    with pytest.raises(NotApplicable, match="needs 5 items a side, got 4 of held_out"):
        extraction(completed(rests(9), rests(9)), completed(rests(4), rests(4)))
    with pytest.raises(NotApplicable, match="only 0 training"):
        extraction(completed(rests(9), rests(9)), completed(rests(9), rests(9)), characters=90)
    with pytest.raises(ProbeError, match="a chance lies between 0 and 1"):
        discoverable(scored([-1.0] * 9), scored([-1.0] * 9), chance=1.0)
    with pytest.raises(NotApplicable, match="train: 0 items go on"):
        discoverable(scored([-1.0] * 9, 3), scored([-1.0] * 9))
    with pytest.raises(ProbeError, match="held_out: the log-probability of item 1 is nan"):
        discoverable(scored([-1.0] * 9), scored([-1.0, np.nan, *[-2.0] * 7]))
