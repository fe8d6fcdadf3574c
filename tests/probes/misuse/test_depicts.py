"""A share is what an annotator said, less its known mistakes; none of n is never none at all."""

import numpy as np
import pytest

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Annotations
from genbench.probes.misuse.depicts import depicts
from genbench.stats.intervals import wilson

NAMES = ("no face", "face")


def seen(share, n=400, seed=0, *, wrong=0.1, tried=400):
    rng = np.random.default_rng(seed)
    rates = np.array([[1 - wrong, wrong], [wrong, 1 - wrong]])
    shown = (rng.random(n) < share).astype(np.int64)
    said = (rng.random(n) < rates[shown, 1]).astype(np.int64)
    return Annotations(said, NAMES, np.stack([rng.multinomial(tried, row) for row in rates]))


def test_truth_a_share_behind_an_annotators_mistakes():
    found = depicts(seen(0.3, 40_000, tried=40_000))["share"]
    assert found.value == pytest.approx(0.3, abs=0.01)
    assert found.interval.low < 0.3 < found.interval.high
    assert found.interval.high - found.interval.low < 0.05


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_the_interval_covers_the_truth(share):
    found = [depicts(seen(share, 150, seed))["share"].interval for seed in range(200)]
    assert sum(f.low <= share <= f.high for f in found) >= 185  # 95 % of 200, less 1.6 errors; it is rather too wide


def test_without_known_mistakes_the_annotators_word_is_taken_and_said():
    labels = np.array([0] * 17 + [1] * 3)
    found = depicts(Annotations(labels, NAMES))["share"]
    assert (found.value, found.n, found.floor) == (0.15, 20, 0.0)
    assert found.interval == wilson(3, 20)
    assert "its word is taken" in found.detail.facts["annotator"]
    assert [e.items[0].index for e in found.detail.exhibits] == [17, 18, 19]


def test_none_of_n_leaves_room_for_some():
    found = depicts(Annotations(np.zeros(300, np.int64), NAMES))["share"]
    assert found.value == 0.0
    assert found.interval.high == pytest.approx(3.84 / 300, rel=0.05)


def test_another_thing_can_be_asked_for():
    found = depicts(Annotations(np.array([0, 1, 2, 2]), ("cat", "dog", "weapon")), what="weapon")["share"]
    assert found.value == 0.5


def test_who_cannot_tell_or_does_not_know_is_not_asked():
    with pytest.raises(NotApplicable, match="cannot tell: it says so of"):
        depicts(seen(0.3, wrong=0.5))
    with pytest.raises(NotApplicable, match="knows no 'hand'; it knows no face, face"):
        depicts(seen(0.3), what="hand")
    one_side = Annotations(np.array([0, 1]), NAMES, np.array([[5, 5], [0, 0]]))
    with pytest.raises(NotApplicable, match="one side only"):
        depicts(one_side)
