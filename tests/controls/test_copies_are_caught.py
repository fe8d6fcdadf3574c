"""The copycat is flagged at every rate and disguise, on images and on text; who copies nobody is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from judged import state

from genbench.core.chance import sample_seeds, stream
from genbench.core.data import Dataset, Item
from genbench.core.evidence import Features, Fingerprints
from genbench.core.model import Training
from genbench.core.score import Estimate
from genbench.data.digits import digits
from genbench.data.pydoc import pydoc
from genbench.lenses.image.classifier import Classifier
from genbench.lenses.image.pixels import Pixels
from genbench.lenses.text.ngrams import Ngrams
from genbench.models.copycat import Copycat
from genbench.probes.memorization.copying import copying
from genbench.probes.memorization.duplicates import duplicates

N = 500


@dataclass
class Seen:
    """A dataset through a lens."""

    data: Dataset
    lens: Classifier | Pixels | Ngrams

    def __post_init__(self) -> None:
        self.train = self.look(self.data.take("train"))
        self.held_out = self.look(self.data.take("held_out"))

    def look(self, items: list[Item]) -> tuple[Features, Fingerprints]:
        return Features(np.asarray(self.lens.features(items), np.float64)), self.lens.fingerprints(items)

    def alarms(self, made: list[Item], seed: int) -> set[str]:
        """The memorization scores that alarm, but for repeats within the output, which are true of any copycat."""
        features, fingerprints = self.look(made)
        alarming = set()
        for probe, found in (
            (copying, copying(features, self.train[0], self.held_out[0], rng=stream(seed, "copying"))),
            (duplicates, duplicates(fingerprints, self.train[1], self.held_out[1], rng=stream(seed, "duplicates"))),
        ):
            for metric, estimate in found.items():
                assert isinstance(estimate, Estimate)
                if state(probe, metric, estimate) == "alarm" and metric != "within_output":
                    alarming.add(f"{probe.__name__}.{metric}")
        return alarming


@pytest.fixture(scope="module", params=["digits by pixels", "digits by classifier", "prose by n-grams"])
def seen(request) -> Seen:
    if request.param == "prose by n-grams":
        return Seen(pydoc(), Ngrams())
    data = digits()
    if request.param == "digits by pixels":
        return Seen(data, Pixels())
    lens = Classifier(steps=300)
    lens.learn(data, 0)
    return Seen(data, lens)


def copies(data: Dataset, rate: float, jitter: float, seed: int) -> list[Item]:
    model = Copycat(rate=rate, jitter=jitter)
    model.fit(data, Training())
    return list(model.sample(sample_seeds(seed, N, "generated")))


@pytest.mark.parametrize("jitter", [0.0, 0.1])
@pytest.mark.parametrize("rate", [1.0, 0.2, 0.05])
def test_a_copycat_is_flagged(seen: Seen, rate: float, jitter: float) -> None:
    caught = [seen.alarms(copies(seen.data, rate, jitter, seed), seed) for seed in range(2)]
    assert all(caught)
    if rate > 0.05:
        assert all("copying.tpr_at_1pct_fpr" in alarms and "duplicates.of_train" in alarms for alarms in caught)


def test_who_copies_nobody_is_not(seen: Seen) -> None:
    """Ten draws of real data nobody trained on, with replacement; and all of it once."""
    alarms = [seen.alarms(copies(seen.data, 0.0, 0.0, seed), seed) for seed in range(10)]
    assert not any(alarms), alarms
    assert not seen.alarms(seen.data.take("reserve"), 0)


def test_who_drops_modes_is_not(seen: Seen) -> None:
    """A third of the reserve: three digits of ten, or the shortest texts."""
    items = seen.data.take("reserve")
    if seen.data.groups is not None:
        made = [item for item, label in zip(items, seen.data.labels("reserve"), strict=True) if label < 3]
    else:
        made = sorted(items, key=len)[: len(items) // 3]
    assert not seen.alarms(made, 0)
