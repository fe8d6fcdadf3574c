"""The classifier score: torchmetrics' Inception Score, hand-worked cases, its interval, what fools it, refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchmetrics.image.inception import InceptionScore

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Annotations
from genbench.core.score import Estimate
from genbench.probes.quality.classifier_score import classifier_score, divergences, logged


def said(p: np.ndarray) -> Annotations:
    return Annotations(p.argmax(axis=1), tuple(f"c{i}" for i in range(p.shape[1])), probabilities=p)


def run(generated: np.ndarray, held_out: np.ndarray) -> Estimate:
    found = classifier_score(said(generated), said(held_out))["score"]
    assert isinstance(found, Estimate)
    return found


def softmax(logits: np.ndarray) -> np.ndarray:
    whole = np.exp(logits - logits.max(axis=1, keepdims=True))
    return whole / whole.sum(axis=1, keepdims=True)


class Asis(torch.nn.Module):
    """Hands logits through, so that torchmetrics' own class can be fed with them."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def test_it_is_torchmetrics_inception_score():
    logits = 3 * np.random.default_rng(0).normal(size=(200, 12))
    theirs = InceptionScore(feature=Asis(), splits=1, normalize=False)
    theirs.update(torch.tensor(logits))
    assert run(softmax(logits), softmax(logits)).value == pytest.approx(float(theirs.compute()[0]), rel=1e-5)


def test_certain_and_even_scores_the_number_of_classes_and_one_class_scores_one():
    even = np.tile(np.eye(5), (20, 1))
    assert run(even, even).value == pytest.approx(5)
    single = np.tile(np.eye(5)[:1], (40, 1))
    collapsed = run(single, even)
    assert (collapsed.value, collapsed.floor) == (pytest.approx(1), pytest.approx(5))
    assert collapsed.interval.low == 1
    # p = (0.9, 0.1) and (0.1, 0.9) evenly: KL to (0.5, 0.5) = log 2 - H(0.9)
    two = np.tile([[0.9, 0.1], [0.1, 0.9]], (10, 1))
    assert np.log(run(two, two).value) == pytest.approx(np.log(2) + 0.9 * np.log(0.9) + 0.1 * np.log(0.1))


def test_the_standard_error_is_the_jackknifes():
    p = softmax(2 * np.random.default_rng(1).normal(size=(60, 4)))
    left_out = np.array([logged(np.delete(p, i, axis=0)).value for i in range(60)])
    assert logged(p).error == pytest.approx(np.sqrt(59 / 60 * np.square(left_out - left_out.mean()).sum()), rel=0.02)
    assert divergences(p).min() >= 0


def test_the_truth_is_covered():
    # Certain items in classes of shares 0.7 and 0.3: exp(H(0.3)); the held-out side the same, so the floor is too.
    rng, truth = np.random.default_rng(2), np.exp(-0.7 * np.log(0.7) - 0.3 * np.log(0.3))
    draw = lambda n: np.eye(2)[(rng.random(n) < 0.3).astype(int)]
    found = [run(draw(300), draw(300)) for _ in range(300)]
    assert np.mean([f.interval.low <= truth <= f.interval.high for f in found]) >= 0.93
    assert np.mean([f.interval.low <= f.floor <= f.interval.high for f in found]) >= 0.93


def test_the_published_mean_of_splits_is_lower_by_its_bias():
    p = softmax(4 * np.random.default_rng(3).normal(size=(200, 30)))
    found = run(p, p)
    assert found.detail.facts["as published, mean of 10 splits"] < 0.9 * found.value
    # The bias told for n foretells most of what tenths of n lose: log ratio about 9 shortfalls of n.
    lost = np.log(found.value / found.detail.facts["as published, mean of 10 splits"])
    assert 9 * found.detail.facts["shortfall by bias, share"] == pytest.approx(lost, rel=0.4)


def test_one_picture_per_class_fools_it_as_its_reading_says():
    p = np.clip(softmax(4 * np.random.default_rng(4).normal(size=(300, 6))), 1e-3, None)
    p /= p.sum(axis=1, keepdims=True)
    copied = np.tile(np.eye(6), (50, 1))
    assert run(copied, p).interval.low > run(p, p).value


def test_what_cannot_be_measured_is_refused():
    p = np.tile(np.eye(3), (10, 1))
    with pytest.raises(NotApplicable, match="gives no probabilities"):
        classifier_score(Annotations(np.zeros(30, np.int64), ("a", "b")), said(p))
    with pytest.raises(NotApplicable, match="got 15 of generated"):
        run(p[:15], p)
    with pytest.raises(NotApplicable, match="same classes"):
        run(p, np.tile(np.eye(4), (10, 1)))
    spoiled = p.copy()
    spoiled[4] = np.nan
    with pytest.raises(ProbeError, match="generated: the probabilities of item 4"):
        run(spoiled, p)
