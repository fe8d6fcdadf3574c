"""CycleGAN (Zhu et al. 2017, arXiv:1703.10593): translation between two domains of which no pairs are known."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from genbench.core.chance import derive, stream
from genbench.core.data import Dataset, Item
from genbench.core.errors import ModelError, suggestion
from genbench.core.model import History, Tick, Training, family
from genbench.models._averaging import blend
from genbench.models._tensors import arrays_of, batches, load_arrays, to_items, to_tensor

BUFFER = 50  # generated images each discriminator may be shown again (section 4, after Shrivastava et al.)


class Convolution(nn.Module):
    """x [n i h w] -> [n o h w], normalized per image and channel. Edges are repeated: black ones would show."""

    def __init__(self, inputs: int, outputs: int, size: int, *, stride: int = 1, normed: bool = True) -> None:
        super().__init__()
        self.pad = nn.ReplicationPad2d(size // 2) if stride == 1 else nn.ReplicationPad2d((size - 1) // 2)
        self.convolution = nn.Conv2d(inputs, outputs, size, stride=stride)
        self.norm = nn.InstanceNorm2d(outputs, affine=True) if normed else nn.Identity()
        nn.init.normal_(self.convolution.weight, std=0.02 if normed else 0.05)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.norm(self.convolution(self.pad(x)))
        return y


class Residual(nn.Module):
    """x [n i h w] -> the same shape: two convolutions are added to what came in."""

    def __init__(self, planes: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(Convolution(planes, planes, 3), nn.ReLU(), Convolution(planes, planes, 3))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)  # type: ignore[no-any-return]


class Generator(nn.Module):
    """x [n c h w] in [0, 1] -> an image of the other domain, same shape and range (Johnson et al., appendix 7.2).

    The image is halved at most twice, and never below 8 pixels: small ones would lose what they show.
    """

    def __init__(self, shape: tuple[int, int, int], breadth: int, blocks: int) -> None:
        super().__init__()
        channels, height, width = shape
        halvings = max(0, min(2, int(math.log2(max(1, min(height, width) / 8)))))
        self.multiple = 2**halvings
        layers: list[nn.Module] = [Convolution(channels, breadth, 7), nn.ReLU()]
        for i in range(halvings):
            layers += [Convolution(breadth << i, breadth << i + 1, 3, stride=2), nn.ReLU()]
        layers += [Residual(breadth << halvings) for _ in range(blocks)]
        for i in reversed(range(halvings)):
            layers += [nn.Upsample(scale_factor=2), Convolution(breadth << i + 1, breadth << i, 3), nn.ReLU()]
        self.layers = nn.Sequential(*layers, Convolution(breadth, channels, 7, normed=False))

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        padded = nn.functional.pad(x, (0, -width % self.multiple, 0, -height % self.multiple), mode="replicate")
        y = torch.sigmoid(2 * self.layers(2 * padded - 1))  # (1 + tanh(y)) / 2, the paper's range in ours
        return y[:, :, :height, :width]


class Discriminator(nn.Module):
    """x [n c h w] in [0, 1] -> [n 1 a b], one judgement per patch: 1 for real, 0 for generated (PatchGAN)."""

    def __init__(self, shape: tuple[int, int, int], breadth: int) -> None:
        super().__init__()
        channels, height, width = shape
        halvings = max(1, min(3, int(math.log2(max(2, min(height, width) / 4)))))
        planes = [channels, *(breadth << i for i in range(halvings))]
        layers: list[nn.Module] = []
        for i, (fine, coarse) in enumerate(itertools.pairwise(planes)):
            layers += [Convolution(fine, coarse, 4, stride=2, normed=i > 0), nn.LeakyReLU(0.2)]
        layers += [Convolution(planes[-1], planes[-1], 3), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, Convolution(planes[-1], 1, 3, normed=False))

    def forward(self, x: Tensor) -> Tensor:
        said: Tensor = self.layers(2 * x - 1)
        return said


class Pair(nn.Module):
    """Both directions: `there` from the source to the target domain, `back` from there."""

    def __init__(self, shape: tuple[int, int, int], breadth: int, blocks: int) -> None:
        super().__init__()
        self.shape = shape
        self.there, self.back = Generator(shape, breadth, blocks), Generator(shape, breadth, blocks)


class Replay:
    """The last images a generator made, of which half of what a discriminator sees is drawn (section 4)."""

    def __init__(self, seed: int, purpose: str) -> None:
        self.rng, self.kept = stream(seed, "cyclegan", purpose), list[Tensor]()

    def mixed(self, made: Tensor) -> Tensor:
        """[n c h w] -> the same shape: each image stays, or, with chance 1/2, changes places with a kept one."""
        shown = []
        for image in made.detach():
            if len(self.kept) < BUFFER:
                self.kept.append(image)
                shown.append(image)
            elif self.rng.random() < 0.5:
                shown.append(image)
            else:
                place = int(self.rng.integers(BUFFER))
                shown.append(self.kept[place])
                self.kept[place] = image
        return torch.stack(shown)


class Domains(NamedTuple):
    """The names of the two groups, and the training images [n c h w] of each."""

    names: tuple[str, str]
    source: Tensor
    target: Tensor


@family(
    modality="image",
    cites=["Zhu et al. 2017, arXiv:1703.10593 (CycleGAN)", "Mao et al. 2017, arXiv:1611.04076 (least squares)"],
    presets={
        "tiny": {"breadth": 16, "blocks": 2, "steps": 600, "batch": 16, "rate": 1e-3},
        "base": {"breadth": 64, "blocks": 9, "steps": 200_000, "batch": 1, "rate": 2e-4},
    },
)
class Cyclegan:
    """CycleGAN between two groups of a dataset, both directions; trained here without pairs.

    With G: source -> target, F: back, and discriminators D_X, D_Y, least squares for the adversarial part:
    G, F minimize (D_Y(G(x)) - 1)^2 + (D_X(F(y)) - 1)^2 + cycle (|F(G(x)) - x|_1 + |G(F(y)) - y|_1)
    + cycle identity (|G(y) - y|_1 + |F(x) - x|_1), norms as means over [-1, 1] pixels.
    D_Y minimizes ((D_Y(y) - 1)^2 + D_Y(G(x))^2) / 2, D_X likewise. Averaged generators translate.
    identity: 0.5 in the paper where colours should stay; domains of other brightness are not learned with as much.
    source, target: names of groups; by default the first two of the dataset. It has no chance and no samples:
    an output is its input's alone.
    """

    def __init__(
        self, *, source: str = "", target: str = "", breadth: int = 16, blocks: int = 2, steps: int = 600,
        batch: int = 16, rate: float = 1e-3, cycle: float = 10.0, identity: float = 0.1,
    ) -> None:  # fmt: skip
        self.source, self.target = source, target
        self.breadth, self.blocks, self.steps, self.batch = breadth, blocks, steps, batch
        self.rate, self.cycle = rate, cycle
        self.stay = identity  # `identity` is the name of a method, by which other families name their files
        self.device = "cpu"
        self.pair: Pair | None = None
        self.domains: tuple[str, str] | None = None

    def fit(self, data: Dataset, training: Training) -> History:
        """Alternates one step of the generators and one of the discriminators; rates fall over the second half."""
        found = _domains(data, self.source, self.target)
        shape = (found.source.shape[1], found.source.shape[2], found.source.shape[3])
        torch.manual_seed(derive(training.seed, "cyclegan"))
        game = Game(shape, self, training.seed)
        orders = (
            batches(len(images), self.batch, self.steps, derive(training.seed, name))
            for images, name in ((found.source, "source"), (found.target, "target"))
        )
        ticks, every = [], max(1, self.steps // 20)
        for step, (here, there) in enumerate(zip(*orders, strict=True), start=1):
            game.pace(self.rate * min(1.0, 2.0 * (1 - step / (self.steps + 1))))
            losses = game.round(found.source[here].to(self.device), found.target[there].to(self.device), step)
            if step % every == 0 or step == self.steps:
                ticks.append(Tick(step, self.steps, losses))
                training.tell(ticks[-1])
        self.pair, self.domains = game.average.eval(), found.names
        return History(tuple(ticks), f"all steps done, {' to '.join(found.names)}; a game's losses do not say when")

    def translate(self, items: Sequence[Item]) -> Sequence[Item]:
        """Items of the source domain as items of the target domain, one for one."""
        return self._mapped(self._fitted().there, items)

    def translate_back(self, items: Sequence[Item]) -> Sequence[Item]:
        """Items of the target domain as items of the source domain; of what `translate` made, the cycle."""
        return self._mapped(self._fitted().back, items)

    def between(self) -> tuple[str, str]:
        assert self.domains is not None, "fit or restore the cyclegan first"
        return self.domains

    def loss_and_grad(
        self, x: Float[np.ndarray, "n ..."]
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n ..."]]:
        """Mean squared error of the cycle F(G(x)) against x, and its gradient; x is [n c h w] in [0, 1].

        Nothing is rounded on the way: what hides in fractions of a level survives here, and not in `translate`.
        """
        pair = self._fitted()
        inputs = torch.from_numpy(np.asarray(x, np.float32)).to(self.device).requires_grad_(True)
        losses = (pair.back(pair.there(inputs)) - inputs).square().flatten(1).mean(1)
        (gradient,) = torch.autograd.grad(losses.sum(), inputs)
        return losses.detach().cpu().double().numpy(), gradient.cpu().double().numpy()

    def place(self, device: str) -> None:
        self.device = device
        if self.pair is not None:
            self.pair.to(device)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        pair = self._fitted()
        return arrays_of(pair), {"shape": list(pair.shape), "domains": list(self.between())}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        channels, height, width = meta["shape"]
        self.pair = Pair((channels, height, width), self.breadth, self.blocks).eval()
        load_arrays(self.pair, arrays)
        self.pair.to(self.device)
        self.domains = (meta["domains"][0], meta["domains"][1])

    def _mapped(self, generator: Generator, items: Sequence[Item]) -> list[np.ndarray]:
        x = to_tensor(items, "cyclegan", self._fitted().shape)
        with torch.inference_mode():
            return to_items(generator(x.to(self.device)))

    def _fitted(self) -> Pair:
        assert self.pair is not None, "fit or restore the cyclegan first"
        return self.pair


class Game:
    """Two generators against two discriminators, with the optimizer of each side and the images kept for replay."""

    def __init__(self, shape: tuple[int, int, int], settings: Cyclegan, seed: int) -> None:
        self.cycle, self.stay = settings.cycle, settings.stay
        self.players = Pair(shape, settings.breadth, settings.blocks).to(settings.device)
        self.average = copy.deepcopy(self.players)
        self.at_source, self.at_target = (
            Discriminator(shape, 2 * settings.breadth).to(settings.device) for _ in range(2)
        )
        self.moves = torch.optim.Adam(self.players.parameters(), betas=(0.5, 0.999))
        critics = itertools.chain(self.at_source.parameters(), self.at_target.parameters())
        self.judges = torch.optim.Adam(critics, betas=(0.5, 0.999))
        self.sources, self.targets = Replay(seed, "sources"), Replay(seed, "targets")

    def pace(self, rate: float) -> None:
        self.moves.param_groups[0]["lr"] = self.judges.param_groups[0]["lr"] = rate

    def round(self, x: Tensor, y: Tensor, step: int) -> dict[str, float]:
        """One step of each side on source images x and target images y [n c h w]; the parts of the losses."""
        there, back = self.players.there, self.players.back
        made_y, made_x = there(x), back(y)
        self.at_source.requires_grad_(False)
        self.at_target.requires_grad_(False)
        fooled = (self.at_target(made_y) - 1).square().mean() + (self.at_source(made_x) - 1).square().mean()
        kept = 2 * ((back(made_y) - x).abs().mean() + (there(made_x) - y).abs().mean())  # 2: from [0, 1] to [-1, 1]
        total = fooled + self.cycle * kept
        if self.stay:
            total = total + 2 * self.cycle * self.stay * ((there(y) - y).abs().mean() + (back(x) - x).abs().mean())
        _descend(self.moves, total)
        blend(self.average, self.players, step)
        self.at_source.requires_grad_(True)
        self.at_target.requires_grad_(True)
        judged = _misjudged(self.at_target, y, self.targets.mixed(made_y)) + _misjudged(
            self.at_source, x, self.sources.mixed(made_x)
        )
        _descend(self.judges, judged)
        return {"generators": fooled.item(), "cycle": kept.item(), "discriminators": judged.item()}


def _misjudged(critic: Discriminator, real: Tensor, made: Tensor) -> Tensor:
    loss: Tensor = ((critic(real) - 1).square().mean() + critic(made).square().mean()) / 2
    return loss


def _descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def _domains(data: Dataset, source: str, target: str) -> Domains:
    """`ModelError` where the dataset has no such two groups, or no training image of one."""
    names = data.groups.names if data.groups is not None else ()
    if len(names) < 2:
        raise ModelError(
            f"cyclegan translates between two groups of a dataset, and {data.name!r} has {len(names) or 'no'}"
            f"{' group' if names else ' groups'}; two sub-folders of one folder are two groups"
        )
    source = source or next(name for name in names if name != target)
    target = target or next(name for name in names if name != source)
    for name in (source, target):
        if name not in names:
            raise ModelError(f"cyclegan: {data.name!r} has no group {name!r}{suggestion(name, names)}")
    if source == target:
        raise ModelError(f"cyclegan: source and target are both {source!r}")
    labels, items = data.labels("train"), data.take("train")
    found = []
    for name in (source, target):
        own = [item for item, label in zip(items, labels, strict=True) if names[int(label)] == name]
        if not own:
            raise ModelError(f"cyclegan: {data.name!r} has no training image of {name!r}")
        found.append(own)
    together = to_tensor(found[0] + found[1], "cyclegan")
    return Domains((source, target), together[: len(found[0])], together[len(found[0]) :])
