"""What holds for every model that writes an image pixel by pixel; each check takes the network or the model."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import torch
from scipy.special import logsumexp
from scipy.stats import chisquare

from genbench.core.chance import sample_seeds, stream
from genbench.core.data import Dataset
from genbench.models._pixels import LEVELS, PixelNet, drawn, scored, whole


def coloured(height: int, width: int, channels: int) -> Dataset:
    """Random levels, 8 bits each: no model can do with less on what it has not seen."""
    items = list(np.random.default_rng(0).integers(0, 256, (20, height, width, channels), dtype=np.uint8))
    splits = {"train": np.arange(10), "held_out": np.arange(10, 20)}
    return Dataset("coloured", "image", items, splits, tuple(map(str, range(20))), "", "CC0", "drawn here")


def stirred(net: PixelNet, spread: float = 0.3) -> PixelNet:
    """Weights far from 0, so that everything that is seen matters."""
    generator = torch.Generator().manual_seed(0)
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=spread, generator=generator)
    return net.eval()


def sums_to_one(net: PixelNet) -> None:
    """Images that agree in all but the last value of the last pixel: their probabilities sum to that of the rest."""
    c, h, w = net.shape
    image = np.random.default_rng(0).integers(0, 256, (h, w, c), dtype=np.uint8)
    family = np.repeat(image[None], LEVELS, axis=0)
    family[:, -1, -1, -1] = np.arange(LEVELS)
    x = torch.from_numpy(image).permute(2, 0, 1)[None] / 255.0
    with torch.inference_mode():
        chosen = net(x).double().log_softmax(dim=2).gather(2, whole(x)[:, :, None])  # [1 c 1 h w]
    rest = float(chosen.sum() - chosen[0, -1, 0, -1, -1])
    np.testing.assert_allclose(logsumexp(scored(net, list(family), "test").nats), rest, atol=1e-4)


Place = tuple[int, int, int]  # row, column, channel: the order in which values are drawn


def all_before(at: Place, other: Place) -> bool:
    return other < at


def sees(net: PixelNet, expected: Callable[[Place, Place], bool]) -> None:
    """The gradient of each logit reaches just the expected values before it, and none at or after it."""
    c, h, w = net.shape
    net = net.double().eval()
    x = torch.rand(5, c, h, w, dtype=torch.float64, requires_grad=True)  # several, as a rectifier may be shut at one
    logits = net(x)
    places = list(itertools.product(range(h), range(w), range(c)))
    for at in places:
        i, j, k = at
        (slope,) = torch.autograd.grad(logits[:, k, :, i, j].square().sum(), x, retain_graph=True)
        for a, b, m in places:
            seen = bool(slope[:, m, a, b].any())
            assert not seen or (a, b, m) < at, f"{at} sees {(a, b, m)}, which comes later"
            assert seen == expected(at, (a, b, m)), (at, (a, b, m))


def draws_as_it_scores(net: PixelNet) -> None:
    """Row by row, as in drawing, the logits are those of the whole image, as in scoring."""
    net = net.double()
    x = torch.rand(3, *net.shape, dtype=torch.float64)
    with torch.inference_mode():
        rows = [net.across(x[:, :, i : i + 1], net.above(x[:, :, :i])) for i in range(net.shape[1])]
        torch.testing.assert_close(torch.cat(rows, dim=3), net(x), atol=1e-10, rtol=1e-10)


def inverts_its_conditionals(net: PixelNet, family: str) -> None:
    """Each drawn value is the inverse of its conditional distribution, as the whole image gives it, at its chance."""
    c, h, w = net.shape
    seeds = sample_seeds(5, 4)
    items = drawn(net, seeds, family)
    x = torch.from_numpy(np.stack(items)).permute(0, 3, 1, 2) / 255.0
    with torch.inference_mode():
        p = net(x).double().softmax(dim=2).numpy()  # [n c LEVELS h w]
    high = p.cumsum(axis=2)
    for n, seed in enumerate(seeds):
        chance = stream(seed, family).random((h, w, c)).transpose(2, 0, 1)
        level = items[n].astype(int).transpose(2, 0, 1)[:, None]
        top, share = (np.take_along_axis(side[n], level, axis=1)[:, 0] for side in (high, p))
        assert (chance <= top + 1e-4).all()
        assert (chance >= top - share - 1e-4).all()


def draws_as_often_as_is_probable(net: PixelNet, family: str) -> None:
    """A net of two pixels one above the other, levels in four bands of 64: 16 kinds against exact probabilities."""
    n = 1600
    with torch.no_grad():
        net.leave.layers[-1].bias += torch.linspace(0, 2, LEVELS)  # far from uniform
    made = np.stack(drawn(net, sample_seeds(3, n), family)).reshape(n, 2) // 64
    found = np.bincount(4 * made[:, 0].astype(int) + made[:, 1], minlength=16)
    x = torch.zeros(LEVELS, 1, 2, 1)
    x[:, 0, 0, 0] = torch.arange(LEVELS) / 255.0  # the first pixel at every level, and what then is said of the second
    with torch.inference_mode():
        said = net(x).double().log_softmax(dim=2)[:, 0, :, :, 0]  # [LEVELS LEVELS 2]
    p = (said[0, :, 0, None] + said[:, :, 1]).exp().numpy()  # [first second]
    pairs = np.random.default_rng(0).integers(0, LEVELS, (20, 2))
    items = [pair.astype(np.uint8).reshape(2, 1, 1) for pair in pairs]
    np.testing.assert_allclose(scored(net, items, family).nats, np.log(p[pairs[:, 0], pairs[:, 1]]), rtol=1e-5)
    expected = n * p.reshape(4, 64, 4, 64).sum(axis=(1, 3)).ravel()
    assert expected.min() >= 5
    assert expected.max() > 3 * expected.min()
    assert chisquare(found, expected).pvalue > 0.01


def neighbours_change_no_bit(net: PixelNet, family: str) -> None:
    """A draw flips only once in a million, so equal images alone would not show that the arithmetic is equal."""
    seen: list[torch.Tensor] = []
    seeds = sample_seeds(0, 21)
    hook = net.leave.register_forward_hook(lambda module, given, made: seen.append(made.clone()))
    runs = []
    for chosen, row in ((seeds[:1], 0), ([*seeds[1:], seeds[0]], 20)):
        seen.clear()
        drawn(net, chosen, family)
        runs.append([logits[row] for logits in seen])
    hook.remove()
    assert len(runs[0]) == np.prod(net.shape)
    for alone, beside in zip(*runs, strict=True):
        assert torch.equal(alone, beside)
