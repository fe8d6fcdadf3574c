"""The PixelCNN: probabilities that sum to one, a strict order, drawing as it scores, and learning that beats noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pixel_checks as checks
import pytest
import torch

from genbench.core.chance import sample_seeds
from genbench.core.data import Dataset, Item
from genbench.core.errors import ModelError
from genbench.core.model import Density, Differentiable, Fittable, Persistent, Placeable, Sampler, Training
from genbench.models._pixels import BLOCK, nats
from genbench.models.gaussian import Gaussian
from genbench.models.pixelcnn import Net, Pixelcnn

SEEDS = sample_seeds(0, 40, "pixelcnn")


@pytest.fixture(scope="module")
def pixelcnn(digit_data: Dataset) -> Pixelcnn:
    torch.set_num_threads(1)
    model = Pixelcnn(features=32, layers=3, steps=200)
    model.fit(digit_data, Training(0))
    return model


def net_of(model: Pixelcnn) -> Net:
    assert model.net is not None
    return model.net


def bits(model: Pixelcnn | Gaussian, items: Sequence[Item]) -> float:
    found = model.log_prob(items)
    return float(-found.nats.sum() / found.counts["dimension"].sum() / np.log(2))


def test_it_has_the_capabilities_it_names(pixelcnn: Pixelcnn) -> None:
    for capability in (Sampler, Density, Fittable, Persistent, Placeable):
        assert isinstance(pixelcnn, capability)
    assert not isinstance(pixelcnn, Differentiable)


def test_it_predicts_held_out_digits_far_better_than_a_gaussian_and_than_before_it_learned(
    pixelcnn: Pixelcnn, digit_data: Dataset
) -> None:
    held_out, gaussian, before = digit_data.take("held_out"), Gaussian(), Pixelcnn(steps=1)
    for model in (gaussian, before):
        model.fit(digit_data, Training(0))
    own = bits(pixelcnn, held_out)
    assert own < 2.2
    assert own < 0.55 * bits(gaussian, held_out)
    assert own < 0.85 * bits(before, held_out)


def test_its_outputs_are_nearer_to_digits_than_noise_is(
    pixelcnn: Pixelcnn, digit_data: Dataset, from_held_out: Callable[[Sequence[Item]], float]
) -> None:
    gaussian, seeds = Gaussian(), sample_seeds(1, 300)
    gaussian.fit(digit_data, Training(0))
    assert from_held_out(pixelcnn.sample(seeds)) < 0.35 * from_held_out(gaussian.sample(seeds))


def test_the_256_values_of_a_pixel_share_one_given_its_past() -> None:
    checks.sums_to_one(checks.stirred(Net((2, 2, 3), 8, 2, 1)))


@pytest.mark.parametrize(("shape", "reach"), [((1, 5, 6), 1), ((1, 6, 5), 2), ((3, 4, 4), 1)])
def test_what_comes_later_changes_nothing_before_and_there_is_no_blind_spot(
    shape: tuple[int, int, int], reach: int
) -> None:
    torch.manual_seed(0)
    checks.sees(Net(shape, 15, 6, reach), checks.all_before)


@pytest.mark.parametrize("shape", [(1, 4, 5), (3, 3, 4), (1, 1, 1)])
def test_row_by_row_as_drawn_equals_all_at_once_as_scored(shape: tuple[int, int, int]) -> None:
    checks.draws_as_it_scores(checks.stirred(Net(shape, 8, 2, 1)))


def test_an_output_is_drawn_from_the_conditionals_that_score_it(pixelcnn: Pixelcnn) -> None:
    checks.inverts_its_conditionals(net_of(pixelcnn), "pixelcnn")
    checks.inverts_its_conditionals(checks.stirred(Net((3, 3, 4), 8, 2, 1)), "pixelcnn")


def test_a_tiny_image_is_drawn_as_often_as_it_is_probable() -> None:
    checks.draws_as_often_as_is_probable(checks.stirred(Net((1, 2, 1), 8, 2, 1)), "pixelcnn")


def test_a_sample_is_its_seed_alone_to_the_last_bit(pixelcnn: Pixelcnn) -> None:
    together = np.stack(pixelcnn.sample(SEEDS))
    apart = [*pixelcnn.sample(SEEDS[:1]), *pixelcnn.sample(SEEDS[1:4]), *pixelcnn.sample(SEEDS[4:])]
    assert together.shape == (40, 8, 8, 1)
    assert len(SEEDS) > BLOCK
    np.testing.assert_array_equal(np.stack(apart), together)
    np.testing.assert_array_equal(np.stack(pixelcnn.sample(SEEDS[::-1])), together[::-1])
    assert len(np.unique(together, axis=0)) == 40


def test_neighbours_change_no_bit_of_the_logits(pixelcnn: Pixelcnn) -> None:
    checks.neighbours_change_no_bit(net_of(pixelcnn), "pixelcnn")


def test_a_restored_model_samples_and_scores_identically(pixelcnn: Pixelcnn, digit_data: Dataset) -> None:
    again = Pixelcnn(features=32, layers=3)
    again.restore(*pixelcnn.state())
    np.testing.assert_array_equal(np.stack(again.sample(SEEDS)), np.stack(pixelcnn.sample(SEEDS)))
    items = digit_data.take("held_out", 5)
    np.testing.assert_array_equal(again.log_prob(items).nats, pixelcnn.log_prob(items).nats)
    assert pixelcnn.log_prob(items).counts["dimension"].tolist() == [64] * 5
    assert not pixelcnn.log_prob(items).bound


def test_the_same_seed_trains_the_same_model(digit_data: Dataset) -> None:
    first, second = (Pixelcnn(features=8, layers=1, steps=6, batch=8) for _ in range(2))
    ticks = [model.fit(digit_data, Training(7)).ticks for model in (first, second)]
    assert ticks[0] == ticks[1]
    np.testing.assert_array_equal(np.stack(first.sample(SEEDS[:4])), np.stack(second.sample(SEEDS[:4])))


def test_it_stops_when_held_out_images_gain_nothing_and_keeps_the_best(digit_data: Dataset) -> None:
    splits = {"train": np.arange(8), "held_out": np.arange(900, 1100)}
    few = Dataset("few", "image", digit_data.items, splits, digit_data.keys, "", "", "")
    model = Pixelcnn(features=16, layers=1, steps=400, batch=8, rate=3e-2)
    history = model.fit(few, Training(0))
    losses = [tick.losses["held_out"] for tick in history.ticks]
    assert len(losses) < 20
    assert history.ended.startswith("held-out loss had not improved")
    x = torch.from_numpy(np.stack(few.take("held_out"))).permute(0, 3, 1, 2) / 255.0
    with torch.inference_mode():
        assert float(nats(net_of(model), x).mean()) == pytest.approx(min(losses), rel=1e-5)


@pytest.mark.parametrize(("height", "width", "channels"), [(7, 9, 3), (28, 28, 1), (1, 5, 2)])
def test_any_size_and_colour(height: int, width: int, channels: int) -> None:
    data, model = checks.coloured(height, width, channels), Pixelcnn(features=8, layers=1, steps=2, batch=4)
    model.fit(data, Training(0))
    assert np.stack(model.sample(SEEDS[:2])).shape == (2, height, width, channels)
    assert model.log_prob(data.take("held_out")).counts["dimension"][0] == height * width * channels
    assert bits(model, data.take("held_out")) > 7.9


def test_what_it_cannot_model_is_refused(pixelcnn: Pixelcnn, digit_data: Dataset) -> None:
    with pytest.raises(ModelError, match=r"fitted on images.*\(1, 8, 8\), got \(1, 9, 8\)"):
        pixelcnn.log_prob([np.zeros((9, 8, 1), dtype=np.uint8)])
    with pytest.raises(ModelError, match="at least 1, got 8, 0, 1"):
        Pixelcnn(features=8, layers=0, reach=1)
    only = Dataset("only", "image", digit_data.items, {"train": np.arange(9)}, digit_data.keys, "", "", "")
    with pytest.raises(ModelError, match="needs held_out images, and 'only' has none"):
        Pixelcnn().fit(only, Training(0))
    with pytest.raises(ModelError, match="3 channels need as many features, got 2"):
        Pixelcnn(features=2).fit(checks.coloured(3, 3, 3), Training(0))
