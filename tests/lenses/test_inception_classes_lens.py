"""Class probabilities of the FID network: features times the last layer without its bias; other lenses give none."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from genbench.core.errors import LensError, NotApplicable
from genbench.core.lens import Annotator, Embeds
from genbench.lenses.image._inception import Inception as Network
from genbench.lenses.image.inception_classes import InceptionClasses
from genbench.probes.quality.classifier_score import classifier_score
from genbench.stats.shares import identified

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def lens() -> InceptionClasses:
    torch.manual_seed(0)
    made = InceptionClasses(weights="unused.pth")
    made.inception._net = Network().eval()
    return made


def test_probabilities_are_those_of_the_layer_without_its_bias(lens: InceptionClasses) -> None:
    rng = np.random.default_rng(0)
    items = [rng.integers(0, 256, (40, 40, 3), dtype=np.uint8) for _ in range(2)]
    found = lens.annotate(items)
    net = lens.inception._net
    assert net is not None
    logits = torch.from_numpy(lens.inception.features(items)) @ net.fc.weight.detach().double().T
    assert found.probabilities == pytest.approx(torch.softmax(logits, dim=1).numpy(), rel=1e-6)
    assert np.array_equal(found.labels, logits.argmax(dim=1).numpy())
    with torch.no_grad():
        before = net.fc.bias.clone()
        net.fc.bias += 100 * torch.randn(1008)
        assert lens.annotate(items).probabilities == pytest.approx(found.probabilities)
        net.fc.bias.copy_(before)


def test_it_is_an_annotator_nobody_tried_and_so_no_judge_of_groups(lens: InceptionClasses) -> None:
    assert isinstance(lens, Annotator)
    assert not isinstance(lens, Embeds)
    found = lens.annotate([])
    assert found.confusion is not None
    with pytest.raises(NotApplicable, match=r"never tried on Inception class 0, .* and 1003 more"):
        identified(found.confusion, found.names)
    with pytest.raises(NotApplicable, match="got 0 of generated"):
        classifier_score(found, found)


def test_only_through_it_is_the_score_called_inception_score(lens: InceptionClasses) -> None:
    assert lens.__genbench__.titles == {"quality.classifier_score.score": "Inception Score"}  # type: ignore[attr-defined]
    with pytest.raises(LensError, match="no file"):
        InceptionClasses(weights="nowhere.pth").annotate([np.zeros((8, 8, 1), np.uint8)])
