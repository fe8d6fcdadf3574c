"""Outputs without a model are handed out in order, and never more than there are."""

from __future__ import annotations

import pytest

from genbench.core.chance import sample_seeds
from genbench.core.errors import ModelError
from genbench.core.model import Fittable, Receives, Sampler
from genbench.models.samples import Samples


def test_outputs_come_in_order() -> None:
    model = Samples(path="outputs.txt")
    model.receive(["a", "b", "c"])
    assert isinstance(model, Sampler)
    assert isinstance(model, Receives)
    assert not isinstance(model, Fittable)
    assert model.count == 3
    assert model.sample(sample_seeds(0, 2)) == ["a", "b"]
    assert model.sample(sample_seeds(5, 3)) == ["a", "b", "c"]


def test_more_than_there_are_is_an_error_that_says_how_many() -> None:
    model = Samples(path="outputs.txt")
    model.receive(["a", "b", "c"])
    with pytest.raises(ModelError, match=r"outputs\.txt holds 3 outputs, and 4 were asked for"):
        model.sample(sample_seeds(0, 4))
