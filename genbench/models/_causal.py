"""A causal language model of transformers, checked and opened: what it cannot be is refused by name."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import pickle
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genbench.core.digest import tree_digest
from genbench.core.errors import MissingExtra, ModelError


@dataclass(frozen=True)
class Source:
    """Where a model comes from: a hub id at a revision, a folder, or a .gguf file in either."""

    path: str
    revision: str
    trust_remote_code: bool

    @property
    def local(self) -> Path | None:
        """The folder or file on disk; None for a hub id. `ModelError` where the path is neither."""
        found = Path(self.path).expanduser()
        if found.exists():
            return found
        parts = self.path.split("/")
        if self.path.startswith(("/", ".", "~")) or "\\" in self.path or not 1 <= len(parts) <= 3 or "" in parts:
            raise ModelError(f"hf: there is no {self.path!r}; give a folder of transformers, a .gguf file or a hub id")
        return None

    @property
    def gguf(self) -> str | None:
        """The name of the GGUF file, if it is one."""
        return Path(self.path).name if self.path.endswith(".gguf") else None

    @property
    def folder(self) -> str:
        """The folder or hub id that the files lie in."""
        whole = self.local or Path(self.path)
        return (whole.parent if self.gguf else whole).as_posix()

    @cached_property
    def commit(self) -> str:
        """The commit that `revision` stands for now, so that all files are of one; asks the hub, then its cache."""
        require_transformers()
        from transformers.utils.hub import cached_file, extract_commit_hash

        name = self.gguf or "config.json"
        try:
            file = cached_file(self.folder, name, revision=self.revision)
        except OSError as error:
            raise ModelError(
                f"hf: {self.path!r} is no folder here, and the hub gave no {name} of it at revision {self.revision!r}: "
                f"{_first_line(error)} Give an existing folder, or go online once to fetch the model"
            ) from error
        return str(extract_commit_hash(file, None) or self.revision)

    def identity(self) -> str:
        """Digest of what is on disk, or hub id and commit."""
        return tree_digest(self.local) if self.local else f"{self.path}@{self.commit}"

    @property
    def arguments(self) -> dict[str, Any]:
        """What every `from_pretrained` is given."""
        given: dict[str, Any] = {"trust_remote_code": self.trust_remote_code}
        if self.local is None:
            given["revision"] = self.commit
        if self.gguf:
            given["gguf_file"] = self.gguf
        return given


@dataclass(frozen=True)
class Causal:
    """An open model. start: BOS, or EOS where there is none. ends: tokens that end a text. longest: tokens it reads.

    head: from hidden states to logits, None where the model does more to them than that (as Gemma 2 and Cohere do).
    memory: what the model calls its cache, "" where it has none that can be handed on.
    """

    net: Any
    tokenizer: Any
    start: int | None
    ends: frozenset[int]
    longest: int | None
    head: Any
    memory: str

    def tokens_of(self, text: str) -> list[int]:
        """The start token, if any, and the text's own; a lone surrogate, which no tokenizer takes, becomes "?"."""
        clean = text.encode("utf-8", "replace").decode("utf-8")
        ids: list[int] = self.tokenizer(clean, add_special_tokens=False, verbose=False)["input_ids"]
        return ids if self.start is None else [self.start, *ids]

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
    import transformers
    from safetensors import SafetensorError

    family: Any = transformers.AutoModelForCausalLM
    where, arguments = source.folder, source.arguments
    with _quiet(source.local is not None):
        try:
            config = transformers.AutoConfig.from_pretrained(where, **arguments)
            _refuse_others(source, config)
            tokenizer = transformers.AutoTokenizer.from_pretrained(where, **arguments)
            # The setting was renamed in transformers 5.
            named = "dtype" if int(transformers.__version__.split(".")[0]) >= 5 else "torch_dtype"
            net, found = family.from_pretrained(
                where, **arguments, **{named: getattr(torch, dtype)}, output_loading_info=True,
                use_safetensors=_has_safetensors(source) or None,
            )  # fmt: skip
        except pickle.UnpicklingError as error:
            raise ModelError(
                f"hf: the weights of {source.path!r} hold more than tensors, so they are not unpickled. Where you "
                f"trust their author, convert them to safetensors ({_first_line(error)})"
            ) from error
        except (
            OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, RuntimeError, struct.error,
            SafetensorError,
        ) as error:  # fmt: skip
            # Releases differ in what they need for GGUF, so a package is asked for where it is missed.
            for package in ("gguf", "accelerate") if source.gguf else ():
                if package in str(error).lower() and importlib.util.find_spec(package) is None:
                    raise MissingExtra(package, "gguf") from error
            raise ModelError(f"hf cannot load {source.path!r}: {type(error).__name__}: {error}") from error
    if lost := sorted(found["missing_keys"]):
        raise ModelError(
            f"hf: {source.path!r} lacks {len(lost)} weights of its own model, {', '.join(lost[:3])} ...; they would "
            "be drawn at random. Is it a causal language model, saved whole?"
        )
    net = net.to(device).eval().requires_grad_(False)
    text = config.get_text_config()
    starts = [tokenizer.bos_token_id, getattr(text, "bos_token_id", None), tokenizer.eos_token_id]
    start = next((token for token in starts if token is not None), None)
    ends = {tokenizer.eos_token_id, *_ids(net.generation_config), *_ids(text)} - {None}
    longest = next((n for name in LENGTHS if isinstance(n := getattr(text, name, None), int) and n > 0), None)
    takes = inspect.signature(net.base_model.forward).parameters
    memory = next((name for name in MEMORIES if name in takes), "")
    return Causal(net, tokenizer, start, frozenset(ends), longest, _checked_head(source, net), memory)


# What models call the greatest number of tokens they read.
LENGTHS = ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "max_sequence_length", "seq_length")
MEMORIES = ("cache", "past_key_values")  # the new name and the old one


def require_transformers() -> None:
    """`MissingExtra` where transformers is absent."""
    if importlib.util.find_spec("transformers") is None:
        raise MissingExtra("transformers", "hf")


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


def _has_safetensors(source: Source) -> bool:
    return source.gguf is None and source.local is not None and any(source.local.glob("*.safetensors"))


def _ids(config: Any) -> list[int]:
    """The EOS token or tokens of a configuration."""
    said = getattr(config, "eos_token_id", None)
    return list(said) if isinstance(said, (list, tuple)) else [said] if said is not None else []


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else 'no message'}"


@contextlib.contextmanager
def _quiet(wanted: bool) -> Iterator[None]:
    """Without transformers' own bars and reports, which say less than the errors here; a download keeps its bar."""
    import transformers

    logging: Any = transformers.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    if wanted:
        logging.set_verbosity_error()
        logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if wanted and bars:
            logging.enable_progress_bar()
