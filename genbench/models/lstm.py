"""A recurrent language model over bytes: long short-term memory, left out only between layers (Zaremba et al. 2014)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

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
from genbench.models._bytes import START, SYMBOLS, added_counts, continued, counts_of, encode, whole
from genbench.models._drawing import Drawing, Reader, Writer
from genbench.models._learning import IGNORED, Plan, cropped, learned, padded
from genbench.models._ragged import ragged
from genbench.models._swapping import PRINTABLE, byte_slopes, byte_texts, byte_tokens, caught, said
from genbench.models._tensors import arrays_of, load_arrays
from genbench.models._token_stats import by_token

ROWS = 32  # texts that are scored together, at most
PIECE = 256  # symbols of each that are read at once; the state carries over, so memory does not grow with the text

State: TypeAlias = tuple[Tensor, Tensor]  # hidden and cell state, each [layers n d]


class Net(nn.Module):
    """Symbols [n t] -> logits [n t SYMBOLS] and the state after them; from a state, symbols that follow.

    In each layer, with x from the layer below and h, c from the symbol before (Hochreiter and Schmidhuber 1997; the
    forget gate f of Gers et al. 2000):

        i, f, g, o = W x + U h + b;   c' = sigma(f) c + sigma(i) tanh(g);   h' = sigma(o) tanh(c')

    Dropout D acts on x and on what is read out, never on h: W D(x) + U h. So what is remembered is not worn away.
    """

    def __init__(self, width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.embed = nn.Embedding(START + 1, width)
        self.drop = nn.Dropout(dropout)
        self.lstm = nn.LSTM(width, width, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)
        self.read = nn.Linear(width, SYMBOLS)
        for name, bias in self.lstm.named_parameters():
            if name.startswith("bias_ih"):  # gates lie as i, f, g, o; an open forget gate remembers from the first step
                nn.init.ones_(bias.data[width : 2 * width])

    def forward(self, symbols: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        x, state = self.lstm(self.drop(self.embed(symbols)), state)
        return self.read(self.drop(x)), state


@family(
    modality="text",
    cites=[
        "Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735",
        "Gers et al. 2000, doi:10.1162/089976600300015015",
        "Zaremba et al. 2014, arXiv:1409.2329",
    ],
    presets={
        "tiny": {"width": 192, "layers": 1, "steps": 500, "batch": 16},
        "base": {"width": 1024, "layers": 2, "steps": 30_000, "batch": 64, "context": 1024, "rate": 2e-3,
                 "dropout": 0.3},
    },
    after_fit=["temperature", "top_k", "top_p", "longest"],
)  # fmt: skip
class Lstm:
    """Long short-term memory over bytes, one state from the first symbol to the last; trained here.

    Texts begin with a start and end with an end symbol, which is scored: probabilities sum to 1 over all texts. There
    is no window: each symbol is scored with all before it, as it is drawn. context: symbols that a gradient goes back
    while learning; what is cut out of a longer text is learned from an empty state. temperature 0 is greedy; top_k 0
    keeps all.
    """

    def __init__(
        self, *, width: int = 192, layers: int = 1, dropout: float = 0.0, context: int = 288, steps: int = 500,
        batch: int = 16, rate: float = 6e-3, patience: int = 4, temperature: float = 1.0, top_k: int = 0,
        top_p: float = 1.0, longest: int = 600,
    ) -> None:  # fmt: skip
        if width < 1 or layers < 1 or context < 2 or not 0 <= dropout < 1:
            raise ModelError(
                "lstm: width and layers are at least 1, context at least 2 and dropout below 1, got "
                f"{width}, {layers}, {context} and {dropout}"
            )
        self.width, self.layers, self.dropout, self.context = width, layers, dropout, context
        self.plan = Plan("lstm", steps, batch, rate, patience)
        self.drawing = Drawing(temperature, top_k, top_p, longest)
        self.drawing.check("lstm")
        self.device = "cpu"
        self.net: Net | None = None

    def fit(self, data: Dataset, training: Training) -> History:
        """AdamW on next-symbol cross-entropy; stops when the held-out loss has not improved `patience` times."""
        torch.manual_seed(derive(training.seed, "lstm"))
        net = self.net = self._built()

        def loss(texts: list[str], rng: np.random.Generator) -> Tensor:
            symbols, targets = padded([cropped(text, self.context, rng) for text in texts], [0] * len(texts))
            logits, _ = net(symbols.to(self.device))
            return F.cross_entropy(logits.flatten(0, 1), targets.flatten().to(self.device), ignore_index=IGNORED)

        def outside(texts: list[str]) -> float:
            found = self.log_prob(texts)
            return float(-found.nats.sum() / found.counts["token"].sum())

        return learned(net, data, (loss, outside), self.plan, training)

    def log_prob(self, items: Sequence[Item]) -> LogProbs:
        """log p of the bytes and the end of each text, in nats (float32 sums: the batch may move the last digits)."""
        facts: dict[str, int | float | str] = {"window": "none", "bos": "given, not scored", "eos": "scored"}
        return LogProbs(self._nats(whole(items)), counts_of(items), facts=facts)

    def token_log_probs(self, items: Sequence[Item]) -> TokenLogProbs:
        """log p of each byte and of the end, with mean and deviation over all symbols in its place."""
        rows = by_token(self._read(whole(items)), range(len(items)), len(items))
        return ragged(rows, items, {"window": "none", "bos": "given, not scored", "eos": "scored"})

    def log_prob_given(self, contexts: Sequence[str], continuations: Sequence[str]) -> LogProbs:
        """log p of each continuation's bytes behind its context, in nats; the end is not scored."""
        texts = continued(contexts, continuations)
        facts: dict[str, int | float | str] = {"window": "none", "bos": "given, not scored", "eos": "not scored"}
        return LogProbs(self._nats(texts), added_counts(continuations), facts=facts)

    def tokens_of(self, texts: Sequence[str]) -> list[Int[np.ndarray, " _"]]:
        return byte_tokens(texts)

    def texts_of(self, tokens: Sequence[Int[np.ndarray, " _"]]) -> list[str]:
        return byte_texts(tokens)

    def swaps(self) -> Int[np.ndarray, " v"]:
        return PRINTABLE

    def swap_gradients(
        self, contexts: Sequence[Int[np.ndarray, " _"]], continuations: Sequence[str]
    ) -> list[Float[np.ndarray, "_ v"]]:
        return byte_slopes(contexts, continuations, self._slope)

    def _slope(self, symbols: Tensor, targets: Tensor) -> Tensor:
        """The gradient [n t v] of the summed log p."""
        net = self._fitted()
        # cuDNN goes back through a recurrent net only while it is trained, which would bring dropout with it.
        with torch.backends.cudnn.flags(enabled=False), caught(net.embed, entering=False) as seen:
            whole = said(net(symbols.to(self.device))[0], targets.to(self.device))
            (at,) = torch.autograd.grad(whole, seen[0])  # [n t d]
        table = net.embed.weight.detach()[torch.from_numpy(PRINTABLE).to(self.device)]
        return at @ table.T

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
        self.net = self._built().eval()
        load_arrays(self.net, arrays)

    def _built(self) -> Net:
        return Net(self.width, self.layers, self.dropout).to(self.device)

    def _nats(self, texts: Sequence[tuple[list[int], int]]) -> np.ndarray:
        """log p [n] of each text's symbols behind its first scored position."""
        nats = np.zeros(len(texts))
        for rows, logits, targets in self._read(texts):
            said = F.cross_entropy(
                logits.transpose(1, 2), targets, ignore_index=IGNORED, reduction="none"
            )  # [n SYMBOLS t], [n t] -> [n t]
            nats[rows] -= said.sum(dim=1).cpu().double().numpy()
        return nats

    def _read(self, texts: Sequence[tuple[list[int], int]]) -> Iterator[tuple[list[int], Tensor, Tensor]]:
        """(which texts, logits [n t SYMBOLS], targets [n t]), a few at a time and piece after piece."""
        net = self._fitted()
        order = sorted(range(len(texts)), key=lambda i: len(texts[i][0]))  # alike in length: little padding
        for at in range(0, len(order), ROWS):
            rows = order[at : at + ROWS]
            symbols, targets = padded([texts[i][0] for i in rows], [texts[i][1] for i in rows])
            state: State | None = None
            for begin in range(0, symbols.shape[1], PIECE):
                piece, wanted = symbols[:, begin : begin + PIECE], targets[:, begin : begin + PIECE]
                with torch.inference_mode():
                    logits, state = net(piece.to(self.device), state)
                yield rows, logits.float(), wanted.to(self.device)

    def _writer(self) -> Writer:
        return Writer("lstm", self.device, self._reader, self.drawing)

    def _reader(self, rows: int) -> Reader:
        net = self._fitted()
        state: State | None = None

        def following(text: np.ndarray) -> Tensor:
            nonlocal state
            whole, state = net(torch.from_numpy(text[:, -1:]).to(self.device), state)
            logits: Tensor = whole[:, -1]
            return logits

        return following

    def _fitted(self) -> Net:
        assert self.net is not None, "fit or restore the lstm first"
        return self.net
