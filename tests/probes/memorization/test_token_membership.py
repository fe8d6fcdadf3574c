"""Min-K%, Min-K%++ and zlib: against the papers' own code, at chance, and on a gpt that was trained too long."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from genbench.core.chance import stream
from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Features, TokenLogProbs
from genbench.core.model import Training
from genbench.core.score import Absent
from genbench.data.pydoc import pydoc
from genbench.models.gpt import Gpt
from genbench.probes.memorization.token_membership import scores, token_membership


def said(rows, means=None, deviations=None, compressed=None):
    flat = np.array([x for row in rows for x in row], dtype=np.float64)
    lengths = [len(row) for row in rows]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    means = np.full(len(flat), -2.0) if means is None else np.asarray(means, float)
    deviations = np.ones(len(flat)) if deviations is None else np.asarray(deviations, float)
    counts = {"zlib": np.array(compressed or [max(1, n) for n in lengths])}
    return TokenLogProbs(flat, means, deviations, offsets, counts)


def seen(n, seed=0, apart=0.0):
    return Features(stream(seed, "seen").normal(apart, 1, (n, 4)))


def test_a_case_by_hand():
    side = said(
        [[-1.0, -5.0, -2.0, -9.0, -3.0]], means=[-1.0, -4.0, -2.0, -1.0, -3.5], deviations=[1, 0.5, 0, 4, 0.25],
        compressed=[8],
    )  # fmt: skip
    found = scores(side, "train", 0.4)
    # z: 0, -2, 0 (nothing competes), -2, 2
    assert found["min_k"].tolist() == [-7.0]
    assert found["min_k_plus"].tolist() == [-2.0]
    assert found["zlib"].tolist() == [-20 / 8]
    assert scores(side, "train", 0.01)["min_k"].tolist() == [-9.0]  # one token at least


def published(nats, mu, sigma, ratio):
    """The arithmetic of run.py of github.com/zjysteven/mink-plus-plus."""
    mink_plus = (nats - mu) / sigma
    k = int(len(mink_plus) * ratio)
    return np.mean(np.sort(nats)[:k]), np.mean(np.sort(mink_plus)[:k])


def test_as_published():
    rng = np.random.default_rng(0)
    rows = [rng.normal(-3, 1, n) for n in (37, 50, 11)]
    mu, sigma = rng.normal(-2.5, 0.5, 98), rng.uniform(0.5, 2, 98)
    found, at = scores(said(rows, mu, sigma), "train", 0.2), 0
    for i, row in enumerate(rows):
        own = slice(at, at + len(row))
        plain, plus = published(row, mu[own], sigma[own], 0.2)
        assert found["min_k"][i] == pytest.approx(plain)
        assert found["min_k_plus"][i] == pytest.approx(plus)
        at += len(row)


def test_texts_without_tokens_are_left_out_and_impossible_ones_rank_last():
    rows = [[-1.0, -2.0], [], *([[-2.0, -3.0]] * 9)]
    found = token_membership(said(rows), said([[-np.inf, -1.0]] * 10), seen(11), seen(10, 1), rng=stream(0, "t"))
    assert found["min_k_auc"].n == 10
    assert found["min_k_auc"].value == found["min_k_plus_auc"].value == found["zlib_auc"].value == 1.0


def test_sets_that_differ_by_themselves_void_all_attacks():
    rng = np.random.default_rng(1)
    rows = rng.normal(-2, 1, (320, 20)).tolist()
    found = token_membership(said(rows[:160]), said(rows), seen(160, 0, 0.9), seen(320, 1), rng=stream(0, "t"))
    for name, estimate in found.items():
        assert isinstance(estimate, Absent) is (name != "blind_auc")
    assert "void" in found["zlib_tpr"].because


def test_control_a_gpt_trained_too_long_gives_its_members_away():
    data = pydoc()
    texts = data.take("train")
    few = replace(data, splits={**data.splits, "train": data.indices("train", 40)})
    model = Gpt(width=64, layers=1, steps=100, patience=100)
    kept = replace(few, splits={**few.splits, "held_out": few.indices("train")})  # so that nothing stops it
    model.fit(kept, Training(0))
    inside, outside = model.token_log_probs(texts[:40]), model.token_log_probs(texts[40:340])
    found = token_membership(inside, outside, seen(40), seen(300, 1), rng=stream(0, "t"))
    for name in ("min_k", "min_k_plus", "zlib"):
        assert found[f"{name}_auc"].interval.low > 0.6, name
        assert found[f"{name}_tpr"].interval.low > found[f"{name}_tpr"].floor, name


def test_refusals():
    some = said([[-1.0]] * 6)
    with pytest.raises(ProbeError, match="share of tokens"):
        token_membership(some, some, seen(6), seen(6), rng=stream(0, "t"), share=0.0)
    with pytest.raises(NotApplicable, match="got 4 and 6"):
        token_membership(said([[-1.0]] * 4), some, seen(4), seen(6), rng=stream(0, "t"))
    with pytest.raises(ProbeError, match="train: item 1 holds means that are no number"):
        scores(said([[-1.0], [-1.0]], means=[0.0, np.nan]), "train", 0.2)
