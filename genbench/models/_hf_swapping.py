"""The gradients at the tokens of a causal model of transformers, and the tokens that can be put in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int

from genbench.models._causal import Causal
from genbench.models._learning import IGNORED
from genbench.models._swapping import caught, said


def own_tokens(model: Causal, text: str) -> list[int]:
    """A text's tokens without a start."""
    return model.tokens_of(text)[model.start is not None :]


def readable_swaps(model: Causal) -> Int[np.ndarray, " v"]:
    """Tokens whose text is printable and is read back as just them; none that the tokenizer keeps for itself.

    A byte of a longer character, a special token and a piece that a text never yields cannot be put into a text.
    """
    special, size = set(model.tokenizer.all_special_ids), model.net.get_input_embeddings().weight.shape[0]
    ids = [i for i in range(min(size, len(model.tokenizer))) if i not in special]
    texts = [model.decoded([i]) for i in ids]
    plain = [(i, text) for i, text in zip(ids, texts, strict=True) if text.strip() and text.isprintable()]
    read = model.tokenizer([text for _, text in plain], add_special_tokens=False, verbose=False)["input_ids"]
    return np.array([i for (i, _), own in zip(plain, read, strict=True) if list(own) == [i]], dtype=np.int64)


def hf_slopes(
    model: Causal,
    contexts: Sequence[Int[np.ndarray, " _"]],
    continuations: Sequence[str],
    swaps: Int[np.ndarray, " v"],
    window: int,
) -> list[Float[np.ndarray, "_ v"]]:
    """The gradients [t v] of log p(continuation | context), one row after the other; of the last `window` tokens."""
    layer, device = model.net.get_input_embeddings(), model.net.device
    with torch.no_grad():
        table = layer(torch.from_numpy(swaps).to(device)).float()  # [v d], scaled as the model scales it
    found = []
    for own, after in zip(contexts, continuations, strict=True):
        tokens, begun = _joined(model, own.tolist(), after)
        cut = max(0, len(tokens) - 1 - window)
        symbols = torch.tensor([tokens[cut:-1]], device=device)
        targets = torch.full_like(symbols, IGNORED)
        first = max(0, begun - 1 - cut)
        targets[0, first:] = torch.tensor(tokens[cut + first + 1 :], device=device)
        with caught(layer, entering=False) as seen:
            whole = said(model.net(input_ids=symbols, use_cache=False).logits, targets)
            (at,) = torch.autograd.grad(whole, seen[0])  # [1 t d]
        slope = F.pad(at[0].float() @ table.T, (0, 0, cut, 0))[begun - len(own) : begun]  # [t d] -> [t v]
        found.append(slope.cpu().double().numpy())
    return found


def _joined(model: Causal, own: list[int], after: str) -> tuple[list[int], int]:
    """Tokens of both and how many stand before the continuation, cut as for scoring where that keeps `own`."""
    tokens, begun = model.cut(model.decoded(own), after)
    if tokens[max(0, begun - len(own)) : begun] == own:
        return tokens, begun
    head = [] if model.start is None else [model.start]
    return [*head, *own, *own_tokens(model, after)], len(head) + len(own)
