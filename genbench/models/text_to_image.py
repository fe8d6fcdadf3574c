"""Text to image as in DALL-E (Ramesh et al. 2021, arXiv:2102.12092): a transformer over a caption and code words."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genbench.core.chance import derive, stream
from genbench.core.data import Dataset, Item, Split
from genbench.core.errors import ModelError
from genbench.core.model import History, Tick, Training, family
from genbench.models._averaging import blend
from genbench.models._bytes import encode
from genbench.models._caption_prior import NOTHING, Prior
from genbench.models._dvae import Dvae, cooled
from genbench.models._tensors import arrays_of, batches, finest, load_arrays, to_items, to_tensor

BLOCK = 32  # images that are drawn together, always; another device than the CPU gains from more
WIDER_BLOCK = 256
TEXT_SHARE = 1 / 8  # of the loss that is the caption's (section 2.2)
PATIENCE = 3  # looks at the held-out items without progress, of 10 in all, before the transformer's training ends
CAPTIONS = ("a picture of {}", "an image of {}", "this is {}", "{}")


class Net(nn.Module):
    """Both parts, fitted one after the other."""

    def __init__(self, dvae: Dvae, prior: Prior) -> None:
        super().__init__()
        self.dvae, self.prior = dvae, prior


class Captioned(NamedTuple):
    """Images [n c h w] and the name of each one's group."""

    x: Tensor
    names: list[str]


@family(
    modality="image",
    cites=["Ramesh et al. 2021, arXiv:2102.12092 (DALL-E)", "Jang et al. 2016, arXiv:1611.01144 (Gumbel softmax)"],
    presets={
        "tiny": {"breadth": 24, "codes": 64, "grid": 8, "width": 64, "layers": 2, "heads": 4, "steps": 800},
        "base": {
            "breadth": 128, "codes": 2048, "grid": 16, "width": 512, "layers": 12, "heads": 8, "steps": 60_000,
            "rate": 5e-4,
        },
    },
    after_fit=["temperature"],
)  # fmt: skip
class TextToImage:
    """DALL-E: a discrete VAE makes images grids of code words, a transformer learns caption and grid; trained here.

    First the VAE minimizes |x - D(z)|^2 / (2 s^2) + KL(q(z|x) || uniform), z relaxed, s = 0.1 (a Gaussian in place
    of the paper's logit-Laplace). Then the transformer minimizes -(1/8 log p(caption) + 7/8 log p(z | caption)) per
    symbol, z the likeliest words, and the weights with the best held-out loss are kept. `steps` are those of each part.
    captions: how the name of an item's group becomes its caption, one form drawn each time. illustrate() draws z given
    any caption, of which the first `length` bytes are read; sample() does so for captions as frequent as in training.
    No log_prob: p(z | caption) is exact, and is a probability of code words, not of pixels.
    """

    def __init__(
        self, *, breadth: int = 24, codes: int = 64, grid: int = 8, width: int = 64, layers: int = 2, heads: int = 4,
        length: int = 32, steps: int = 800, batch: int = 48, rate: float = 2e-3, temperature: float = 1.0,
        captions: list[str] | None = None,
    ) -> None:  # fmt: skip
        self.captions = list(CAPTIONS if captions is None else captions)
        if not self.captions or any("{}" not in form for form in self.captions):
            raise ModelError(f"text_to_image: each caption holds {{}}, where the group is named; got {self.captions}")
        if width % heads or temperature < 0 or min(codes, grid, length) < 1:
            raise ModelError(
                "text_to_image: width is a multiple of heads, temperature at least 0, codes, grid and length at least "
                f"1; got {width}, {heads}, {temperature}, {codes}, {grid}, {length}"
            )
        self.breadth, self.codes, self.grid, self.length = breadth, codes, grid, length
        self.width, self.layers, self.heads = width, layers, heads
        self.steps, self.batch, self.rate, self.temperature = steps, batch, rate, temperature
        self.device = "cpu"
        self.net: Net | None = None
        self.names: dict[str, int] = {}  # how many training items each group has

    def fit(self, data: Dataset, training: Training) -> History:
        """The VAE, then the transformer over what it makes of the training items."""
        train, held_out = _captioned(data, "train", None), _captioned(data, "held_out", 512)
        torch.manual_seed(derive(training.seed, "text_to_image"))
        net = self.net = self._built((train.x.shape[1], train.x.shape[2], train.x.shape[3])).to(self.device)
        self.names = {name: train.names.count(name) for name in sorted(set(train.names))}
        ticks = [*self._fit_dvae(net.dvae, train.x, held_out.x, training)]
        ticks += self._fit_prior(net, train, held_out, training)
        net.eval()
        used = len(torch.unique(self._words(train.x)))
        ended = "all steps done" if ticks[-1].step == 2 * self.steps else f"held-out loss worsened {PATIENCE} times"
        return History(
            tuple(ticks),
            f"{used} of {self.codes} code words in use; {ended}; the transformer's best held-out loss was kept (nats "
            "per symbol)",
        )

    def illustrate(self, captions: Sequence[str], seeds: Sequence[int]) -> Sequence[Item]:
        """One image for each caption, with its own seed; by blocks of one fixed shape, filled up with idle rows."""
        net, made = self._fitted(), list[np.ndarray]()
        size = BLOCK if self.device == "cpu" else WIDER_BLOCK
        rows, columns = net.prior.grid
        for at in range(0, len(seeds), size):
            own = list(seeds[at : at + size])
            chances = np.zeros((size, rows * columns))
            for row, seed in enumerate(own):
                chances[row] = stream(seed, "text_to_image").random(rows * columns)
            texts = [*captions[at : at + size], *[""] * (size - len(own))]
            with torch.inference_mode():
                z = net.prior.drawn(self._symbols(texts), lambda place, logits: self._chosen(logits, chances[:, place]))  # noqa: B023
                made += to_items(net.dvae.decode(z))[: len(own)]
        return made

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        """Illustrations of captions drawn as often as they are seen in training, each by its seed."""
        return self.illustrate([self.caption(seed) for seed in seeds], seeds)

    def caption(self, seed: int) -> str:
        """The caption that belongs to a seed."""
        rng = stream(seed, "text_to_image caption")
        shares = np.array(list(self.names.values()), dtype=float)
        name = list(self.names)[int(rng.choice(len(shares), p=shares / shares.sum()))]
        return self.captions[int(rng.integers(len(self.captions)))].replace("{}", name)

    def place(self, device: str) -> None:
        self.device = device
        if self.net is not None:
            self.net.to(device)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        net = self._fitted()
        return arrays_of(net), {"shape": list(net.dvae.shape), "names": dict(self.names)}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        channels, height, width = meta["shape"]
        self.net = self._built((channels, height, width)).eval()
        load_arrays(self.net, arrays)
        self.net.to(self.device)
        self.names = {str(name): int(count) for name, count in meta["names"].items()}

    def _built(self, shape: tuple[int, int, int]) -> Net:
        dvae = Dvae(shape, self.breadth, self.codes, self.grid)
        return Net(dvae, Prior(self.width, self.layers, self.heads, self.codes, self.length, dvae.grid))

    def _fit_dvae(self, dvae: Dvae, x: Tensor, held_out: Tensor, training: Training) -> list[Tick]:
        optimizer = torch.optim.Adam(dvae.parameters(), lr=self.rate)
        ticks, every = [], max(1, self.steps // 10)
        for step, index in enumerate(batches(len(x), self.batch, self.steps, training.seed), start=1):
            optimizer.param_groups[0]["lr"] = self.rate * min(1.0, 2.0 * (1 - step / (self.steps + 1)))
            loss = dvae.loss(x[index].to(self.device), *cooled(step / self.steps))
            _descend(optimizer, loss, dvae)
            if step % every == 0 or step == self.steps:
                with torch.no_grad():
                    outside = dvae.loss(held_out.to(self.device), *cooled(step / self.steps)).item()
                ticks.append(Tick(step, 2 * self.steps, {"codes train": loss.item(), "codes held_out": outside}))
                training.tell(ticks[-1])
        return ticks

    def _fit_prior(self, net: Net, train: Captioned, held_out: Captioned, training: Training) -> list[Tick]:
        """AdamW with averaged weights; `net.prior` ends as the average that was best on held-out items."""
        z, z_out = self._words(train.x), self._words(held_out.x)
        rng = stream(training.seed, "text_to_image captions")
        said_out = self._symbols(self._phrased(held_out.names, stream(0, "text_to_image held out")))
        average = copy.deepcopy(net.prior).eval()
        optimizer = torch.optim.AdamW(net.prior.parameters(), lr=self.rate, betas=(0.9, 0.95), weight_decay=0.05)
        best, kept, ticks, stale = float("inf"), copy.deepcopy(average.state_dict()), [], 0
        every = max(1, self.steps // 10)
        for step, index in enumerate(batches(len(z), self.batch, self.steps, derive(training.seed, "prior")), start=1):
            optimizer.param_groups[0]["lr"] = self.rate * min(1.0, step / 50, 1.5 * (1 - step / (self.steps + 1)))
            said = self._symbols(self._phrased([train.names[int(i)] for i in index], rng))
            loss = _surprise(net.prior, said, z[index])
            _descend(optimizer, loss, net.prior)
            blend(average, net.prior, step)
            if step % every == 0 or step == self.steps:
                with torch.no_grad():
                    outside = _surprise(average, said_out, z_out).item()
                stale = 0 if outside < best else stale + 1
                if outside < best:
                    best, kept = outside, copy.deepcopy(average.state_dict())
                losses = {"train": loss.item(), "held_out": outside}
                ticks.append(Tick(self.steps + step, 2 * self.steps, losses))
                training.tell(ticks[-1])
                if stale >= PATIENCE:
                    break
        net.prior.load_state_dict(kept)
        return ticks

    def _phrased(self, names: Sequence[str], rng: np.random.Generator) -> list[str]:
        forms = rng.integers(len(self.captions), size=len(names))
        return [self.captions[int(form)].replace("{}", name) for form, name in zip(forms, names, strict=True)]

    def _symbols(self, captions: Sequence[str]) -> Tensor:
        """Bytes of each caption [n length], filled up with a symbol of its own for each place that is left."""
        symbols = torch.arange(NOTHING, NOTHING + self.length).repeat(len(captions), 1)
        for row, caption in enumerate(captions):
            read = encode(caption)[: self.length]
            symbols[row, : len(read)] = torch.tensor(read, dtype=torch.int64)
        return symbols.to(self.device)

    def _words(self, x: Tensor) -> Tensor:
        """The likeliest code words [n rows columns] of images [n c h w]."""
        with torch.no_grad():
            return torch.cat([self._fitted().dvae.encode(some.to(self.device)) for some in torch.split(x, 256)])

    def _chosen(self, logits: Tensor, chances: np.ndarray) -> Tensor:
        """The word [n] at which the cumulative probability passes each row's chance; the likeliest at temperature 0."""
        if self.temperature == 0:
            return logits.argmax(dim=1)
        cumulative = (finest(logits) / self.temperature).softmax(dim=1).cumsum(dim=1)
        chance = torch.from_numpy(chances)[:, None].to(cumulative)
        return (cumulative[:, :-1] <= chance * cumulative[:, -1:]).sum(dim=1)

    def _fitted(self) -> Net:
        assert self.net is not None, "fit or restore the text_to_image model first"
        return self.net


def _surprise(prior: Prior, captions: Tensor, z: Tensor) -> Tensor:
    """Nats per symbol, the caption's and the image's each with its share."""
    said, shown = prior(captions, z)
    text = F.cross_entropy(said.transpose(1, 2), captions)
    image = F.cross_entropy(shown.transpose(1, 2), z.flatten(1))
    return TEXT_SHARE * text + (1 - TEXT_SHARE) * image


def _descend(optimizer: torch.optim.Optimizer, loss: Tensor, net: nn.Module) -> None:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()


def _captioned(data: Dataset, split: Split, limit: int | None) -> Captioned:
    """`ModelError` where nothing says what an image shows, or the split is empty."""
    if data.groups is None:
        raise ModelError(
            f"text_to_image writes captions from the groups of a dataset, and {data.name!r} has none; sub-folders of a "
            "folder of images are groups"
        )
    items, labels = data.take(split, limit), data.labels(split, limit)
    if not items:
        raise ModelError(f"text_to_image needs {split} images, and {data.name!r} has none")
    return Captioned(to_tensor(items, "text_to_image"), [data.groups.names[int(label)] for label in labels])
