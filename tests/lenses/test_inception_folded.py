"""The network arranged for speed is the plain network, and the plain network is the published one."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.speed.weights import random_state
from genbench.lenses.image._folded import Convolution, Folded, halve
from genbench.lenses.image._inception import Inception as Network
from genbench.lenses.image._sizing import squared
from genbench.lenses.image.inception import network

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    return random_state([(name, tuple(t.shape)) for name, t in Network().state_dict().items()])


@pytest.fixture(scope="module")
def net(state: dict[str, torch.Tensor]) -> Network:
    return network(state)


@pytest.fixture(scope="module")
def x() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(3).uniform(-1, 1, (3, 3, 299, 299)).astype(np.float32))


def test_the_layout_is_the_published_ones_to_the_letter(net: Network) -> None:
    """SHA-256 over every name and shape, written down from the layout that torch-fidelity's network loads strictly."""
    lines = [f"{name} {tuple(t.shape)}" for name, t in sorted(net.state_dict().items())]
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == LAYOUT


def restated(p: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """The whole forward again, from the state dict and the paper's tables alone; float64."""

    def conv(name: str, x: torch.Tensor, stride: int = 1, pad: tuple[int, int] = (0, 0)) -> torch.Tensor:
        y = F.conv2d(x, p[f"{name}.conv.weight"], stride=stride, padding=pad)
        mean, var, gain, bias = (p[f"{name}.bn.{k}"] for k in ("running_mean", "running_var", "weight", "bias"))
        shape = (1, -1, 1, 1)
        y = (y - mean.view(shape)) / (var.view(shape) + 1e-3).sqrt() * gain.view(shape) + bias.view(shape)
        return y.clamp(min=0)

    def mean3(x: torch.Tensor) -> torch.Tensor:  # the mean over those of 3 x 3 that are inside
        return F.avg_pool2d(x, 3, 1, 1) / F.avg_pool2d(torch.ones_like(x[:1, :1]), 3, 1, 1)

    def chain(stem: str, x: torch.Tensor, *steps: tuple[str, tuple[int, int], int]) -> torch.Tensor:
        for name, pad, stride in steps:
            x = conv(f"{stem}.{name}", x, stride, pad)
        return x

    x = conv("Conv2d_2b_3x3", conv("Conv2d_2a_3x3", conv("Conv2d_1a_3x3", x, 2)), pad=(1, 1))
    x = conv("Conv2d_4a_3x3", conv("Conv2d_3b_1x1", F.max_pool2d(x, 3, 2)))
    x = F.max_pool2d(x, 3, 2)
    no, w, t = (0, 0), (0, 3), (3, 0)
    for b in ("Mixed_5b", "Mixed_5c", "Mixed_5d"):
        five = chain(b, x, ("branch5x5_1", no, 1), ("branch5x5_2", (2, 2), 1))
        three = chain(b, x, ("branch3x3dbl_1", no, 1), ("branch3x3dbl_2", (1, 1), 1), ("branch3x3dbl_3", (1, 1), 1))
        x = torch.cat([conv(f"{b}.branch1x1", x), five, three, conv(f"{b}.branch_pool", mean3(x))], 1)
    b = "Mixed_6a"
    three = chain(b, x, ("branch3x3dbl_1", no, 1), ("branch3x3dbl_2", (1, 1), 1), ("branch3x3dbl_3", no, 2))
    x = torch.cat([conv(f"{b}.branch3x3", x, 2), three, F.max_pool2d(x, 3, 2)], 1)
    for b in ("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"):
        seven = chain(b, x, ("branch7x7_1", no, 1), ("branch7x7_2", w, 1), ("branch7x7_3", t, 1))
        double = chain(
            b, x, ("branch7x7dbl_1", no, 1), ("branch7x7dbl_2", t, 1), ("branch7x7dbl_3", w, 1),
            ("branch7x7dbl_4", t, 1), ("branch7x7dbl_5", w, 1),
        )  # fmt: skip
        x = torch.cat([conv(f"{b}.branch1x1", x), seven, double, conv(f"{b}.branch_pool", mean3(x))], 1)
    b = "Mixed_7a"
    three = chain(b, x, ("branch3x3_1", no, 1), ("branch3x3_2", no, 2))
    seven = chain(
        b, x, ("branch7x7x3_1", no, 1), ("branch7x7x3_2", w, 1), ("branch7x7x3_3", t, 1), ("branch7x7x3_4", no, 2)
    )
    x = torch.cat([three, seven, F.max_pool2d(x, 3, 2)], 1)
    for b in ("Mixed_7b", "Mixed_7c"):
        three = conv(f"{b}.branch3x3_1", x)
        double = chain(b, x, ("branch3x3dbl_1", no, 1), ("branch3x3dbl_2", (1, 1), 1))
        pooled = mean3(x) if b == "Mixed_7b" else F.max_pool2d(x, 3, 1, 1)  # the port's quirk
        parts = [conv(f"{b}.branch1x1", x)]
        parts += [conv(f"{b}.branch3x3_2a", three, pad=(0, 1)), conv(f"{b}.branch3x3_2b", three, pad=(1, 0))]
        parts += [conv(f"{b}.branch3x3dbl_3a", double, pad=(0, 1)), conv(f"{b}.branch3x3dbl_3b", double, pad=(1, 0))]
        x = torch.cat([*parts, conv(f"{b}.branch_pool", pooled)], 1)
    return x.mean(dim=(2, 3))


def test_the_fast_network_and_the_plain_one_are_the_restated_one(
    net: Network, state: dict[str, torch.Tensor], x: torch.Tensor
) -> None:
    exact = restated({name: t.double() for name, t in state.items()}, x[:1].double())
    plain, fast = net(x[:1]).detach().double(), Folded(net)(x[:1]).double()
    for found in (plain, fast):
        assert float((found - exact).norm() / exact.norm()) < 1e-6
    half = Folded(net, dtype=torch.bfloat16)(x[:1]).double()
    assert 1e-5 < float((half - exact).norm() / exact.norm()) < 2e-2  # bf16 is another precision, and shows


def test_an_images_features_do_not_depend_on_its_batch_to_the_bit(net: Network, x: torch.Tensor) -> None:
    fast = Folded(net)
    together = fast(x)
    assert torch.equal(fast(x[2:]), together[2:])
    assert fast(x[:0]).shape == (0, 2048)


def test_plain_convolutions_serve_where_onednn_is_absent(net: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    y = torch.from_numpy(np.random.default_rng(4).normal(size=(2, 192, 9, 9)).astype(np.float32))
    parts = (net.Mixed_5b.branch1x1, net.Mixed_5b.branch5x5_1)
    packed = Convolution(parts, torch.float32, torch.device("cpu"), rectify=True)
    monkeypatch.setattr("genbench.lenses.image._folded._onednn", lambda: False)
    without = Convolution(parts, torch.float32, torch.device("cpu"), rectify=True)
    assert not without.packs
    both = torch.cat([part(y) for part in parts], 1).detach()
    with torch.inference_mode():
        for made in (packed(y), without(y)):
            assert torch.allclose(made, both, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("side", [7, 8, 35, 147])
def test_the_sliced_maximum_is_the_pool(side: int) -> None:
    y = torch.from_numpy(np.random.default_rng(5).normal(size=(1, 6, side, side)).astype(np.float32))
    assert torch.equal(halve(y), F.max_pool2d(y, 3, stride=2))


def test_the_old_graphs_resize_by_hand() -> None:
    ramp = np.arange(4, dtype=np.uint8)[:, None, None] * 10 + np.zeros((4, 2, 1), np.uint8)
    made = squared(ramp, 8, "tensorflow")
    assert made.shape == (8, 8, 3)
    # Eight rows out of four: places 0, .5, 1, ... 3.5, of which the last has no upper neighbour and stays.
    assert made[:, 0, 0].tolist() == [0, 5, 10, 15, 20, 25, 30, 30]
    alias = np.zeros((4, 4, 1), np.uint8)
    alias[::2] = 255
    assert made.dtype == np.float32
    assert squared(alias, 2, "tensorflow").min() == 255  # every second row is all it sees
    assert 100 < squared(alias, 2, "clean").mean() < 155


LAYOUT = "760681d791cb624e1bf7a2e802a68933dd17aa5e3109fcf498d9dfa521bc10d7"
