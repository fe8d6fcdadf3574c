"""Text to image: a caption decides which digit is drawn, from what the transformer expects, and seeds are honest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.neural_network import MLPClassifier

from genbench.core.chance import sample_seeds, stream
from genbench.core.data import Dataset, Groups, Item
from genbench.core.errors import ModelError
from genbench.core.model import Density, Fittable, Illustrator, Persistent, Placeable, Sampler, Training
from genbench.models._caption_prior import Prior
from genbench.models._dvae import COLDEST, Dvae, cooled
from genbench.models.gaussian import Gaussian
from genbench.models.text_to_image import CAPTIONS, TextToImage

SEEDS = sample_seeds(0, 12, "text_to_image")


def small(**settings: Any) -> TextToImage:
    chosen = {"codes": 48, "width": 48, "length": 20, "steps": 300, "batch": 32, "rate": 3e-3, **settings}
    return TextToImage(**{"captions": ["a picture of {}", "{}"], **chosen})


@pytest.fixture(scope="module")
def fitted(digit_data: Dataset) -> TextToImage:
    torch.set_num_threads(1)
    model = small()
    model.fit(digit_data, Training(0))
    return model


@pytest.fixture(scope="module")
def untrained(digit_data: Dataset) -> TextToImage:
    model = small(steps=1)
    model.fit(digit_data, Training(0))
    return model


def test_it_illustrates_and_gives_no_density(fitted: TextToImage) -> None:
    for capability in (Illustrator, Sampler, Fittable, Persistent, Placeable):
        assert isinstance(fitted, capability)
    assert not isinstance(fitted, Density)


def test_the_caption_decides_which_digit_is_drawn(
    fitted: TextToImage, untrained: TextToImage, digit_data: Dataset
) -> None:
    """Judged by a classifier of real digits; chance is 0.1, and an untrained model is at chance."""
    train = np.stack(digit_data.take("train")).reshape(-1, 64) / 255.0
    judge = MLPClassifier((48,), max_iter=60, random_state=0).fit(train, digit_data.labels("train"))
    asked, seeds = np.arange(300) % 10, sample_seeds(1, 300)
    right = {}
    for name, model in (("fitted", fitted), ("untrained", untrained)):
        for form in ("a picture of {}", "{}"):
            made = model.illustrate([form.replace("{}", str(digit)) for digit in asked], seeds)
            right[name, form] = judge.score(np.stack(made).reshape(300, -1) / 255.0, asked)
    assert min(right["fitted", form] for form in ("a picture of {}", "{}")) > 0.5
    assert max(right["untrained", form] for form in ("a picture of {}", "{}")) < 0.25


def test_its_images_are_nearer_to_digits_than_noise_and_its_untrained_self_are(
    fitted: TextToImage, untrained: TextToImage, digit_data: Dataset, from_held_out: Callable[[Sequence[Item]], float]
) -> None:
    seeds, own = sample_seeds(1, 300), from_held_out(fitted.sample(sample_seeds(1, 300)))
    for correlated in (False, True):
        gaussian = Gaussian(correlated=correlated)
        gaussian.fit(digit_data, Training(0))
        assert own < 0.6 * from_held_out(gaussian.sample(seeds))
    assert own < 0.1 * from_held_out(untrained.sample(seeds))


def test_code_words_hold_what_an_image_shows(fitted: TextToImage, digit_data: Dataset) -> None:
    x = torch.from_numpy(np.stack(digit_data.take("held_out"))).permute(0, 3, 1, 2) / 255.0
    assert fitted.net is not None
    with torch.no_grad():
        z = fitted.net.dvae.encode(x)
        error = (fitted.net.dvae.decode(z) - x).square().mean()
    assert z.shape == (len(x), 4, 4)
    assert error < 0.3 * x.var(dim=0).mean()


def test_captions_without_a_request_are_as_frequent_as_groups(digit_data: Dataset) -> None:
    model = small(captions=["one {}", "a {}"])
    model.names = {"cat": 75, "dog": 25}
    drawn = Counter(model.caption(seed) for seed in sample_seeds(0, 2000))
    assert drawn["one cat"] + drawn["a cat"] == pytest.approx(1500, abs=80)
    assert drawn["a dog"] + drawn["a cat"] == pytest.approx(1000, abs=90)


def test_an_illustration_is_its_caption_and_seed_alone(fitted: TextToImage) -> None:
    captions = [f"a picture of {i % 10}" for i in range(12)]
    together = np.stack(fitted.illustrate(captions, SEEDS)).astype(int)
    for part in (slice(0, 1), slice(1, 8), slice(8, None)):
        apart = np.stack(fitted.illustrate(captions[part], SEEDS[part])).astype(int)
        assert np.abs(together[part] - apart).max() <= 1
    alike = np.stack(fitted.illustrate(["a picture of 3"] * 40, sample_seeds(2, 40)))
    assert len(np.unique(alike.reshape(40, -1), axis=0)) > 30
    chosen = fitted.sample(SEEDS)
    np.testing.assert_array_equal(
        np.stack(chosen), np.stack(fitted.illustrate([fitted.caption(s) for s in SEEDS], SEEDS))
    )


def test_a_restored_model_draws_identically(fitted: TextToImage) -> None:
    again = small()
    again.restore(*fitted.state())
    np.testing.assert_array_equal(np.stack(again.sample(SEEDS)), np.stack(fitted.sample(SEEDS)))


def stirred() -> Prior:
    torch.manual_seed(0)
    prior = Prior(16, 2, 2, codes=7, length=5, grid=(2, 3)).eval()
    for parameter in prior.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return prior


def test_each_symbol_is_expected_from_those_before_it_alone() -> None:
    prior = stirred()
    captions, z = torch.randint(0, 261, (1, 5)), torch.randint(0, 7, (1, 2, 3))
    with torch.no_grad():
        said, shown = prior(captions, z)
        for place in range(11):
            other, moved = captions.clone(), z.clone()
            if place < 5:
                other[0, place] = (other[0, place] + 1) % 261
            else:
                moved.view(-1)[place - 5] = (moved.view(-1)[place - 5] + 1) % 7
            said_2, shown_2 = prior(other, moved)
            changed = [*(said != said_2).any(dim=2)[0].tolist(), *(shown != shown_2).any(dim=2)[0].tolist()]
            assert changed == [False] * (place + 1) + [True] * (10 - place)


def test_words_are_drawn_as_often_as_they_are_expected() -> None:
    """The logits of drawing, with its memory, are those of scoring, and each word inverts its cumulative share."""
    prior, model = stirred(), small()
    captions = torch.randint(0, 261, (6, 5))
    chances, seen = stream(0, "chances").random((6, 6)), []

    def choose(place: int, logits: torch.Tensor) -> torch.Tensor:
        seen.append(logits)
        return model._chosen(logits, chances[:, place])

    with torch.no_grad():
        z = prior.drawn(captions, choose)
        shown = prior(captions, z)[1]
    torch.testing.assert_close(torch.stack(seen, dim=1), shown, atol=1e-4, rtol=1e-4)
    high = shown.double().softmax(dim=2).cumsum(dim=2).numpy()
    flat = z.flatten(1).numpy()
    top = np.take_along_axis(high, flat[:, :, None], 2)[:, :, 0]
    low = np.where(flat > 0, np.take_along_axis(high, np.maximum(flat - 1, 0)[:, :, None], 2)[:, :, 0], 0)
    assert (chances <= top + 1e-5).all()
    assert (chances >= low - 1e-5).all()


def test_the_relaxation_hardens_and_the_divergence_is_that_from_uniform() -> None:
    assert cooled(0.0) == (1.0, 0.0)
    assert cooled(1.0) == (pytest.approx(COLDEST), 1.0)
    torch.manual_seed(0)
    dvae, x = Dvae((1, 8, 8), 8, 5, 8), torch.rand(3, 1, 8, 8)
    torch.nn.init.zeros_(dvae.encoder[-1].weight)  # q is then the same everywhere
    p = torch.tensor([0.5, 0.2, 0.1, 0.1, 0.1])
    with torch.no_grad():
        dvae.encoder[-1].bias.copy_(p.log())
        losses = []
        for weight in (0.0, 1.0):
            torch.manual_seed(3)
            losses.append(dvae.loss(x, COLDEST, weight).item())
        drawn = torch.nn.functional.gumbel_softmax(p.log().expand(20_000, 5), tau=COLDEST, dim=1)
    assert losses[1] - losses[0] == pytest.approx(16 * float((p * (5 * p).log()).sum()), rel=1e-3)
    assert (drawn.max(dim=1).values > 0.9).float().mean() > 0.85
    torch.testing.assert_close(torch.bincount(drawn.argmax(dim=1)) / 20_000, p, atol=0.012, rtol=0)


@pytest.mark.parametrize(("height", "width"), [(3, 4), (13, 18), (28, 28)])
def test_any_size_and_colour(height: int, width: int) -> None:
    items = list(np.random.default_rng(0).integers(0, 256, (12, height, width, 3), dtype=np.uint8))
    splits = {"train": np.arange(8), "held_out": np.arange(8, 12)}
    groups = Groups(np.arange(12) % 2, ("Ä" * 40, "b"))
    data = Dataset("coloured", "image", items, splits, tuple(map(str, range(12))), "", "", "", groups)
    model = TextToImage(breadth=8, codes=6, width=8, heads=2, steps=2, batch=4)
    model.fit(data, Training(0))
    assert np.stack(model.illustrate(["", "Ä" * 100], SEEDS[:2])).shape == (2, height, width, 3)


def test_what_cannot_be_captioned_is_said(digit_data: Dataset) -> None:
    lone = Dataset("lone", "image", digit_data.items, digit_data.splits, digit_data.keys, "", "", "")
    with pytest.raises(ModelError, match="'lone' has none; sub-folders"):
        small(steps=1).fit(lone, Training(0))
    with pytest.raises(ModelError, match=r"each caption holds \{\}"):
        TextToImage(captions=["a picture"])
    with pytest.raises(ModelError, match="width is a multiple of heads"):
        TextToImage(width=10, heads=4)
    assert TextToImage().captions == list(CAPTIONS)
