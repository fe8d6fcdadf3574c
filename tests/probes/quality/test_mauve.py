"""MAUVE of features: equal samples are at the floor, outputs of half the topics and disjoint ones are not."""

import numpy as np
import pytest

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features
from genbench.probes.quality.mauve import mauve

CENTRES = np.random.default_rng(9).normal(size=(8, 12)) * 3


def topics(n, which, seed):
    rng = np.random.default_rng(seed)
    return Features(CENTRES[rng.choice(which, n)] + rng.normal(size=(n, 12)) * 0.5)


ALL = np.arange(8)


def test_a_second_sample_is_at_its_floor():
    found = mauve(topics(300, ALL, 0), topics(300, ALL, 1), topics(300, ALL, 2), rng=np.random.default_rng(0))["mauve"]
    assert found.interval.low < found.floor < found.interval.high
    assert found.floor > 0.8
    assert found.detail.facts["cells"] == 30


def test_control_half_the_topics_are_missed_and_others_altogether_are_near_zero():
    half = mauve(topics(300, ALL[:4], 0), topics(300, ALL, 1), topics(300, ALL, 2), rng=np.random.default_rng(0))
    assert half["mauve"].interval.high < half["mauve"].floor
    apart = mauve(
        topics(300, ALL[:4], 0), topics(300, ALL[4:], 1), topics(300, ALL[4:], 2), rng=np.random.default_rng(0)
    )
    assert apart["mauve"].value < 0.01 < half["mauve"].value


def test_sides_are_cut_to_the_smallest():
    found = mauve(topics(900, ALL, 0), topics(200, ALL, 1), topics(300, ALL, 2), rng=np.random.default_rng(0))["mauve"]
    assert found.n == 200
    with pytest.raises(NotApplicable, match="needs 60 items"):
        mauve(topics(900, ALL, 0), topics(50, ALL, 1), topics(300, ALL, 2), rng=np.random.default_rng(0))
