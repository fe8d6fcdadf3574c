"""How log p of what follows would change, to first order, if one token of a text were another (Ebrahimi et al. 2018).

A network is linear in the one-hot vectors of its tokens up to their embedding, so the gradient with respect to how much
of each token stands in a place is the gradient at the embedding, read out by the table: dL/ds_p[j] = E_j . dL/dx_p.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from genbench.models._bytes import START, decode, encode
from genbench.models._learning import IGNORED, padded

# What may be put in: printable ASCII, since half of a longer character would be no text.
PRINTABLE = np.arange(32, 127)


def byte_tokens(texts: Sequence[str]) -> list[Int[np.ndarray, " _"]]:
    return [np.array(encode(text), dtype=np.int64) for text in texts]


def byte_texts(tokens: Sequence[Int[np.ndarray, " _"]]) -> list[str]:
    return [decode([int(token) for token in own]) for own in tokens]


def byte_slopes(
    contexts: Sequence[Int[np.ndarray, " _"]], continuations: Sequence[str], slope: Callable[[Tensor, Tensor], Tensor]
) -> list[Float[np.ndarray, "_ v"]]:
    """The gradients of a byte model, one per context [t v]; slope: of inputs and targets [n s], all of them [n s v].

    Of a text longer than the model reads at once, `slope` sees what it can; the places before have gradient 0.
    """
    texts = [[START, *own.tolist(), *encode(after)] for own, after in zip(contexts, continuations, strict=True)]
    symbols, targets = padded(texts, [len(own) for own in contexts])
    found = slope(symbols, targets)[:, 1:].cpu().double().numpy()  # the start is nobody's to swap
    return [found[i, : len(own)] for i, own in enumerate(contexts)]


@contextmanager
def caught(layer: nn.Module, *, entering: bool) -> Iterator[list[Tensor]]:
    """What enters or leaves a layer while this lasts, as leaves that a gradient can be taken at."""
    seen: list[Tensor] = []

    def leaf(x: Tensor) -> Tensor:
        seen.append(x.detach().requires_grad_())
        return seen[-1]

    if entering:
        hook = layer.register_forward_pre_hook(lambda layer, given: (leaf(given[0]), *given[1:]))
    else:
        hook = layer.register_forward_hook(lambda layer, given, made: leaf(made))
    try:
        with torch.enable_grad():
            yield seen
    finally:
        hook.remove()


def said(logits: Tensor, targets: Tensor) -> Tensor:
    """Sum of log p over all targets that count; logits [n t V], targets [n t]."""
    exact = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return -nn.functional.cross_entropy(exact.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="sum")
