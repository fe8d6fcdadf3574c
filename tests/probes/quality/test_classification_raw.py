"""Raw inputs: sees outputs that please the network and look like nothing, where its own features are blind."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.core.chance import stream
from genbench.core.errors import NotApplicable
from genbench.core.evidence import Annotations, Arrays, Features, Labels
from genbench.core.score import Estimate
from genbench.data.digits import digits
from genbench.lenses.image.classifier import Classifier
from genbench.probes.quality.classification import classification
from genbench.probes.quality.classification_raw import classification_raw


def test_outputs_that_only_please_the_network_are_seen_in_raw_inputs_and_not_in_its_features():
    data, lens = digits(), Classifier(steps=150)
    lens.learn(data, 0)
    rng = np.random.default_rng(0)
    real = data.take("train", 100)
    # Noise about the mean image: the network calls each of them something all the same.
    mean = np.mean([item.astype(float) for item in real], axis=0)
    noise = [np.clip(mean + 70 * rng.normal(size=mean.shape), 0, 255).astype(np.uint8) for _ in range(100)]
    fresh = data.take("reserve", 100)

    def lost(outputs, raw):
        sides = (outputs, data.take("held_out", 150), real)
        seen = [lens.arrays(side) if raw else Features(lens.features(side)) for side in sides]
        said = lens.annotate(outputs)
        held, learned = (
            Labels(data.labels(split, n), data.groups.names) for split, n in (("held_out", 150), ("train", 100))
        )
        chance = stream(0, "raw")
        probe = classification_raw if raw else classification
        found = probe(seen[0], said, seen[1], held, seen[2], learned, rng=chance)["lost"]
        assert isinstance(found, Estimate)
        return found

    raw, blind, fair = lost(noise, True), lost(noise, False), lost(fresh, True)
    assert raw.interval.low > 0.1
    assert raw.value > blind.value + 0.1
    assert fair.interval.low <= 0 < fair.interval.high + 0.03


def test_large_items_are_projected_alike_on_all_sides():
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(3, 20, 20, 3))

    def side(n):
        labels = rng.integers(3, size=n)
        x = centres[labels] + 2 * rng.normal(size=(n, 20, 20, 3))
        return Arrays(x.astype(np.float32), -9.0, 9.0), labels

    names = ("a", "b", "c")
    (made, said), (held, true), (seen, learned) = side(90), side(90), side(90)
    sides = made, Annotations(said, names), held, Labels(true, names), seen, Labels(learned, names)
    found = classification_raw(*sides, rng=stream(0, "raw"))
    assert isinstance(found["accuracy"], Estimate)
    assert found["accuracy"].value > 0.9
    assert found["lost"].interval.low <= 0


def test_what_cannot_be_measured_is_refused():
    x, labels, names = Arrays(np.zeros((10, 4)), 0.0, 1.0), np.arange(10) % 2, ("a", "b")
    few, real = (x, Annotations(labels, names)), (x, Labels(labels, names))
    with pytest.raises(NotApplicable, match="needs 20 items"):
        classification_raw(*few, *real, *real, rng=stream(0, "raw"))
