"""A small decoder-only transformer over bytes (Radford et al. 2019), with rotary positions and a key-value cache."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genbench.core.chance import derive, stream
from genbench.core.data import Dataset, Item
from genbench.core.errors import ModelError
from genbench.core.evidence import LogProbs
from genbench.core.model import History, Tick, Training, family
from genbench.models._bytes import END, START, SYMBOLS, counts_of, decode, encode
from genbench.models._tensors import arrays_of, load_arrays

BLOCK = 16  # rows that are generated together, always; a CPU gains nothing from more,
WIDER_BLOCK = 64  # another device does
ROWS = 32  # windows that are scored together, at most
IGNORED = -100
BACK = 4  # symbols whose embeddings each place is given: its own and those just before it
NOTHING = SYMBOLS + 1  # stands before the first symbol of a window


@dataclass
class Memory:
    """What a window holds so far: keys and values [layers n heads room e], filled up to `length`, and the last symbols
    read, recent [n BACK-1].
    """

    keys: Tensor
    values: Tensor
    recent: Tensor
    length: int = 0


class Layer(nn.Module):
    """Pre-norm attention and feed-forward, each added to the stream."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = nn.RMSNorm(width), nn.RMSNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)
        nn.init.zeros_(self.out.weight)  # each layer begins as the identity
        nn.init.zeros_(self.down.weight)

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], past: tuple[Tensor, Tensor, int] | None) -> Tensor:
        n, t, d = x.shape
        q, k, v = self.qkv(self.norm_1(x)).view(n, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        q, k = _rotated(q, *turn), _rotated(k, *turn)  # [n h t e]
        if past is not None:
            keys, values, start = past
            keys[:, :, start : start + t], values[:, :, start : start + t] = k, v
            k, v = keys[:, :, : start + t], values[:, :, : start + t]
        y = F.scaled_dot_product_attention(q, k, v, is_causal=t > 1)
        x = x + self.out(y.transpose(1, 2).reshape(n, t, d))  # [n h t e] -> [n t d]
        return x + self.down(F.gelu(self.up(self.norm_2(x))))  # type: ignore[no-any-return]


def _rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions (Su et al. 2021, arXiv:2104.09864): pairs of coordinates turned; x [n h t e], cos [t e/2]."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


class Net(nn.Module):
    """Symbols [n t] -> logits [n t SYMBOLS]; with a memory, symbols that follow those it holds.

    A place enters as the sum of the embeddings of its last BACK symbols, each by its distance (as Bengio et al. 2003
    concatenate them; a short convolution as in So et al. 2021, Primer): a small model need not first learn to look at
    its neighbours, which would take most of a short training.
    """

    def __init__(self, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.width, self.heads = width, heads
        self.embed = nn.Parameter(0.02 * torch.randn(BACK, NOTHING + 1, width))
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.norm, self.read = nn.RMSNorm(width), nn.Linear(width, SYMBOLS, bias=False)
        half = width // heads // 2
        self.speeds: Tensor
        self.register_buffer("speeds", 10_000.0 ** -(torch.arange(half) / half))

    def forward(self, symbols: Tensor, memory: Memory | None = None) -> Tensor:
        t, start = symbols.shape[1], memory.length if memory else 0
        assert t == 1 or start == 0, "several symbols at once begin a window, or the causal mask would be wrong"
        angles = torch.arange(start, start + t, device=symbols.device)[:, None] * self.speeds  # [t e/2]
        turn = angles.cos(), angles.sin()
        before = memory.recent if memory else symbols.new_full((len(symbols), BACK - 1), NOTHING)
        read = torch.cat([before, symbols], dim=1)  # [n BACK-1+t]
        x = torch.stack([F.embedding(read[:, BACK - 1 - j :][:, :t], e) for j, e in enumerate(self.embed)]).sum(dim=0)
        for i, layer in enumerate(self.layers):
            x = layer(x, turn, (memory.keys[i], memory.values[i], start) if memory else None)
        if memory:
            memory.length, memory.recent = start + t, read[:, t:]
        logits: Tensor = self.read(self.norm(x))
        return logits

    def memory(self, n: int, room: int) -> Memory:
        """An empty memory for n rows and a window of `room` symbols."""
        shape = (len(self.layers), n, self.heads, room, self.width // self.heads)
        recent = torch.full((n, BACK - 1), NOTHING, device=self.speeds.device)
        return Memory(self.speeds.new_zeros(shape), self.speeds.new_zeros(shape), recent)


@family(
    modality="text",
    cites=["Radford et al. 2019 (GPT-2)", "Su et al. 2021, arXiv:2104.09864", "So et al. 2021, arXiv:2109.08668"],
    presets={
        "tiny": {"width": 96, "layers": 2, "heads": 2, "steps": 500, "batch": 8},
        "base": {"width": 512, "layers": 8, "heads": 8, "steps": 20_000, "batch": 64, "context": 1024, "rate": 1e-3},
    },
)
class Gpt:
    """Decoder-only transformer over bytes: pre-norm, rotary positions, key-value cache; trained here.

    Texts begin with a start and end with an end symbol, which is scored: probabilities sum to 1 over all texts.
    A text longer than `context` symbols is read through windows that advance by half a context, alike in log_prob
    and in sampling, so what is drawn is what is scored. temperature 0 is greedy; top_k 0 keeps all.
    """

    def __init__(
        self, *, width: int = 96, layers: int = 2, heads: int = 2, context: int = 288, steps: int = 500,
        batch: int = 8, rate: float = 6e-3, patience: int = 4, temperature: float = 1.0, top_k: int = 0,
        top_p: float = 1.0, longest: int = 600,
    ) -> None:  # fmt: skip
        if width % (2 * heads):
            raise ModelError(f"gpt: width must be a multiple of 2 x heads (pairs are rotated), got {width} and {heads}")
        if context < 2 or longest < 1:
            raise ModelError(f"gpt: context is at least 2 and longest at least 1, got {context} and {longest}")
        if not (temperature >= 0 and top_k >= 0 and 0 < top_p <= 1):
            raise ModelError(
                f"gpt: temperature >= 0, top_k >= 0 and 0 < top_p <= 1, got {temperature}, {top_k} and {top_p}"
            )
        self.width, self.layers, self.heads, self.context = width, layers, heads, context
        self.steps, self.batch, self.rate, self.patience = steps, batch, rate, patience
        self.temperature, self.top_k, self.top_p, self.longest = temperature, top_k, top_p, longest
        self.device = "cpu"
        self.net: Net | None = None

    def fit(self, data: Dataset, training: Training) -> History:
        """AdamW on next-symbol cross-entropy; stops when the held-out loss has not improved `patience` times."""
        torch.manual_seed(derive(training.seed, "gpt"))
        net = self.net = Net(self.width, self.layers, self.heads).to(self.device)
        optimizer = torch.optim.AdamW(net.parameters(), lr=self.rate, betas=(0.9, 0.98), weight_decay=0.05)
        texts, rng = data.take("train"), stream(training.seed, "gpt batches")
        order = _alike_in_length([len(encode(text)) for text in texts], self.batch, rng)
        held_out, every = data.take("held_out", 96), max(1, self.steps // 15)
        if not held_out:
            raise ModelError(f"gpt needs held-out texts to know when to stop, and {data.name!r} has none")
        best, kept, stale, ticks = float("inf"), copy.deepcopy(net.state_dict()), 0, []
        for step in range(1, self.steps + 1):
            optimizer.param_groups[0]["lr"] = self.rate * min(step / 20, 1.02 - step / self.steps)
            crops = [self._cropped(texts[i], rng) for i in next(order)]
            symbols, targets = _padded(crops, [0] * len(crops))
            logits = net(symbols.to(self.device))
            loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten().to(self.device), ignore_index=IGNORED)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            if step % every and step != self.steps:
                continue
            found = self.log_prob(held_out)
            outside = float(-found.nats.sum() / found.counts["token"].sum())
            stale = 0 if outside < best else stale + 1
            if outside < best:
                best, kept = outside, copy.deepcopy(net.state_dict())
            ticks.append(Tick(step, self.steps, {"train": loss.item(), "held_out": outside}))
            training.tell(ticks[-1])
            if stale >= self.patience:
                break
        net.load_state_dict(kept)
        ended = "all steps done" if stale < self.patience else f"held-out loss had not improved {self.patience} times"
        return History(tuple(ticks), f"{ended}; the best held-out loss was kept (nats per symbol)")

    def log_prob(self, items: Sequence[Item]) -> LogProbs:
        """log p of the bytes and the end of each text, in nats (float32 sums: the batch may move the last digits)."""
        nats = np.zeros(len(items))
        windows = sorted(self._windows(items), key=lambda window: len(window[1]))  # alike in length: little padding
        for at in range(0, len(windows), ROWS):
            chunk = windows[at : at + ROWS]
            symbols, targets = _padded([window for _, window, _ in chunk], [first for _, _, first in chunk])
            with torch.inference_mode():
                logits = self._fitted()(symbols.to(self.device)).float()
                said = F.cross_entropy(
                    logits.transpose(1, 2), targets.to(self.device), ignore_index=IGNORED, reduction="none"
                )  # [n SYMBOLS t], [n t] -> [n t]
            np.subtract.at(nats, [i for i, _, _ in chunk], said.sum(dim=1).double().cpu().numpy())
        facts: dict[str, int | float | str] = {"window": self.context, "stride": self.context // 2}
        return LogProbs(nats, counts_of(items), facts={**facts, "bos": "given, not scored", "eos": "scored"})

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return self._generated([[]] * len(seeds), seeds)

    def complete(self, prompts: Sequence[str], seeds: Sequence[int]) -> list[str]:
        return self._generated([encode(prompt) for prompt in prompts], seeds)

    def place(self, device: str) -> None:
        self.device = device
        if self.net is not None:
            self.net.to(device)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        return arrays_of(self._fitted()), {}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        self.net = Net(self.width, self.layers, self.heads)
        load_arrays(self.net, arrays)
        self.net.to(self.device)

    def _windows(self, items: Sequence[Item]) -> list[tuple[int, list[int], int]]:
        """(item, symbols, first scored position): each symbol is scored once, with at least half a window before it."""
        windows, half = [], self.context // 2
        for i, item in enumerate(items):
            symbols = [START, *encode(str(item)), END]
            windows.append((i, symbols[: self.context + 1], 0))
            begins = range(half, len(symbols) - 1 - self.context + half, half)
            windows += [(i, symbols[begin : begin + self.context + 1], self.context - half) for begin in begins]
        return windows

    def _cropped(self, text: str, rng: np.random.Generator) -> list[int]:
        symbols = [START, *encode(text), END]
        start = int(rng.integers(0, max(1, len(symbols) - self.context)))
        return symbols[start : start + self.context + 1]

    def _generated(self, prompts: Sequence[list[int]], seeds: Sequence[int]) -> list[str]:
        """By blocks of one fixed shape, filled up with idle rows, so that neighbours change nothing.

        A matrix product of fewer rows may sum in another order, and one bit of difference can turn a draw.
        """
        made: list[str] = []
        size = BLOCK if self.device == "cpu" else WIDER_BLOCK
        for at in range(0, len(seeds), size):
            made += self._block(prompts[at : at + size], seeds[at : at + size], size)
        return made

    def _block(self, prompts: Sequence[list[int]], seeds: Sequence[int], size: int) -> list[str]:
        """All rows advance together: a row still inside its prompt keeps its byte, another draws its next symbol.

        So prompts of different lengths need no padding, and a row's chance is its own: one number per symbol drawn.
        A full window begins anew from its later half, as `_windows` does.
        """
        net, idle = self._fitted(), size - len(seeds)
        own = np.array([1 + len(prompt) for prompt in prompts] + [1] * idle)  # where a row's own symbols begin
        text = np.full((size, int(own.max()) + self.longest), END)
        text[:, 0] = START
        for row, prompt in enumerate(prompts):
            text[row, 1 : own[row]] = prompt
        chances = np.stack(
            [stream(seed, "gpt").random(self.longest) for seed in seeds] + [np.zeros(self.longest)] * idle
        )
        ended = np.arange(size) >= len(seeds)
        memory, begin = net.memory(size, self.context), 0
        for place in range(1, text.shape[1]):
            if memory.length == self.context:
                memory, begin = net.memory(size, self.context), begin + self.context // 2
            unread = torch.from_numpy(text[:, begin + memory.length : place]).to(self.device)
            with torch.inference_mode():
                cumulative = self._cumulative(net(unread, memory)[:, -1].float().cpu().double())
            nth = np.clip(place - own, 0, self.longest - 1)
            drawn = (cumulative <= chances[np.arange(size), nth, None]).sum(axis=1)
            draws = (place >= own) & ~ended
            text[draws, place] = drawn[draws]
            ended |= draws & ((drawn == END) | (place - own == self.longest - 1))
            if ended.all():
                break
        rows = (text[row, own[row] :].tolist() for row in range(len(seeds)))
        return [decode(row[: row.index(END)] if END in row else row) for row in rows]

    def _cumulative(self, logits: Tensor) -> np.ndarray:
        """Cumulative probabilities [n SYMBOLS] after temperature, top-k and, within that, top-p; float64."""
        if self.temperature == 0:
            p = F.one_hot(logits.argmax(dim=1), logits.shape[1]).double()
        else:
            p = (logits / self.temperature).softmax(dim=1)
        if self.top_k or self.top_p < 1:
            ordered, order = p.sort(dim=1, descending=True, stable=True)
            ordered[:, self.top_k or SYMBOLS :] = 0
            before = ordered.cumsum(dim=1) - ordered
            ordered[before >= self.top_p * ordered.sum(dim=1, keepdim=True)] = 0
            p = torch.zeros_like(p).scatter(1, order, ordered)
        whole = p.cumsum(dim=1)
        cumulative: np.ndarray = (whole / whole[:, -1:]).numpy()  # ends at 1 exactly, so no chance lies beyond it
        return cumulative

    def _fitted(self) -> Net:
        assert self.net is not None, "fit or restore the gpt first"
        return self.net


def _alike_in_length(lengths: Sequence[int], size: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """Endless batches of indices, by epochs in fresh order; of each eight batches' texts, those alike share one."""
    while True:
        order = rng.permutation(len(lengths))
        for at in range(0, len(order), 8 * size):
            group = sorted(order[at : at + 8 * size].tolist(), key=lengths.__getitem__)
            chunks = [group[i : i + size] for i in range(0, len(group), size)]
            yield from (chunks[i] for i in rng.permutation(len(chunks)))


def _padded(windows: Sequence[list[int]], first: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Inputs and targets [n t], scored from `first` on; padding is behind, where causality keeps it unseen."""
    length = max(map(len, windows)) - 1
    inputs, targets = torch.full((len(windows), length), END), torch.full((len(windows), length), IGNORED)
    for row, window in enumerate(windows):
        inputs[row, : len(window) - 1] = torch.tensor(window[:-1])
        targets[row, first[row] : len(window) - 1] = torch.tensor(window[1 + first[row] :])
    return inputs, targets
