"""Checkpoints of known shape, opened without transformers, whose import alone takes longer than a small model's work.

Taken are folders of GPT-2 and Llama in float32 from one safetensors file, all of whose settings are known here, with a
tokenizer that tokenizer.json says whole. Of all else `opened` is None, and transformers opens it: a checkpoint is never
read by guessing. The numbers are transformers' own to 1e-6 nats a token, which tests hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from genbench.models._checkpoint import Source
from genbench.models._decoders import Net, Shape
from genbench.models._gpt2 import Gpt2
from genbench.models._llama import Llama
from genbench.models._tokens import Tokens, tokens_of

# Settings that change what is computed, with the one value that is computed here; absent is that value too.
GPT2_WANTS = {"activation_function": "gelu_new", "scale_attn_weights": True, "add_cross_attention": False,
              "scale_attn_by_inverse_layer_idx": False, "reorder_and_upcast_attn": False,
              "tie_word_embeddings": True}  # fmt: skip
LLAMA_WANTS = {"hidden_act": "silu", "attention_bias": False, "mlp_bias": False, "rope_scaling": None,
               "pretraining_tp": 1}  # fmt: skip
UNTOUCHED = {
    "architectures", "model_type", "bos_token_id", "eos_token_id", "pad_token_id", "dtype", "torch_dtype", "use_cache",
    "transformers_version", "initializer_range", "_name_or_path", "task_specific_params",
    "attn_pdrop", "embd_pdrop", "resid_pdrop", "attention_dropout", "summary_activation", "summary_first_dropout",
    "summary_proj_to_labels", "summary_type", "summary_use_proj",
}  # fmt: skip
GPT2_SIZES = {"vocab_size", "n_positions", "n_ctx", "n_embd", "n_layer", "n_head", "n_inner", "layer_norm_epsilon"}
LLAMA_SIZES = {
    "vocab_size", "max_position_embeddings", "hidden_size", "num_hidden_layers", "num_attention_heads",
    "num_key_value_heads", "head_dim", "intermediate_size", "rms_norm_eps", "rope_theta", "rope_parameters",
    "tie_word_embeddings",
}  # fmt: skip

BESIDE = (".attn.bias", ".attn.masked_bias", "rotary_emb.inv_freq")  # masks and angles that old releases saved too


class Settings(SimpleNamespace):
    """config.json as attributes, with the one method of transformers' configurations that is used."""

    def get_text_config(self) -> Settings:
        return self


def opened(source: Source, dtype: str) -> tuple[Settings, Tokens, Net] | None:
    """(configuration, tokenizer, net) of a folder, or None where it is not wholly known: then transformers is asked."""
    folder = source.local
    if folder is None or dtype != "float32" or source.gguf or not (folder / "model.safetensors").is_file():
        return None
    said = _read(folder / "config.json")
    shape = _shape(said)
    tokens = tokens_of(folder) if shape is not None else None
    if shape is None or tokens is None:
        return None
    ends = _read(folder / "generation_config.json").get("eos_token_id", said.get("eos_token_id"))
    decoder, table, prefix = (Gpt2, "wte", "transformer.") if said["model_type"] == "gpt2" else (
        Llama, "embed_tokens", "model."
    )  # fmt: skip
    with torch.device("meta"):  # no weight is drawn at random, to be thrown away
        net = Net(decoder(shape), table, SimpleNamespace(eos_token_id=ends))
    if not _filled(net, folder / "model.safetensors", prefix, said.get("tie_word_embeddings", decoder is Gpt2)):
        return None
    return Settings(**said), tokens, net


def _shape(said: Mapping[str, Any]) -> Shape | None:
    """Sizes by a configuration; None where any of it is not known here."""
    kind, names = said.get("model_type"), said.get("architectures")
    if kind == "gpt2" and names == ["GPT2LMHeadModel"]:
        wants, sizes = GPT2_WANTS, GPT2_SIZES
    elif kind == "llama" and names == ["LlamaForCausalLM"]:
        wants, sizes = LLAMA_WANTS, LLAMA_SIZES
    else:
        return None
    if set(said) - UNTOUCHED - sizes - set(wants) or any(said.get(key, value) != value for key, value in wants.items()):
        return None
    try:
        return _gpt2(said) if kind == "gpt2" else _llama(said)
    except (KeyError, TypeError, ValueError):
        return None  # a size that transformers has a default for


def _gpt2(said: Mapping[str, Any]) -> Shape:
    d, heads = int(said["n_embd"]), int(said["n_head"])
    return Shape(
        int(said["vocab_size"]), int(said["n_positions"]), d, int(said["n_layer"]), heads, heads, d // heads,
        int(said.get("n_inner") or 4 * d), float(said["layer_norm_epsilon"]),
    )  # fmt: skip


def _llama(said: Mapping[str, Any]) -> Shape | None:
    d, heads = int(said["hidden_size"]), int(said["num_attention_heads"])
    turns = said.get("rope_parameters") or {"rope_theta": said["rope_theta"], "rope_type": "default"}
    if set(turns) != {"rope_theta", "rope_type"} or turns["rope_type"] != "default":
        return None
    return Shape(
        int(said["vocab_size"]), int(said["max_position_embeddings"]), d, int(said["num_hidden_layers"]), heads,
        int(said.get("num_key_value_heads") or heads), int(said.get("head_dim") or d // heads),
        int(said["intermediate_size"]), float(said["rms_norm_eps"]), float(turns["rope_theta"]),
    )  # fmt: skip


def _filled(net: Net, file: Path, prefix: str, tied: bool) -> bool:
    """Gives the net the file's weights; False where they are not just those it has."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        found = {name.removeprefix(prefix): weight for name, weight in load_file(file).items()}
    except (OSError, ValueError, SafetensorError):
        return False  # transformers will say what is wrong with it
    own = {"base_model." + name if name != "lm_head.weight" else name: _turned(name, weight)
           for name, weight in found.items() if not name.endswith(BESIDE)}  # fmt: skip
    wanted = {name: weight.shape for name, weight in net.state_dict().items()}
    if tied:
        own.pop("lm_head.weight", None)
        del wanted["lm_head.weight"]
    if {name: weight.shape for name, weight in own.items()} != wanted:
        return False
    # A copy: what is read lies in the file's own pages, which may change or be dropped while the model is used.
    net.load_state_dict({name: weight.float().clone() for name, weight in own.items()}, strict=False, assign=True)
    if tied:
        net.lm_head.weight = net.get_input_embeddings().weight
    return True


def _turned(name: str, weight: Tensor) -> Tensor:
    """GPT-2's linear weights lie the other way round in its checkpoints."""
    turned = name.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight"))
    return weight.t().contiguous() if turned and weight.dim() == 2 else weight


def _read(file: Path) -> dict[str, Any]:
    """A JSON object; an empty one where the file holds none."""
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}
