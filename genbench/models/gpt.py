"""A small decoder-only transformer over bytes (Radford et al. 2019), with rotary positions and a key-value cache."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from genbench.core.chance import derive
from genbench.core.data import Dataset, Item
from genbench.core.errors import ModelError
from genbench.core.evidence import LogProbs, TokenLogProbs
from genbench.core.model import History, Training, family
from genbench.models._bytes import SYMBOLS, added_counts, continued, counts_of, encode, whole
from genbench.models._drawing import Drawing, Reader, Writer
from genbench.models._learning import IGNORED, Plan, cropped, learned, padded
from genbench.models._ragged import ragged
from genbench.models._swapping import PRINTABLE, byte_slopes, byte_texts, byte_tokens, caught, said
from genbench.models._tensors import arrays_of, load_arrays
from genbench.models._token_stats import by_token

ROWS = 32  # windows that are scored together, at most
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
    after_fit=["temperature", "top_k", "top_p", "longest"],
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
        if context < 2:
            raise ModelError(f"gpt: context is at least 2, got {context}")
        self.drawing = Drawing(temperature, top_k, top_p, longest)
        self.drawing.check("gpt")
        self.width, self.layers, self.heads, self.context = width, layers, heads, context
        self.plan = Plan("gpt", steps, batch, rate, patience)
        self.device = "cpu"
        self.net: Net | None = None

    def fit(self, data: Dataset, training: Training) -> History:
        """AdamW on next-symbol cross-entropy; stops when the held-out loss has not improved `patience` times."""
        torch.manual_seed(derive(training.seed, "gpt"))
        net = self.net = Net(self.width, self.layers, self.heads).to(self.device)

        def loss(texts: list[str], rng: np.random.Generator) -> Tensor:
            symbols, targets = padded([cropped(text, self.context, rng) for text in texts], [0] * len(texts))
            logits = net(symbols.to(self.device))
            return F.cross_entropy(logits.flatten(0, 1), targets.flatten().to(self.device), ignore_index=IGNORED)

        def outside(texts: list[str]) -> float:
            found = self.log_prob(texts)
            return float(-found.nats.sum() / found.counts["token"].sum())

        return learned(net, data, (loss, outside), self.plan, training)

    def log_prob(self, items: Sequence[Item]) -> LogProbs:
        """log p of the bytes and the end of each text, in nats (float32 sums: the batch may move the last digits)."""
        return LogProbs(self._nats(whole(items)), counts_of(items), facts={**self._facts(), "eos": "scored"})

    def token_log_probs(self, items: Sequence[Item]) -> TokenLogProbs:
        """log p of each byte and of the end, with mean and deviation over all symbols in its place; read alike."""
        windows = [(i, *w) for i, text in enumerate(whole(items)) for w in self._windows(*text)]
        rows = by_token(self._read(windows), [i for i, _, _ in windows], len(items))
        return ragged(rows, items, {**self._facts(), "eos": "scored"})

    def log_prob_given(self, contexts: Sequence[str], continuations: Sequence[str]) -> LogProbs:
        """log p of each continuation's bytes behind its context, in nats; the end is not scored."""
        texts = continued(contexts, continuations)
        return LogProbs(self._nats(texts), added_counts(continuations), facts={**self._facts(), "eos": "not scored"})

    def tokens_of(self, texts: Sequence[str]) -> list[Int[np.ndarray, " _"]]:
        return byte_tokens(texts)

    def texts_of(self, tokens: Sequence[Int[np.ndarray, " _"]]) -> list[str]:
        return byte_texts(tokens)

    def swaps(self) -> Int[np.ndarray, " v"]:
        return PRINTABLE

    def swap_gradients(
        self, contexts: Sequence[Int[np.ndarray, " _"]], continuations: Sequence[str]
    ) -> list[Float[np.ndarray, "_ v"]]:
        """Of the last `context` symbols, read at once."""
        return byte_slopes(contexts, continuations, self._slope)

    def _slope(self, symbols: Tensor, targets: Tensor) -> Tensor:
        """The gradient [n t v]: a symbol enters at its own place and, by other tables, at the BACK - 1 behind it."""
        net, cut = self._fitted(), max(0, symbols.shape[1] - self.context)
        symbols, targets = symbols[:, cut:].to(self.device), targets[:, cut:].to(self.device)
        with caught(net.layers[0], entering=True) as seen:
            (at,) = torch.autograd.grad(said(net(symbols), targets), seen[0])  # [n t d]
        tables = net.embed[:, torch.from_numpy(PRINTABLE).to(self.device)].detach()  # [BACK v d]
        t = at.shape[1]
        found = torch.stack([F.pad(at[:, j:], (0, 0, 0, min(j, t))) @ e.T for j, e in enumerate(tables)]).sum(dim=0)
        return F.pad(found, (0, 0, cut, 0))

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return self._writer().written([[]] * len(seeds), seeds)

    def complete(self, prompts: Sequence[str], seeds: Sequence[int]) -> list[str]:
        return self._writer().written([encode(prompt) for prompt in prompts], seeds)

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

    def _facts(self) -> dict[str, int | float | str]:
        return {"window": self.context, "stride": self.context // 2, "bos": "given, not scored"}

    def _nats(self, texts: Sequence[tuple[list[int], int]]) -> np.ndarray:
        """log p [n] of each text's symbols behind its first scored position."""
        nats = np.zeros(len(texts))
        windows = [(i, *w) for i, text in enumerate(texts) for w in self._windows(*text)]
        for chunk, logits, targets in self._read(windows):
            said = F.cross_entropy(
                logits.transpose(1, 2), targets, ignore_index=IGNORED, reduction="none"
            )  # [n SYMBOLS t], [n t] -> [n t]
            np.subtract.at(nats, [windows[i][0] for i in chunk], said.sum(dim=1).cpu().double().numpy())
        return nats

    def _read(self, windows: Sequence[tuple[int, list[int], int]]) -> Iterator[tuple[list[int], Tensor, Tensor]]:
        """(which windows, their logits [n t SYMBOLS], their targets [n t]), a few at a time."""
        order = sorted(range(len(windows)), key=lambda i: len(windows[i][1]))  # alike in length: little padding
        for at in range(0, len(order), ROWS):
            chunk = order[at : at + ROWS]
            symbols, targets = padded([windows[i][1] for i in chunk], [windows[i][2] for i in chunk])
            with torch.inference_mode():
                logits = self._fitted()(symbols.to(self.device)).float()
            yield chunk, logits, targets.to(self.device)

    def _windows(self, symbols: list[int], first: int) -> list[tuple[list[int], int]]:
        """(symbols, first scored position): each symbol after `first` is scored once, with at least half a window
        before it where there is so much.
        """
        half = self.context // 2
        begins = [0, *range(half, len(symbols) - 1 - self.context + half, half)]
        windows = []
        for begin in begins:
            window = symbols[begin : begin + self.context + 1]
            scored = max(first - begin, self.context - half if begin else 0)
            if scored < len(window) - 1:
                windows.append((window, scored))
        return windows

    def _writer(self) -> Writer:
        return Writer("gpt", self.device, self._reader, self.drawing)

    def _reader(self, rows: int) -> Reader:
        """A full window begins anew from its later half, as `_windows` does."""
        net = self._fitted()
        memory, begin = net.memory(rows, self.context), 0

        def following(text: np.ndarray) -> Tensor:
            nonlocal memory, begin
            if memory.length == self.context:
                memory, begin = net.memory(rows, self.context), begin + self.context // 2
            unread = torch.from_numpy(text[:, begin + memory.length :]).to(self.device)
            logits: Tensor = net(unread, memory)[:, -1]
            return logits

        return following

    def _fitted(self) -> Net:
        assert self.net is not None, "fit or restore the gpt first"
        return self.net
