"""CycleGAN: it moves digits into the other domain and they stay the same digits, and it has no samples to offer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from sklearn.neural_network import MLPClassifier

from genbench.core.chance import sample_seeds, stream
from genbench.core.data import Dataset, Groups, Item
from genbench.core.errors import ModelError
from genbench.core.lens import Identified
from genbench.core.model import (
    Between,
    Density,
    Differentiable,
    Fittable,
    Persistent,
    Placeable,
    Returns,
    Sampler,
    Training,
    Translator,
)
from genbench.models.cyclegan import BUFFER, Cyclegan, Replay
from genbench.models.gaussian import Gaussian


def inverted(item: Item) -> np.ndarray:
    return 255 - np.asarray(item)


def two_domains(data: Dataset) -> Dataset:
    """Each digit in one domain only: half of them as they are, the others inverted."""
    labels = stream(0, "domains").integers(0, 2, len(data.items))
    items = [inverted(item) if label else item for item, label in zip(data.items, labels, strict=True)]
    return Dataset(
        "two domains", "image", items, data.splits, data.keys, "", "", "", Groups(labels, ("black", "white"))
    )


def small(**settings: float) -> Cyclegan:
    chosen = {"breadth": 12, "blocks": 1, "steps": 160, "batch": 12, "identity": 0.02, "rate": 2e-3, **settings}
    return Cyclegan(**chosen)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def cyclegan(digit_data: Dataset) -> Cyclegan:
    torch.set_num_threads(1)
    model = small()
    model.fit(two_domains(digit_data), Training(0))
    return model


@pytest.fixture(scope="module")
def untrained(digit_data: Dataset) -> Cyclegan:
    model = small(steps=1)
    model.fit(two_domains(digit_data), Training(0))
    return model


def rows(items: Sequence[Item]) -> np.ndarray:
    return np.stack(items).reshape(len(items), -1) / 255.0


def test_it_translates_and_neither_samples_nor_scores(cyclegan: Cyclegan) -> None:
    for capability in (Translator, Returns, Between, Differentiable, Fittable, Persistent, Placeable):
        assert isinstance(cyclegan, capability)
    for capability in (Sampler, Density, Identified):
        assert not isinstance(cyclegan, capability)
    assert cyclegan.between() == ("black", "white")


def test_digits_come_out_in_the_other_domain_as_the_digits_they_were(
    cyclegan: Cyclegan, untrained: Cyclegan, digit_data: Dataset
) -> None:
    """Judged by classifiers of real digits, one of each domain; what is not translated is lost on the other's."""
    x, y = digit_data.take("train"), digit_data.labels("train")
    judges = [
        MLPClassifier((48,), max_iter=60, random_state=0).fit(rows([turn(item) for item in x]), y)
        for turn in (np.asarray, inverted)
    ]
    held_out, true = digit_data.take("held_out"), digit_data.labels("held_out")
    there = cyclegan.translate(held_out)
    back = cyclegan.translate_back([inverted(item) for item in held_out])
    cycle = cyclegan.translate_back(there)
    assert judges[1].score(rows(held_out), true) < 0.15
    assert judges[1].score(rows(untrained.translate(held_out)), true) < 0.4
    assert judges[1].score(rows(there), true) > 0.8
    assert judges[0].score(rows(back), true) > 0.8
    assert judges[0].score(rows(cycle), true) > 0.85
    mean = np.abs(rows(held_out) - rows(held_out).mean(axis=0)).mean()
    assert np.abs(rows(cycle) - rows(held_out)).mean() < 0.5 * mean
    assert np.abs(rows(untrained.translate_back(untrained.translate(held_out))) - rows(held_out)).mean() > mean


def test_translations_are_nearer_to_the_other_domain_than_noise_and_its_untrained_self_are(
    cyclegan: Cyclegan, untrained: Cyclegan, digit_data: Dataset, from_held_out: Callable[[Sequence[Item]], float]
) -> None:
    """Of digits that neither the model nor the distance has seen; inverted, white digits are measured as black ones."""
    items, gaussian = digit_data.take("reserve"), Gaussian()
    gaussian.fit(digit_data, Training(0))
    noise = from_held_out(gaussian.sample(sample_seeds(1, 300)))
    white = [inverted(item) for item in items]
    there, back = from_held_out([inverted(item) for item in cyclegan.translate(items)]), cyclegan.translate_back(white)
    assert there < 0.25 * noise
    assert from_held_out(back) < 0.25 * noise
    assert there < 0.1 * from_held_out([inverted(item) for item in untrained.translate(items)])
    assert from_held_out(back) < 0.1 * from_held_out(untrained.translate_back(white))


def test_a_translation_is_its_inputs_alone(cyclegan: Cyclegan, digit_data: Dataset) -> None:
    items = digit_data.take("held_out", 12)
    together = np.stack(cyclegan.translate(items)).astype(int)
    apart = np.stack([*cyclegan.translate(items[:1]), *cyclegan.translate(items[1:8]), *cyclegan.translate(items[8:])])
    assert np.abs(together - apart).max() <= 1
    np.testing.assert_array_equal(together, np.stack(cyclegan.translate(items)))


def test_the_gradient_is_that_of_the_cycles_error(cyclegan: Cyclegan, digit_data: Dataset) -> None:
    items = digit_data.take("held_out", 3)
    x = np.stack(items).transpose(0, 3, 1, 2) / 255.0
    losses, gradient = cyclegan.loss_and_grad(x)
    step = 1e-2 * gradient / np.sqrt((gradient**2).sum(axis=(1, 2, 3), keepdims=True))
    measured = (cyclegan.loss_and_grad(x + step)[0] - cyclegan.loss_and_grad(x - step)[0]) / 2
    np.testing.assert_allclose(measured, (gradient * step).sum(axis=(1, 2, 3)), rtol=0.05)
    cycle = rows(cyclegan.translate_back(cyclegan.translate(items)))
    np.testing.assert_allclose(losses, np.square(cycle - rows(items)).mean(axis=1), rtol=0.1)


def test_a_restored_model_translates_identically(cyclegan: Cyclegan, digit_data: Dataset) -> None:
    items = digit_data.take("held_out", 12)
    again = small()
    again.restore(*cyclegan.state())
    assert again.between() == cyclegan.between()
    for one, other in ((again.translate, cyclegan.translate), (again.translate_back, cyclegan.translate_back)):
        np.testing.assert_array_equal(np.stack(one(items)), np.stack(other(items)))


def test_half_of_what_discriminators_see_is_replayed() -> None:
    """Each image passes or is exchanged for a kept one: none is lost, none is doubled."""
    replay = Replay(0, "test")
    made = torch.arange(1000.0)[:, None, None, None]
    shown = torch.cat([replay.mixed(part) for part in made.split(10)]).flatten()
    assert torch.equal(shown[:BUFFER], torch.arange(float(BUFFER)))
    later = torch.arange(1000.0)[BUFFER:]
    assert 0.45 < float((shown[BUFFER:] == later).float().mean()) < 0.55
    # the first BUFFER are shown when they are kept, and once more when they leave
    seen = torch.cat([shown[BUFFER:], torch.stack(replay.kept).flatten()]).sort().values
    assert torch.equal(seen, torch.arange(1000.0))


def test_the_same_seed_trains_the_same_model(digit_data: Dataset) -> None:
    data = two_domains(digit_data)
    first, second = small(steps=3), small(steps=3)
    assert first.fit(data, Training(7)).ticks == second.fit(data, Training(7)).ticks
    items = digit_data.take("held_out", 4)
    np.testing.assert_array_equal(np.stack(first.translate(items)), np.stack(second.translate(items)))


@pytest.mark.parametrize(("height", "width"), [(3, 4), (13, 18), (32, 36)])
def test_any_size_and_colour(height: int, width: int) -> None:
    items = list(np.random.default_rng(0).integers(0, 256, (12, height, width, 3), dtype=np.uint8))
    groups = Groups(np.arange(12) % 3, ("a", "b", "c"))
    splits = {"train": np.arange(9), "held_out": np.arange(9, 12)}
    data = Dataset("coloured", "image", items, splits, tuple(map(str, range(12))), "", "", "", groups)
    model = Cyclegan(breadth=4, blocks=1, steps=2, batch=2, target="a", identity=0)
    model.fit(data, Training(0))
    assert model.between() == ("b", "a")
    assert np.stack(model.translate(items[:2])).shape == (2, height, width, 3)


def test_what_are_no_two_domains_is_said(digit_data: Dataset) -> None:
    lone = Dataset("lone", "image", digit_data.items, digit_data.splits, digit_data.keys, "", "", "")
    with pytest.raises(ModelError, match="'lone' has no groups; two sub-folders"):
        Cyclegan(steps=1).fit(lone, Training(0))
    data = two_domains(digit_data)
    with pytest.raises(ModelError, match="no group 'whit'; did you mean 'white'"):
        Cyclegan(steps=1, target="whit").fit(data, Training(0))
    with pytest.raises(ModelError, match="both 'white'"):
        Cyclegan(steps=1, source="white", target="white").fit(data, Training(0))
