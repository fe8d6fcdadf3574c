"""LPIPS: squared distances of features are the published formula's, and files that are others are refused by name."""

from __future__ import annotations

import math
import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from genbench.core.errors import LensError
from genbench.core.lens import Embeds, EmbedsArrays
from genbench.data.digits import digits
from genbench.lenses.image.lpips import Lpips
from genbench.results.run import Run
from genbench.run.start import Options, run_suite
from genbench.run.suite import Suite

torch.set_num_threads(1)

# torchvision's layers in order: a number is a convolution's width, "M" a max pool; and which outputs LPIPS compares.
VGG = [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"]
VGG_ENDS, ALEX_ENDS = (3, 8, 15, 22, 29), (1, 4, 7, 9, 11)


def vgg_features() -> nn.Sequential:
    layers: list[nn.Module] = []
    width = 3
    for layer in VGG:
        if layer == "M":
            layers.append(nn.MaxPool2d(2, 2))
        else:
            layers += [nn.Conv2d(width, int(layer), 3, padding=1), nn.ReLU()]
            width = int(layer)
    return nn.Sequential(*layers)


def alex_features() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(), nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
    )  # fmt: skip


class Published:
    """The formula as the paper and its package have it, pair by pair, on random weights."""

    def __init__(self, features: nn.Sequential, ends: Sequence[int], folder: Path) -> None:
        torch.manual_seed(0)
        for layer in features:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
                nn.init.normal_(layer.bias, std=0.1)
        self.features, self.ends = features.eval(), ends
        widths = [int(of.shape[1]) for of in self.maps(torch.zeros(1, 3, 32, 32))]
        self.heads = [torch.rand(1, width, 1, 1) for width in widths]
        self.network, self.linear = str(folder / "network.pth"), str(folder / "heads.pth")
        state = {f"features.{name}": tensor for name, tensor in features.state_dict().items()}
        torch.save({**state, "classifier.0.weight": torch.zeros(2, 2)}, self.network)
        torch.save({f"lin{i}.model.1.weight": head for i, head in enumerate(self.heads)}, self.linear)

    def maps(self, x: Tensor) -> list[Tensor]:
        found = []
        with torch.no_grad():
            for i, layer in enumerate(self.features[: self.ends[-1] + 1]):
                x = layer(x)
                if i in self.ends:
                    found.append(x)
        return found

    def distance(self, a: np.ndarray, b: np.ndarray) -> float:
        """Of two images uint8 [h w 3]."""
        shift, scale = (torch.tensor(of).view(1, 3, 1, 1) for of in ((-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)))
        seen = []
        for image in (a, b):
            x = torch.tensor(image.astype(np.float32)).permute(2, 0, 1)[None] / 255 * 2 - 1
            seen.append([of / (of.norm(dim=1, keepdim=True) + 1e-10) for of in self.maps((x - shift) / scale)])
        parts = [
            nn.functional.conv2d((one - other) ** 2, head).mean(dim=(2, 3)).item()
            for one, other, head in zip(*seen, self.heads, strict=True)
        ]
        return sum(parts)


@pytest.fixture(scope="module")
def alex(tmp_path_factory: pytest.TempPathFactory) -> Published:
    return Published(alex_features(), ALEX_ENDS, tmp_path_factory.mktemp("alex"))


@pytest.fixture(scope="module")
def vgg(tmp_path_factory: pytest.TempPathFactory) -> Published:
    return Published(vgg_features(), VGG_ENDS, tmp_path_factory.mktemp("vgg"))


def lens(of: Published, side: int = 32, sketch: int = 0) -> Lpips:
    return Lpips(weights=of.network, heads=of.linear, side=side, sketch=sketch)


def images(n: int, side: int, seed: int = 0) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).integers(0, 256, (n, side, side, 3), dtype=np.uint8))


def squared(x: np.ndarray) -> float:
    return float(np.square(x[0] - x[1]).sum())


@pytest.mark.parametrize(("network", "side", "d"), [("vgg", 32, 124_928), ("alex", 64, 31_872)])
def test_squared_distances_are_the_published_ones(
    network: str, side: int, d: int, request: pytest.FixtureRequest
) -> None:
    reference: Published = request.getfixturevalue(network)
    pair = images(2, side)
    x = lens(reference, side).features(pair)
    assert x.shape == (2, d)
    assert squared(x) == pytest.approx(reference.distance(*pair), rel=1e-5)
    near = [pair[0], np.clip(pair[0].astype(int) + 1, 0, 255).astype(np.uint8)]
    assert squared(lens(reference, side).features(near)) == pytest.approx(reference.distance(*near), rel=1e-3)


def test_a_sketch_keeps_distances_as_closely_as_it_says(alex: Published) -> None:
    some = images(40, 32)
    whole, kept = lens(alex).features(some), lens(alex, sketch=512).features(some)
    assert kept.shape == (40, 512)
    ratios = [squared(kept[i : i + 2]) / squared(whole[i : i + 2]) for i in range(0, 40, 2)]
    assert np.mean(ratios) == pytest.approx(1.0, abs=3 * math.sqrt(2 / 512 / 20))
    assert 0.3 * math.sqrt(2 / 512) < np.std(ratios) < 1.5 * math.sqrt(2 / 512)
    assert lens(alex, sketch=10**6).features(some[:1]).shape == whole[:1].shape  # fewer numbers than that: all are kept


def test_an_image_has_one_row_in_any_company_and_grey_and_other_sizes_are_welcome(alex: Published) -> None:
    some = images(5, 32)
    look = lens(alex, sketch=256)
    alone, among = look.features(some[3:4]), look.features(some)
    assert np.array_equal(alone[0], among[3])
    assert np.array_equal(look.features([some[3], some[3]])[0], look.features([some[3], some[3]])[1])
    assert look.features([digits().items[0], np.zeros((90, 50, 3), np.uint8)]).shape == (2, 256)


def test_tiny_steps_are_seen_without_rounding(alex: Published) -> None:
    """A step of 1e-4 of a way has the speed of one ten times as long: what `quality.path_length` rests on."""
    look = lens(alex, sketch=1024)
    assert isinstance(look, Embeds)
    assert isinstance(look, EmbedsArrays)
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 6, 3, 32, 32))
    at = [look.array_features(a + t * (b - a)) for t in (0.0, 1e-4, 1e-3)]
    fine, coarse = np.square(at[1] - at[0]).sum(axis=1) / 1e-8, np.square(at[2] - at[0]).sum(axis=1) / 1e-6
    assert np.median(coarse / fine) == pytest.approx(1.0, abs=0.05)


def test_path_length_and_diversity_take_it(alex: Published, tmp_path: Path) -> None:
    vae = {"name": "vae", "family": "vae", "data": "digits", "settings": {"steps": 60}}
    seen = {"lens": "image.lpips", "weights": alex.network, "heads": alex.linear, "side": 32, "sketch": 256}
    suite = Suite.from_mapping(
        {
            "name": "small", "n": 24, "meters": {"meter": "none"}, "data": {"digits": "digits"}, "models": [vae],
            "lenses": {"image": seen}, "probes": ["quality.path_length", "quality.diversity"],
        }
    )  # fmt: skip
    run = Run.load(run_suite(suite, Options(home=tmp_path, device="cpu")))
    assert not run.failed
    found = {score.id: score.estimate for score in run.measured}
    assert found["quality.path_length.z_full"].value > 0
    assert found["quality.path_length.z_full"].n == 24
    assert 0 < found["quality.diversity.spread"].value < 2


def test_files_that_are_missing_or_others_are_refused_and_say_what_is_wanted(alex: Published, tmp_path: Path) -> None:
    def refused(weights: str, heads: str, match: str) -> None:
        with pytest.raises(LensError, match=match):
            Lpips(weights=weights, heads=heads).features(images(1, 32))

    refused("none.pth", alex.linear, r"no file 'none\.pth' as `weights`.*torchvision's vgg16-397923af\.pth")
    refused(
        alex.network,
        str(Path(alex.linear).with_name("head.pth")),
        "as `heads`; did you mean 'heads.pth'.*package lpips",
    )
    refused(alex.linear, alex.network, "not torchvision's state dict.*features.0.weight is missing; it holds lin0")
    refused(alex.network, alex.network, "heads of AlexNet have lin0.model.1.weight of 1 x 64 x 1 x 1, got none")
    hostile, cut, negative = (tmp_path / name for name in ("hostile.pth", "cut.pth", "negative.pth"))
    hostile.write_bytes(pickle.dumps(print, protocol=2))
    cut.write_bytes(Path(alex.network).read_bytes()[:1000])
    refused(str(hostile), alex.linear, "hostile.pth is no file of plain tensors")
    refused(str(cut), alex.linear, "cut.pth is no file of plain tensors")
    torch.save({f"lin{i}.model.1.weight": -head for i, head in enumerate(alex.heads)}, negative)
    refused(alex.network, str(negative), "values below 0")
    state = torch.load(alex.network, weights_only=True)
    del state["features.8.bias"]
    torch.save(state, cut)
    refused(str(cut), alex.linear, r"AlexNet has convolutions at \[0, 3, 6, 8, 10\] of its features, each with a bias")
    with pytest.raises(LensError, match="side is 32 pixels or more"):
        Lpips(weights="a", heads="b", side=16)


def test_the_files_are_its_identity(alex: Published, vgg: Published) -> None:
    assert lens(alex).identity() == lens(alex).identity() != lens(vgg).identity()
    assert Lpips(weights=alex.network, heads=vgg.linear).identity() != lens(alex).identity()
