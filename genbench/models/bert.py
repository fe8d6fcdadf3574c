"""A small masked language model (Devlin et al. 2019): a transformer that looks both ways and fills in the hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genbench.core.chance import derive, stream
from genbench.core.data import Dataset, Item, Pair
from genbench.core.errors import ModelError
from genbench.core.model import Contrast, History, Training, family
from genbench.models._drawing import Drawing
from genbench.models._gibbs import Begun, Gibbs, filled
from genbench.models._learning import IGNORED, Plan, learned
from genbench.models._masked import PseudoLogLikelihoods, crows_pairs, pseudo_log_likelihoods
from genbench.models._pieces import CLOSE, FIRST_WORD, MASK, OPEN, PAD, Pieces, learned_pieces
from genbench.models._tensors import arrays_of, load_arrays


class Layer(nn.Module):
    """Pre-norm attention to all places and feed-forward, each added to the stream."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        nn.init.zeros_(self.out.weight)  # each layer begins as the identity
        nn.init.zeros_(self.down.weight)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:  # seen [n 1 1 t]
        n, t, d = x.shape
        q, k, v = self.qkv(self.norm_1(x)).view(n, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=seen)  # [n h t e]
        x = x + self.out(y.transpose(1, 2).reshape(n, t, d))  # [n h t e] -> [n t d]
        return x + self.down(F.gelu(self.up(self.norm_2(x))))  # type: ignore[no-any-return]


class Net(nn.Module):
    """Tokens [n t] -> states [n t d]; `read` makes logits [... V] of states, with the embeddings themselves.

    A place enters as its token, its position and its two neighbours' tokens, so that a small model need not first learn
    to look beside it.
    """

    def __init__(self, vocabulary: int, shape: tuple[int, int, int], longest: int) -> None:
        super().__init__()
        width, layers, heads = shape
        self.embed, self.place = nn.Embedding(vocabulary, width), nn.Embedding(longest, width)
        self.beside = nn.Conv1d(width, width, 3, padding=1)
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.norm, self.bias = nn.LayerNorm(width), nn.Parameter(torch.zeros(vocabulary))
        nn.init.normal_(self.embed.weight, std=0.02)
        nn.init.normal_(self.place.weight, std=0.02)

    def forward(self, symbols: Tensor, seen: Tensor) -> Tensor:
        own = self.embed(symbols) * seen[:, :, None]  # padding is nobody's neighbour
        x = own + self.beside(own.transpose(1, 2)).transpose(1, 2)  # [n t d] -> [n d t] -> [n t d]
        x = x + self.place(torch.arange(symbols.shape[1], device=symbols.device))
        for layer in self.layers:
            x = layer(x, seen[:, None, None, :].bool())
        return self.norm(x)  # type: ignore[no-any-return]

    def read(self, states: Tensor) -> Tensor:
        return states @ self.embed.weight.T + self.bias


@family(
    modality="text",
    cites=[
        "Devlin et al. 2019, arXiv:1810.04805",
        "Salazar et al. 2020, arXiv:1910.14659",
        "Wang and Cho 2019, arXiv:1902.04094",
    ],
    presets={
        "tiny": {"width": 96, "layers": 2, "heads": 2, "steps": 600, "batch": 16},
        "base": {"width": 512, "layers": 8, "heads": 8, "steps": 30_000, "batch": 64, "words": 20_000, "rate": 5e-4},
    },
    after_fit=["sweeps", "temperature", "top_k", "top_p"],
)
class Bert:
    """Masked language model over frequent words and bytes; trained here.

    It states p(token | all others) and no probability of a text, so it is no density and has no perplexity. Pairs are
    scored by pseudo-log-likelihood as CrowS-Pairs does. Texts are drawn by Gibbs sampling from a row of masks, as long
    as a random training text (a completion: one longer than the prompt, if there is any); `sweeps` over all places.
    Longer texts than `context` tokens are learned in part and cannot be scored. words: vocabulary beside the bytes.
    """

    def __init__(
        self, *, width: int = 96, layers: int = 2, heads: int = 2, context: int = 192, words: int = 2000,
        masked: float = 0.15, steps: int = 600, batch: int = 16, rate: float = 3e-3, patience: int = 5,
        sweeps: int = 2, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0,
    ) -> None:  # fmt: skip
        if width % heads or context < 4 or words < 0 or sweeps < 1 or not 0 < masked < 1:
            raise ModelError(
                "bert: width is a multiple of heads, context at least 4, words at least 0, sweeps at least 1 and "
                f"masked between 0 and 1, got {width}, {heads}, {context}, {words}, {sweeps} and {masked}"
            )
        self.shape, self.context, self.words, self.masked = (width, layers, heads), context, words, masked
        self.plan, self.sweeps = Plan("bert", steps, batch, rate, patience), sweeps
        self.drawing = Drawing(temperature, top_k, top_p, context)
        self.drawing.check("bert")
        self.device = "cpu"
        self.pieces = Pieces([])
        self.lengths = np.array([3])  # tokens of each training text, framed
        self.net: Net | None = None

    # --- what _masked and _gibbs ask of a model ---

    @property
    def mask(self) -> int:
        return MASK

    @property
    def longest(self) -> int | None:
        return self.context

    @property
    def uncased(self) -> bool:
        return False

    def tokens_of(self, text: str) -> list[int]:
        return self.pieces.tokens_of(text)

    def logits_at(self, symbols: Tensor, seen: Tensor, places: Tensor) -> Tensor:
        net, every = self._fitted(), torch.arange(len(symbols))
        states = net(symbols.to(self.device), seen.to(self.device))
        return net.read(states[every, places.to(self.device)])  # [n t d] -> [n d] -> [n V]

    # --- capabilities ---

    def fit(self, data: Dataset, training: Training) -> History:
        """AdamW on cross-entropy at hidden tokens; stops when the held-out loss has not improved `patience` times."""
        torch.manual_seed(derive(training.seed, "bert"))
        texts = data.take("train")
        self.pieces = learned_pieces(texts, self.words)
        self.lengths = np.array([min(self.context, len(self.tokens_of(text))) for text in texts])
        net = self.net = self._built()

        def loss(batch: list[str], rng: np.random.Generator) -> Tensor:
            symbols, seen, targets = self._hidden(batch, rng)
            states = net(symbols.to(self.device), seen.to(self.device))
            asked = targets != IGNORED
            return F.cross_entropy(net.read(states[asked.to(self.device)]), targets[asked].to(self.device))

        def outside(held_out: list[str]) -> float:
            with torch.inference_mode():  # the same tokens hidden at every look
                return float(loss(held_out, stream(training.seed, "bert held out")))

        return learned(net, data, (loss, outside), self.plan, training)

    def contrast(self, pairs: Sequence[Pair]) -> Contrast:
        return crows_pairs(self, pairs)

    def pseudo_log_likelihood(self, items: Sequence[Item]) -> PseudoLogLikelihoods:
        """sum_i log p(x_i | all other tokens) of each text, in nats; no probability of the text."""
        return pseudo_log_likelihoods(self, [str(item) for item in items])

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return self.complete([""] * len(seeds), seeds)

    def complete(self, prompts: Sequence[str], seeds: Sequence[int]) -> list[str]:
        """What stands behind each prompt, which is held fixed; of one too long, the end is read."""
        begun = []
        for prompt, seed in zip(prompts, seeds, strict=True):
            given = self.tokens_of(prompt)[1:-1][-(self.context // 2) :]
            longer = self.lengths[self.lengths > len(given) + 2]
            length = int(stream(seed, "bert length").choice(longer)) if len(longer) else len(given) + 3
            free = list(range(1 + len(given), length - 1))
            begun.append(Begun([OPEN, *given, *[MASK] * len(free), CLOSE], free, seed))
        plan = Gibbs(self.drawing, self.sweeps, tuple(range(MASK, FIRST_WORD)), PAD)
        rows = filled(self, begun, plan, "bert")
        return [self.pieces.text_of(row[one.free[0] : -1]) for row, one in zip(rows, begun, strict=True)]

    def place(self, device: str) -> None:
        self.device = device
        if self.net is not None:
            self.net.to(device)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        return {**arrays_of(self._fitted()), "lengths": self.lengths}, {"words": self.pieces.words}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        self.pieces, self.lengths = Pieces(meta["words"]), np.array(arrays["lengths"])
        self.net = self._built().eval()
        load_arrays(self.net, {name: array for name, array in arrays.items() if name != "lengths"})

    def _hidden(self, texts: list[str], rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens with some hidden, what is no padding, and the hidden ones as targets, each [n t].

        Half of the texts have a share `masked` of their tokens hidden, as in the paper; the others any share up to all,
        so that a text can be begun from nothing. Of hidden tokens 8 in 10 are masked, 1 is another token and 1 stays.
        """
        rows = [self._stretch(self.tokens_of(text), rng) for text in texts]
        t = max(map(len, rows))
        symbols, targets = np.full((len(rows), t), PAD), np.full((len(rows), t), IGNORED)
        for i, tokens in enumerate(rows):
            share = self.masked if rng.random() < 0.5 else rng.uniform(self.masked, 1.0)
            inner = np.arange(1, len(tokens) - 1)
            hidden = inner[rng.random(len(inner)) < share]
            if not len(hidden):
                hidden = rng.choice(np.arange(len(tokens)) if not len(inner) else inner, 1)
            symbols[i, : len(tokens)] = tokens
            targets[i, hidden] = symbols[i, hidden]
            fate = rng.random(len(hidden))
            symbols[i, hidden[fate < 0.8]] = MASK
            swapped = hidden[(fate >= 0.8) & (fate < 0.9)]
            symbols[i, swapped] = rng.integers(0, len(self.pieces), len(swapped))
        return torch.from_numpy(symbols), torch.from_numpy((symbols != PAD).astype(np.int64)), torch.from_numpy(targets)

    def _stretch(self, tokens: list[int], rng: np.random.Generator) -> list[int]:
        start = int(rng.integers(0, max(1, len(tokens) - self.context + 1)))
        return tokens[start : start + self.context]

    def _built(self) -> Net:
        return Net(len(self.pieces), self.shape, self.context + 16).to(self.device)

    def _fitted(self) -> Net:
        assert self.net is not None, "fit or restore the bert first"
        return self.net
