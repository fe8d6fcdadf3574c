"""A small decoder-only transformer over bytes (Radford et al. 2019), with rotary positions and a key-value cache."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genbench.core.chance import derive, stream
from genbench.core.data import Dataset, Item
from genbench.core.evidence import LogProbs
from genbench.core.model import History, Tick, Training, family
from genbench.models._bytes import END, START, SYMBOLS, counts_of, decode, encode
from genbench.models._tensors import arrays_of, load_arrays

Cache = list[tuple[Tensor, Tensor]]
IGNORED = -100


class Layer(nn.Module):
    """Pre-norm attention and feed-forward, each added to the stream."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = nn.RMSNorm(width), nn.RMSNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)

    def forward(
        self, x: Tensor, turn: Tensor, past: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        n, t, d = x.shape
        q, k, v = self.qkv(self.norm_1(x)).view(n, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        q, k = _rotated(q, turn), _rotated(k, turn)
        if past is not None:
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=past is None and t > 1)
        x = x + self.out(y.transpose(1, 2).reshape(n, t, d))  # [n h t d/h] -> [n t d]
        return x + self.down(F.gelu(self.up(self.norm_2(x)))), (k, v)


def _rotated(x: Tensor, turn: Tensor) -> Tensor:
    """Rotary positions (Su et al. 2021, arXiv:2104.09864): pairs of coordinates turned; x [n h t e], turn [t e/2]."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * turn.cos() - b * turn.sin(), a * turn.sin() + b * turn.cos()], dim=-1)


class Net(nn.Module):
    """Symbols [n t] -> logits [n t SYMBOLS]."""

    def __init__(self, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(SYMBOLS + 1, width)
        nn.init.normal_(self.embed.weight, std=0.02)
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.norm, self.read = nn.RMSNorm(width), nn.Linear(width, SYMBOLS, bias=False)
        half = width // heads // 2
        self.speeds: Tensor
        self.register_buffer("speeds", 10_000.0 ** -(torch.arange(half) / half))

    def forward(self, symbols: Tensor, past: Cache | None = None) -> tuple[Tensor, Cache]:
        start = past[0][0].shape[2] if past else 0
        places = torch.arange(start, start + symbols.shape[1], device=symbols.device)
        turn = places[:, None] * self.speeds  # [t e/2]
        x, present = self.embed(symbols), []
        for i, layer in enumerate(self.layers):
            x, kept = layer(x, turn, past[i] if past else None)
            present.append(kept)
        return self.read(self.norm(x)), present


@family(
    modality="text",
    cites=["Radford et al. 2019 (GPT-2)", "Su et al. 2021, arXiv:2104.09864 (rotary positions)"],
    presets={
        "tiny": {"width": 96, "layers": 3, "heads": 4, "steps": 300},
        "base": {"width": 512, "layers": 8, "heads": 8, "steps": 20_000, "batch": 64, "context": 1024},
    },
)
class Gpt:
    """Decoder-only transformer over bytes: pre-norm, rotary positions, key-value cache; trained here.

    Texts begin with a start and end with an end symbol, which is scored: probabilities sum to 1 over all texts.
    log_prob slides a window of `context` symbols by half its length over longer texts. temperature 0 is greedy.
    """

    def __init__(
        self, *, width: int = 96, layers: int = 3, heads: int = 4, context: int = 288, steps: int = 300,
        batch: int = 16,
        rate: float = 3e-3, patience: int = 4, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0,
        longest: int = 600,
    ) -> None:  # fmt: skip
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
        held_out, every = data.take("held_out", 96), max(1, self.steps // 15)
        best, kept, stale, ticks = float("inf"), copy.deepcopy(net.state_dict()), 0, []
        for step in range(1, self.steps + 1):
            optimizer.param_groups[0]["lr"] = self.rate * min(step / 40, 1.02 - step / self.steps)
            chosen = [texts[int(i)] for i in rng.integers(0, len(texts), size=self.batch)]
            loss = self._loss([self._cropped(text, rng) for text in chosen])
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
        return History(tuple(ticks), f"{ended}; the best held-out loss was kept (nats per byte)")

    def log_prob(self, items: Sequence[Item]) -> LogProbs:
        """log p of the bytes and the end of each text, in nats."""
        nats = np.zeros(len(items))
        for i, window, first in self._windows(items):
            symbols = torch.tensor([window], device=self.device)
            with torch.inference_mode():
                logits, _ = self._fitted()(symbols[:, :-1])
                said = F.cross_entropy(logits[0, first:].float(), symbols[0, 1 + first :], reduction="sum")
            nats[i] -= float(said)
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

    def _windows(self, items: Sequence[Item]) -> list[tuple[int, list[int], int]]:
        """(item, symbols, first scored position): each symbol is scored once, with at least half a window before it."""
        windows = []
        for i, item in enumerate(items):
            symbols = [START, *encode(str(item)), END]
            windows.append((i, symbols[: self.context + 1], 0))
            half = self.context // 2
            starts = range(half, len(symbols) - 1 - half, half)
            windows += [(i, symbols[s : s + self.context + 1], self.context - half) for s in starts]
        return windows

    def _loss(self, batch: Sequence[list[int]]) -> Tensor:
        """Mean nats per symbol of symbol lists, padded to one length; padding is behind and never seen or scored."""
        length = max(map(len, batch))
        symbols = torch.full((len(batch), length), END)
        targets = torch.full((len(batch), length - 1), IGNORED)
        for row, symbol_list in enumerate(batch):
            symbols[row, : len(symbol_list)] = torch.tensor(symbol_list)
            targets[row, : len(symbol_list) - 1] = torch.tensor(symbol_list[1:])
        logits, _ = self._fitted()(symbols[:, :-1].to(self.device))
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten().to(self.device), ignore_index=IGNORED)

    def _cropped(self, text: str, rng: np.random.Generator) -> list[int]:
        symbols = [START, *encode(text), END]
        start = int(rng.integers(0, max(1, len(symbols) - self.context)))
        return symbols[start : start + self.context + 1]

    def _generated(self, prompts: Sequence[list[int]], seeds: Sequence[int]) -> list[str]:
        """All rows advance together: a row still inside its prompt is given its next byte, another draws one.

        So prompts of different lengths need no padding, and a row's chance is its own: one number per position.
        """
        net, n = self._fitted(), len(prompts)
        chances = np.stack([stream(seed, "gpt").random(self.longest) for seed in seeds])
        made: list[list[int]] = [[] for _ in range(n)]
        ended = np.zeros(n, dtype=bool)
        symbols, past, place = torch.full((n, 1), START, device=self.device), None, 0
        with torch.inference_mode():
            while not ended.all():
                if past is not None and past[0][0].shape[2] >= self.context:
                    past = [(k[:, :, self.context // 2 :], v[:, :, self.context // 2 :]) for k, v in past]
                logits, past = net(symbols, past)
                shares = self._shares(logits[:, -1].float())
                following = []
                for row in range(n):
                    following.append(prompts[row][place] if place < len(prompts[row]) else END)
                    if place >= len(prompts[row]) and not ended[row]:
                        drawn = int(np.searchsorted(shares[row], chances[row, len(made[row])], side="right"))
                        following[row] = min(drawn, SYMBOLS - 1)
                        ended[row] = following[row] == END or len(made[row]) == self.longest - 1
                        made[row] += [following[row]] if following[row] != END else []
                symbols, place = torch.tensor(following, device=self.device)[:, None], place + 1
        return [decode(row) for row in made]

    def _shares(self, logits: Tensor) -> np.ndarray:
        """Cumulative probabilities [n SYMBOLS] after temperature, top-k and top-p."""
        if self.temperature == 0:
            logits = torch.where(logits == logits.max(dim=1, keepdim=True).values, logits, -torch.inf)
        else:
            logits = logits / self.temperature
        if self.top_k:
            floor = logits.topk(min(self.top_k, SYMBOLS), dim=1).values[:, -1:]
            logits = logits.masked_fill(logits < floor, -torch.inf)
        p = logits.softmax(dim=1)
        if self.top_p < 1:
            ordered, order = p.sort(dim=1, descending=True)
            outside = (ordered.cumsum(dim=1) - ordered) >= self.top_p
            p = p.scatter(1, order, ordered.masked_fill(outside, 0.0))
        cumulative: np.ndarray = (p.double().cumsum(dim=1) / p.double().sum(dim=1, keepdim=True)).cpu().numpy()
        return cumulative

    def _fitted(self) -> Net:
        assert self.net is not None, "fit or restore the gpt first"
        return self.net
