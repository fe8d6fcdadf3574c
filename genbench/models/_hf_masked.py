"""A masked language model of transformers: contrasts pairs, gives pseudo-log-likelihoods, is sampled by Gibbs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from genbench.core.data import Item, Pair
from genbench.core.errors import ModelError
from genbench.core.model import Contrast
from genbench.models._causal import LENGTHS
from genbench.models._checkpoint import Source, opened
from genbench.models._drawing import Drawing
from genbench.models._gibbs import Begun, Gibbs, filled
from genbench.models._masked import PseudoLogLikelihoods, crows_pairs, pseudo_log_likelihoods
from genbench.models._packed import pack

SWEEPS = 2


class HfMasked:
    """Loaded when first asked. Only the hidden place of each row goes through the model's head.

    It states p(token | all others) and no probability of a text: it is no `Density`.
    """

    def __init__(self, source: Source, dtype: str, drawing: Drawing) -> None:
        self.source, self.dtype, self.drawing = source, dtype, drawing
        self.device = "cpu"
        self._opened: Filler | None = None

    def identity(self) -> str:
        return self.source.identity()

    def place(self, device: str) -> None:
        self.device = device
        if self._opened is not None:
            self._opened.net.to(device)

    def contrast(self, pairs: Sequence[Pair]) -> Contrast:
        return crows_pairs(self._loaded(), pairs)

    def pseudo_log_likelihood(self, items: Sequence[Item]) -> PseudoLogLikelihoods:
        """sum_i log p(x_i | all other tokens) of each text, in nats; no probability of the text."""
        return pseudo_log_likelihoods(self._loaded(), [str(item) for item in items])

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        """Texts of just `longest` tokens, or of as many as the model reads, from a row of masks."""
        model = self._loaded()
        opening, *_, closing = model.tokens_of("a")
        n = min(self.drawing.longest, (model.longest or self.drawing.longest + 2) - 2)
        begun = [Begun([opening, *[model.mask] * n, closing], list(range(1, n + 1)), seed) for seed in seeds]
        special = tuple(model.tokenizer.all_special_ids)
        rows = filled(model, begun, Gibbs(self.drawing, SWEEPS, special, closing), "hf")
        return [model.decoded(row[1:-1]) for row in rows]

    def _loaded(self) -> Filler:
        if self._opened is None:
            self._opened = Filler(self.source, self.dtype, self.device)
        return self._opened


class Filler:
    """The open model, as `_masked` asks it."""

    def __init__(self, source: Source, dtype: str, device: str) -> None:
        config, self.tokenizer, net = opened(source, "AutoModelForMaskedLM", dtype, lambda config: None)
        self.net = net.to(device).eval().requires_grad_(False)
        pack(self.net)
        if self.tokenizer.mask_token_id is None:
            raise ModelError(f"hf: the tokenizer of {source.path!r} has no token that masks")
        self.mask: int = self.tokenizer.mask_token_id
        if len(self.tokens_of("")) != 2:
            raise ModelError(f"hf: the tokenizer of {source.path!r} does not frame a text by one token on either side")
        named = next((n for name in LENGTHS if isinstance(n := getattr(config, name, None), int) and n > 0), None)
        padding = getattr(config, "pad_token_id", None) or 0
        # RoBERTa counts positions from behind its padding token, so it has fewer than it names.
        shifted = config.model_type in ("roberta", "xlm-roberta", "camembert", "xlm-roberta-xl", "longformer")
        self.longest: int | None = named and named - (padding + 1 if shifted else 0)
        self.uncased = self.tokens_of("The House in May") == self.tokens_of("the house in may")
        self.places: Tensor | None = None
        self.apart = self._reads_apart()

    def tokens_of(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text.encode("utf-8", "replace").decode("utf-8"), verbose=False)["input_ids"]
        return ids

    def decoded(self, tokens: Sequence[int]) -> str:
        return str(self.tokenizer.decode(tokens, skip_special_tokens=True))

    def logits_at(self, symbols: Tensor, seen: Tensor, places: Tensor) -> Tensor:
        symbols, seen, places = (x.to(self.net.device) for x in (symbols, seen, places))
        if not self.apart:
            whole: Tensor = self.net(input_ids=symbols, attention_mask=seen).logits
            return whole[torch.arange(len(places)), places]
        hook = self.net.base_model.register_forward_hook(lambda net, given, made: _narrowed(made, places))
        try:
            logits: Tensor = self.net(input_ids=symbols, attention_mask=seen).logits[:, 0]
        finally:
            hook.remove()
        return logits

    def _reads_apart(self) -> bool:
        """Whether the head makes the same logits of one place alone; tried on a few tokens."""
        if self.net.base_model is self.net:
            return False
        symbols = torch.tensor([self.tokens_of("a b c")] * 2)
        places, self.apart = torch.tensor([1, symbols.shape[1] - 1]), False
        with torch.inference_mode():
            whole = self.logits_at(symbols, torch.ones_like(symbols), places).float()
            self.apart = True
            try:
                alone = self.logits_at(symbols, torch.ones_like(symbols), places).float()
            except (RuntimeError, TypeError, IndexError, AttributeError):
                return False
        tolerated = 1e-4 if self.net.dtype == torch.float32 else 0.02
        return alone.shape == whole.shape and bool((alone - whole).abs().max() <= tolerated * whole.std())


def _narrowed(made: Any, places: Tensor) -> Any:
    """A base model's output with the states of one place of each row only: [n t d] -> [n 1 d]."""
    states = made[0]
    chosen = states[torch.arange(len(places), device=states.device), places][:, None]
    if isinstance(made, tuple):
        return (chosen, *made[1:])
    made.last_hidden_state = chosen
    return made
