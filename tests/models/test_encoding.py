"""What encoders read: a posterior's mean and deviation, a distance of it and the gradient of that."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from genbench.core.data import Dataset
from genbench.core.model import Decodes, Encodes, Training
from genbench.models.autoencoder import Autoencoder
from genbench.models.gan import Gan
from genbench.models.vae import Vae

FAMILIES: dict[type[Any], dict[str, Any]] = {
    Vae: {"breadth": 8, "latent": 5, "steps": 60},
    Autoencoder: {"breadth": 8, "latent": 5, "components": 2, "steps": 60},
}


@pytest.fixture(scope="module", params=FAMILIES)
def model(request: pytest.FixtureRequest, digit_data: Dataset) -> Any:
    torch.set_num_threads(1)
    made = request.param(**FAMILIES[request.param])
    made.fit(digit_data, Training(0))
    return made


@pytest.fixture(scope="module")
def x(digit_data: Dataset) -> np.ndarray:
    return np.stack(digit_data.take("held_out", 20)).transpose(0, 3, 1, 2) / 255.0


def test_who_reads_latents(model: Any) -> None:
    assert isinstance(model, Encodes)
    assert not issubclass(Gan, Encodes)


def test_a_distance_is_that_of_the_means(model: Any, x: np.ndarray) -> None:
    z, deviation = model.encode_latents(x)
    assert z.shape == deviation.shape == (20, 5)
    assert np.ptp(z, axis=0).max() > 0.01
    own, slope = model.latent_distance(x, z)
    np.testing.assert_allclose(own, 0.0, atol=1e-9)
    np.testing.assert_allclose(slope, 0.0, atol=1e-3)
    other, _ = model.latent_distance(x, z[::-1].copy())
    np.testing.assert_allclose(other, np.square(z - z[::-1]).sum(axis=1), rtol=1e-4, atol=1e-9)


def test_its_gradient_is_that_of_finite_differences(model: Any, x: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    z, direction, h = model.encode_latents(x)[0][::-1].copy(), rng.normal(size=x.shape), 5e-4
    up, down = (model.latent_distance(x + sign * h * direction, z)[0] for sign in (1, -1))
    told = (model.latent_distance(x, z)[1] * direction).reshape(len(x), -1).sum(axis=1)
    seen = (up - down) / (2 * h)
    assert np.square(told - seen).sum() < 1e-3 * np.square(seen).sum()


def test_a_posterior_is_wide_where_there_is_one(model: Any, x: np.ndarray) -> None:
    _, deviation = model.encode_latents(x)
    if isinstance(model, Vae):
        assert isinstance(model, Decodes)
        assert (deviation > 0).all()
        assert deviation.max() < 3
    else:
        assert not deviation.any()


def test_the_vae_reads_its_own_samples_near_the_latents_they_were_made_of(digit_data: Dataset) -> None:
    """Encoder and mean are those of the model: along the latent it uses most, what is read follows what was drawn."""
    torch.set_num_threads(1)
    model = Vae(steps=400)
    model.fit(digit_data, Training(0))
    z = np.random.default_rng(0).normal(size=(300, model.latents()))
    read, deviation = model.encode_latents(model.decode_latents(z))
    used = int(deviation.mean(axis=0).argmin())
    assert np.corrcoef(z[:, used], read[:, used])[0, 1] > 0.7
