"""Ways between latents: arcs of normal draws, from one image to the other, exact to steps of a ten-thousandth."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from genbench.core.chance import sample_seeds
from genbench.core.data import Dataset
from genbench.core.lens import EmbedsArrays
from genbench.core.model import Interpolates, Training, Truncates
from genbench.core.score import Absent, Estimate
from genbench.lenses.image.classifier import Classifier
from genbench.lenses.image.pixels import Pixels
from genbench.lenses.image.spectrum import Spectrum
from genbench.models._paths import arc, doubled
from genbench.models._tensors import noise, to_items
from genbench.models.autoencoder import Autoencoder
from genbench.models.diffusion import Diffusion
from genbench.models.flow_matching import FlowMatching
from genbench.models.gan import Gan
from genbench.models.stylegan2 import Stylegan2
from genbench.models.vae import Vae
from genbench.models.wgan_gp import WganGp
from genbench.probes.quality.path_length import path_length
from genbench.run.joint import Hands, walked

STARTS, ENDS = sample_seeds(0, 5, "start"), sample_seeds(0, 5, "end")
FAMILIES: dict[str, Callable[[], Any]] = {
    "stylegan2": lambda: Stylegan2(breadth=8, latent=16, steps=20, depth=2, mixing=0.0, path=0.0),
    "gan": lambda: Gan(breadth=8, latent=16, steps=20),
    "wgan_gp": lambda: WganGp(breadth=8, latent=16, steps=5),
    "vae": lambda: Vae(breadth=8, latent=16, steps=20),
    "autoencoder": lambda: Autoencoder(breadth=8, latent=16, components=3, steps=20),
    "diffusion": lambda: Diffusion(breadth=8, steps=20, sampling_steps=5),
    "flow_matching": lambda: FlowMatching(breadth=8, steps=20, solver_steps=3),
}


@pytest.fixture(scope="module", params=FAMILIES)
def model(request: pytest.FixtureRequest, digit_data: Dataset) -> Any:
    torch.set_num_threads(1)
    made = FAMILIES[request.param]()
    made.fit(digit_data, Training(0))
    return made


def at(model: Any, place: float, space: str = "z") -> np.ndarray:
    return np.asarray(model.interpolate(STARTS, ENDS, np.full(5, place), space))


def test_a_way_leads_from_one_sample_to_the_other(model: Any) -> None:
    assert isinstance(model, Interpolates)
    for space in model.spaces():
        start = to_items(torch.from_numpy(at(model, 0.0, space)))
        assert np.abs(np.stack(start).astype(int) - np.stack(model.sample(STARTS)).astype(int)).max() <= 1
        middle = at(model, 0.5, space)
        assert np.abs(middle - at(model, 0.0, space)).mean() > 1e-4
        assert np.abs(middle - at(model, 1.0, space)).mean() > 1e-4
    if "w" not in model.spaces():  # whose noise stays that of the start
        end = np.stack(to_items(torch.from_numpy(at(model, 1.0))))
        assert np.abs(end.astype(int) - np.stack(model.sample(ENDS)).astype(int)).max() <= 1


def test_path_length_runs_on_it_and_every_number_is_finite(model: Any) -> None:
    def batched(work: Callable[[Any], Any], items: Any) -> list[Any]:
        return [made for at in range(0, len(items), 16) for made in work(items[at : at + 16])]

    paths = walked(Hands(model, Pixels(), batched, 0), list(range(24)), [])
    found = path_length(paths)
    assert paths.step == 1e-4
    for space in ("z", "w"):
        for where in ("full", "end"):
            length = found[f"{space}_{where}"]
            assert isinstance(length, Estimate if space in model.spaces() else Absent)
            if isinstance(length, Estimate):
                assert 0 < length.value < np.inf
                assert length.interval is not None
                assert np.isfinite([length.interval.low, length.interval.high]).all()
    assert isinstance(found["detour"], Estimate)
    assert 1 <= found["detour"].value < np.inf


def test_a_way_is_sampled_with_the_models_own_steps(digit_data: Dataset) -> None:
    """Of few steps or of many: it ends at what that model samples."""
    models = [Diffusion(breadth=8, steps=20, sampling_steps=n) for n in (2, 9)]
    models[0].fit(digit_data, Training(0))
    models[1].restore(*models[0].state())
    ends = [at(model, 1.0) for model in models]
    assert np.abs(ends[0] - ends[1]).mean() > 1e-3
    for model, end in zip(models, ends, strict=True):
        shown = np.stack(to_items(torch.from_numpy(end))).astype(int)
        assert np.abs(shown - np.stack(model.sample(ENDS)).astype(int)).max() <= 1


def test_an_autoencoders_way_leaps_where_another_component_is_chosen_and_nowhere_else(digit_data: Dataset) -> None:
    model = FAMILIES["autoencoder"]()
    model.fit(digit_data, Training(0))
    places = np.linspace(0, 1, 400)
    starts, ends = [[seeds[0]] * 400 for seeds in (STARTS, ENDS)]
    first = torch.special.ndtr(arc(starts, ends, places, 17)[:, 0])
    chosen = torch.searchsorted(model.net.weights.double().cumsum(0), first).numpy()
    x = model.interpolate(starts, ends, places, "z").reshape(400, -1)
    steps = np.abs(np.diff(x, axis=0)).max(axis=1)
    changed = np.diff(chosen) != 0
    assert 0 < changed.sum() < 5
    assert steps[changed].min() > 3 * steps[~changed].max()


def test_steps_of_a_ten_thousandth_are_exact(model: Any) -> None:
    """Two halves of such a step make the whole, which float32 would show to three digits at best."""
    for space in model.spaces():
        here, half, there = (at(model, 0.3 + d, space) for d in (0.0, 0.5e-4, 1e-4))
        assert here.dtype == np.float64
        bent = np.abs(there - 2 * half + here)
        assert np.median(bent) < 1e-3 * np.median(np.abs(there - here))


def test_the_weights_are_what_they_were(model: Any) -> None:
    before = {name: array.copy() for name, array in model.state()[0].items()}
    at(model, 0.5)
    for name, array in model.state()[0].items():
        assert array.dtype == before[name].dtype
        np.testing.assert_array_equal(array, before[name])


def test_an_arc_keeps_the_length_of_its_ends_and_a_steady_pace() -> None:
    starts, ends = sample_seeds(1, 50, "a"), sample_seeds(1, 50, "b")
    one, other = (noise(seeds, 8).double() for seeds in (starts, ends))
    points = [arc(starts, ends, np.full(50, t), 8) for t in (0.0, 0.25, 0.5, 0.75, 1.0)]
    torch.testing.assert_close(points[0], one)
    torch.testing.assert_close(points[-1], other)
    lengths = torch.stack([p.norm(dim=1) for p in points])
    torch.testing.assert_close(lengths[2], (lengths[0] + lengths[4]) / 2)
    units = [p / p.norm(dim=1, keepdim=True) for p in points]
    angles = torch.stack([(a * b).sum(1).clamp(-1, 1).arccos() for a, b in pairwise(units)])
    torch.testing.assert_close(angles, angles[:1].expand(4, -1))
    still = arc(starts, starts, np.full(50, 0.4), 8)
    torch.testing.assert_close(still, one)


def test_an_error_inside_leaves_the_network_in_single_precision() -> None:
    net = torch.nn.Linear(3, 2)

    def fails() -> None:
        with doubled(net) as exact:
            assert exact.weight.dtype == torch.float64
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert net.weight.dtype == torch.float32


def test_truncation_in_place_of_the_models_own(digit_data: Dataset) -> None:
    model = FAMILIES["stylegan2"]()
    model.fit(digit_data, Training(0))
    assert isinstance(model, Truncates)
    np.testing.assert_array_equal(np.stack(model.sample_truncated(STARTS, 1.0)), np.stack(model.sample(STARTS)))
    other = Stylegan2(breadth=8, latent=16, depth=2, psi=0.5)
    other.restore(*model.state())
    np.testing.assert_array_equal(np.stack(other.sample(STARTS)), np.stack(model.sample_truncated(STARTS, 0.5)))
    whole, drawn_in = at(model, 0.5, "w"), at(other, 0.5, "w")
    assert np.abs(whole - drawn_in).mean() > 1e-4


@pytest.mark.parametrize("name", ["pixels", "resized", "classifier", "spectrum"])
def test_a_lens_sees_unrounded_images_as_it_sees_items(name: str, digit_data: Dataset) -> None:
    lens: Any = {
        "pixels": Pixels, "resized": lambda: Pixels(side=5), "spectrum": Spectrum,
        "classifier": lambda: Classifier(steps=5),
    }[name]()  # fmt: skip
    if name == "classifier":
        lens.learn(digit_data, 0)
    assert isinstance(lens, EmbedsArrays)
    items = digit_data.take("held_out", 6)
    x = lens.arrays(items).x.astype(np.float64)
    np.testing.assert_allclose(lens.array_features(x), lens.features(items), atol=2e-4)
    moved = lens.array_features(x + 1e-5 * np.linspace(0, 1, x[0].size).reshape(x[0].shape))
    assert (np.abs(moved - lens.features(items)).max(axis=1) > 0).all()
