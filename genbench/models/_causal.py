"""A causal language model of transformers, checked: what it cannot be is refused by name."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from genbench.core.errors import ModelError
from genbench.models._checkpoint import Source, opened, require_transformers
from genbench.models._native import opened as opened_here
from genbench.models._packed import pack


@dataclass(frozen=True)
class Causal:
    """An open model. start: BOS, or EOS where there is none. ends: tokens that end a text. longest: tokens it reads.

    head: from hidden states to logits, None where the model does more to them than that (as Gemma 2 and Cohere do).
    memory: what the model calls its cache, "" where it has none that can be handed on. leads: its tokenizer begins a
    text with the start token. deepest: tokens of a row that may be read as part of a tree, 0 where it takes no trees.
    """

    net: Any
    tokenizer: Any
    start: int | None
    ends: frozenset[int]
    longest: int | None
    head: Any
    memory: str
    leads: bool
    deepest: int

    def tokens_of(self, text: str) -> list[int]:
        """The start token, if any, and the text's own; a lone surrogate, which no tokenizer takes, becomes "?"."""
        clean = text.encode("utf-8", "replace").decode("utf-8")
        ids: list[int] = self.tokenizer(clean, add_special_tokens=False, verbose=False)["input_ids"]
        return ids if self.start is None else [self.start, *ids]

    def prompt_of(self, text: str, room: int) -> list[int]:
        """A prompt's tokens as its tokenizer begins a text, of a long one the last; the start token alone for none."""
        tokens = self.tokens_of(text)
        if self.start is not None and not self.leads and len(tokens) > 1:
            tokens = tokens[1:]
        if len(tokens) <= room:
            return tokens
        return [*tokens[: int(self.leads)], *tokens[len(tokens) - room + int(self.leads) :]]

    def cut(self, context: str, continuation: str) -> tuple[list[int], int]:
        """Tokens of both as one text, and how many are the context's, as lm-evaluation-harness cuts them.

        Spaces at the end of the context go over to the continuation. The continuation's tokens are those of the whole
        behind as many as the context alone has; they follow the context's own, also where the two together would be
        cut otherwise. The start token stands first where the tokenizer puts it there, and where nothing else would.
        """
        bare = context.rstrip()
        before = self.tokens_of(bare)[self.start is not None :]
        whole = self.tokens_of(context + continuation)[self.start is not None :]
        tokens = [*before, *whole[len(before) :]]
        if self.start is None or (before and not self.leads):
            return tokens, len(before)
        return [self.start, *tokens], 1 + len(before)

    def decoded(self, tokens: Sequence[int]) -> str:
        return str(self.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def added(self, prompt: Sequence[int], fresh: Sequence[int]) -> str:
        """The text of `fresh` as it stands behind the prompt: alone, many tokenizers would take off its first space."""
        before, whole = self.decoded(prompt), self.decoded([*prompt, *fresh])
        return whole[len(before) :] if whole.startswith(before) else self.decoded(fresh)

    def logits_at(self, symbols: Tensor, seen: Tensor, rows: Tensor, places: Tensor, block: int) -> Iterator[Tensor]:
        """Logits [b V] of the positions (rows, places) of symbols [n t], in order, b V <= block; seen: 0 at padding.

        Where the head is a plain layer it is applied to those positions only; otherwise row by row, all positions.
        """
        if self.head is not None:
            hidden = self.net.base_model(input_ids=symbols, attention_mask=seen, use_cache=False).last_hidden_state
            for part in hidden[rows, places].split(max(1, block // self.head.weight.shape[0])):  # [b d]
                yield self.head(part)
            return
        for row in torch.unique(rows).tolist():
            end = int(seen[row].sum())
            yield self.net(input_ids=symbols[row : row + 1, :end], use_cache=False).logits[0, places[rows == row]]

    def states_in(self, symbols: Tensor, depths: Tensor, sees: Tensor) -> Tensor:
        """Hidden states [t d] of a tree's tokens [1 t], at their depths [1 t]; sees [t t] says who looks at whom."""
        dtype = self.net.dtype
        bias = torch.zeros(sees.shape, dtype=dtype).masked_fill(~sees, torch.finfo(dtype).min)[None, None]
        read = self.net.base_model(
            input_ids=symbols, position_ids=depths, attention_mask=bias.to(symbols.device), use_cache=False
        )
        states: Tensor = read.last_hidden_state[0]
        return states

    def following(self, symbols: Tensor, past: Any) -> tuple[Tensor, Any]:
        """Logits [n V] (float32) of what follows symbols [n t] behind `past`, and the new past.

        Where that is None, the model wants the whole text again at the next step.
        """
        cache = {self.memory: past} if self.memory else {}
        if self.head is not None:
            out = self.net.base_model(input_ids=symbols, use_cache=bool(cache), **cache)
            logits = self.head(out.last_hidden_state[:, -1])
        else:
            out = self.net(input_ids=symbols, use_cache=bool(cache), **cache)
            logits = out.logits[:, -1]
        return logits.float(), getattr(out, self.memory, None) if self.memory else None

    def narrowed(self, past: Any, kept: Sequence[int]) -> Any:
        """The cache of the rows `kept`; None, so that it is made again, where it cannot be cut."""
        if not kept or not hasattr(past, "reorder_cache"):
            return None
        past.reorder_cache(torch.tensor(kept, device=self.net.device))
        return past


def load(source: Source, dtype: str, device: str) -> Causal:
    """Opens the model and its tokenizer. `MissingExtra` where a package is absent, `ModelError` for all else."""
    require_transformers()
    config, tokenizer, net = opened_here(source, dtype) or opened(
        source, "AutoModelForCausalLM", dtype, lambda config: _refuse_others(source, config)
    )
    net = net.to(device).eval().requires_grad_(False)
    text = config.get_text_config()
    starts = [tokenizer.bos_token_id, getattr(text, "bos_token_id", None), tokenizer.eos_token_id]
    start = next((token for token in starts if token is not None), None)
    ends: set[Any] = {tokenizer.eos_token_id, *_ids(net.generation_config), *_ids(text)} - {None}
    longest = next((n for name in LENGTHS if isinstance(n := getattr(text, name, None), int) and n > 0), None)
    takes = inspect.signature(net.base_model.forward).parameters
    memory = next((name for name in MEMORIES if name in takes), "")
    leads = start is not None and start in tokenizer("a")["input_ids"][:1]
    head = _checked_head(source, net)
    pack(net)
    model = Causal(net, tokenizer, start, frozenset(ends), longest, head, memory, leads, 0)
    takes_trees = head is not None and "position_ids" in takes and _reads_trees(model)
    return replace(model, deepest=_narrowest(text) if takes_trees else 0)


def _reads_trees(model: Causal) -> bool:
    """Whether two rows that share their beginning can be read as one; tried on a few tokens against plain reading."""
    v = model.head.weight.shape[0]
    rows = torch.tensor([[1, 2, 3, 4, 5], [1, 2, 3, 6, 7]], device=model.net.device) % v
    symbols = torch.cat([rows[0], rows[1, 3:]])[None]
    depths = torch.tensor([[0, 1, 2, 3, 4, 3, 4]], device=model.net.device)
    sees = torch.ones(7, 7, dtype=torch.bool).tril()
    sees[5:, 3:5] = False
    with torch.inference_mode():
        plain = model.net.base_model(input_ids=rows, use_cache=False).last_hidden_state
        try:
            tree = model.states_in(symbols, depths, sees)
        except (RuntimeError, ValueError, TypeError, IndexError, AttributeError):
            return False  # its layers want a mask of another shape
    wanted = torch.cat([plain[0], plain[1, 3:]])
    tolerated = 1e-4 if model.net.dtype == torch.float32 else 0.02
    return bool((tree - wanted).abs().max() <= tolerated * wanted.std())


def _narrowest(config: Any) -> int:
    """Tokens up to which every layer looks at all before: beyond a sliding window a tree's own mask would be wrong."""
    sliding = [
        getattr(config, name, None) for name in ("sliding_window", "attention_window_size", "attention_chunk_size")
    ]
    return min((n for n in sliding if isinstance(n, int) and n > 0), default=2**31)


# What models call the greatest number of tokens they read.
LENGTHS = ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "max_sequence_length", "seq_length")
MEMORIES = ("cache", "past_key_values")  # the new name and the old one


def _refuse_others(source: Source, config: Any) -> None:
    """`ModelError` for a masked model, an encoder-decoder or anything else that does not predict the next token."""
    from transformers.models.auto import modeling_auto as auto

    if source.trust_remote_code and "AutoModelForCausalLM" in getattr(config, "auto_map", {}):
        return
    said = set(config.architectures or ())
    causal, masked = (
        {name for names in mapping.values() for name in ([names] if isinstance(names, str) else names)}
        for mapping in (auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES)
    )
    if said & masked and not said & causal:
        raise ModelError(
            f"hf: {source.path!r} is a masked language model ({', '.join(sorted(said))}); `hf` takes causal ones only, "
            "whose probabilities of the tokens multiply to that of the text"
        )
    if (said and not said & causal) or config.model_type not in auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        what = ", ".join(sorted(said)) or config.model_type
        raise ModelError(f"hf: {source.path!r} is no causal language model but {what}; `hf` takes ...ForCausalLM")


def _checked_head(source: Source, net: Any) -> Any:
    """The head as a layer, if logits are just what it makes of the hidden states; tried on a few tokens.

    Tries as well that a token's logits do not depend on later ones: `ModelError` if they do (an encoder saved as a
    decoder, a diffusion model), since the likelihood would be wrong without a sign of it.
    """
    v = net.get_input_embeddings().weight.shape[0]
    symbols = torch.arange(8, device=net.device).reshape(2, 4) % v
    symbols[1, :3] = symbols[0, :3]  # two rows that differ in their last token alone
    seen = torch.ones_like(symbols)
    with torch.inference_mode():
        whole = net(input_ids=symbols, attention_mask=seen, use_cache=False).logits.float()
        apart, tolerated = (whole[0, :3] - whole[1, :3]).abs().max(), 1e-3 if net.dtype == torch.float32 else 0.05
        if apart > tolerated * whole.std():
            raise ModelError(f"hf: {source.path!r} looks at later tokens, so it is no causal language model")
        head = net.get_output_embeddings()
        if net.base_model is net or not isinstance(head, torch.nn.Linear):
            return None
        hidden = getattr(net.base_model(input_ids=symbols, attention_mask=seen), "last_hidden_state", None)
        plain = hidden is not None and hidden.shape[-1] == head.in_features
        return head if plain and torch.equal(head(hidden).float(), whole) else None


def _ids(config: Any) -> list[int]:
    """The EOS token or tokens of a configuration."""
    said = getattr(config, "eos_token_id", None)
    return list(said) if isinstance(said, (list, tuple)) else [said] if said is not None else []
