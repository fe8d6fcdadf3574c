"""Turns a llama2.c checkpoint and tokenizer into a folder that transformers, and so `hf:`, can load.

    python benchmarks/convert_llama2c.py stories260K.bin tok512.bin OUT

Reads the first ("version 0") export of github.com/karpathy/llama2.c: seven int32, then float32 weights. Two things
need care. llama2.c turns neighbouring coordinates (2i, 2i + 1) of a head by its rotary positions, transformers turns
(i, i + half), so the rows of the query and key weights are reordered. And llama2.c merges whichever two neighbouring
pieces make the piece of best score; a BPE model does the same once its merges are ranked by that score.
"""

from __future__ import annotations

import argparse
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

UNKNOWN, BEGIN, END, FIRST_BYTE = 0, 1, 2, 3  # ids that SentencePiece, and so llama2.c, gives to every vocabulary
EPSILON = 1e-5  # of llama2.c's RMS norm


@dataclass(frozen=True)
class Header:
    """The seven numbers a checkpoint begins with."""

    width: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    vocabulary: int
    context: int


def read_checkpoint(path: Path) -> tuple[Header, dict[str, np.ndarray]]:
    """The header and the weights by llama2.c's own names. A negative vocabulary says that `wcls` is stored apart.

    `ValueError` where the file's length is not what its header asks for.
    """
    raw = path.read_bytes()
    *numbers, vocabulary, context = struct.unpack("<7i", raw[:28])
    h = Header(*numbers, abs(vocabulary), context)
    d, side, half = h.width, h.width // h.heads, h.width // h.heads // 2
    shapes: dict[str, tuple[int, ...]] = {
        "embed": (h.vocabulary, d),
        "norm_att": (h.layers, d),
        "wq": (h.layers, h.heads * side, d),
        "wk": (h.layers, h.kv_heads * side, d),
        "wv": (h.layers, h.kv_heads * side, d),
        "wo": (h.layers, d, h.heads * side),
        "norm_ffn": (h.layers, d),
        "w1": (h.layers, h.hidden, d),
        "w2": (h.layers, d, h.hidden),
        "w3": (h.layers, h.hidden, d),
        "norm": (d,),
        "cosines": (h.context, half),
        "sines": (h.context, half),
    }
    if vocabulary < 0:
        shapes["wcls"] = (h.vocabulary, d)
    wanted = 28 + 4 * sum(int(np.prod(shape)) for shape in shapes.values())
    if len(raw) != wanted:
        raise ValueError(f"{path}: {len(raw)} bytes, but its header {h} asks for {wanted}; no llama2.c v0 checkpoint?")
    weights, at = {}, 28
    for name, shape in shapes.items():
        weights[name] = np.frombuffer(raw, "<f4", int(np.prod(shape)), at).reshape(shape)
        at += weights[name].nbytes
    return h, weights


def read_pieces(path: Path, vocabulary: int) -> list[tuple[bytes, float]]:
    """(piece, score) by id: an int32 (the longest piece), then float32 score, int32 length and bytes for each."""
    raw, at, pieces = path.read_bytes(), 4, []
    for _ in range(vocabulary):
        score, length = struct.unpack_from("<fi", raw, at)
        pieces.append((raw[at + 8 : at + 8 + length], score))
        at += 8 + length
    return pieces


def half_split(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows [heads * side, d] from neighbouring pairs (2i, 2i + 1) to pairs (i, i + side / 2), head by head."""
    rows, d = weight.shape
    split: np.ndarray = weight.reshape(heads, rows // heads // 2, 2, d).transpose(0, 2, 1, 3).reshape(rows, d)
    return split


def state_of(h: Header, weights: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """The weights by transformers' names."""
    named = {"model.embed_tokens.weight": weights["embed"], "model.norm.weight": weights["norm"]}
    named["lm_head.weight"] = weights.get("wcls", weights["embed"])
    for i in range(h.layers):
        layer = f"model.layers.{i}"
        named |= {
            f"{layer}.input_layernorm.weight": weights["norm_att"][i],
            f"{layer}.self_attn.q_proj.weight": half_split(weights["wq"][i], h.heads),
            f"{layer}.self_attn.k_proj.weight": half_split(weights["wk"][i], h.kv_heads),
            f"{layer}.self_attn.v_proj.weight": weights["wv"][i],
            f"{layer}.self_attn.o_proj.weight": weights["wo"][i],
            f"{layer}.post_attention_layernorm.weight": weights["norm_ffn"][i],
            f"{layer}.mlp.gate_proj.weight": weights["w1"][i],
            f"{layer}.mlp.down_proj.weight": weights["w2"][i],
            f"{layer}.mlp.up_proj.weight": weights["w3"][i],
        }
    return {name: torch.from_numpy(np.array(array)) for name, array in named.items()}


def tokenizer_of(pieces: list[tuple[bytes, float]], context: int):  # type: ignore[no-untyped-def]
    """A fast tokenizer that cuts as llama2.c's `encode` does.

    The pieces of tok*.bin hold plain spaces, not SentencePiece's "▁", so a literal "▁" stays what it is. A space is
    put before the text and taken off again in decoding. Characters without a piece become their UTF-8 bytes.
    """
    from tokenizers import Tokenizer, decoders, models, normalizers, processors
    from transformers import PreTrainedTokenizerFast

    texts = [piece.decode("utf-8") for piece, _ in pieces]
    texts[UNKNOWN], texts[BEGIN], texts[END] = "<unk>", "<s>", "</s>"  # the file pads their names with newlines
    ids = {text: i for i, text in enumerate(texts)}
    learned = range(FIRST_BYTE + 256, len(texts))
    splits = [(i, text[:at], text[at:]) for i in learned for text in [texts[i]] for at in range(1, len(text))]
    found = [(i, left, right) for i, left, right in splits if left in ids and right in ids]
    found.sort(key=lambda split: -pieces[split[0]][1])  # stable, so splits of one piece keep their order
    merges = [(left, right) for _, left, right in found]
    cut = Tokenizer(models.BPE(ids, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=False))
    cut.normalizer = normalizers.Prepend(" ")
    cut.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", BEGIN)])
    cut.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    return PreTrainedTokenizerFast(
        tokenizer_object=cut, unk_token="<unk>", bos_token="<s>", eos_token="</s>", model_max_length=context,
        clean_up_tokenization_spaces=False,
    )  # fmt: skip


def convert(checkpoint: Path, tokenizer: Path, out: Path) -> Path:
    """Writes config, safetensors and tokenizer into the folder `out`, and returns it."""
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    h, weights = read_checkpoint(checkpoint)
    config = LlamaConfig(
        vocab_size=h.vocabulary, hidden_size=h.width, intermediate_size=h.hidden, num_hidden_layers=h.layers,
        num_attention_heads=h.heads, num_key_value_heads=h.kv_heads, max_position_embeddings=h.context,
        rms_norm_eps=EPSILON, tie_word_embeddings="wcls" not in weights, bos_token_id=BEGIN, eos_token_id=END,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    model.load_state_dict(state_of(h, weights))
    # In training a story is followed by the next one's beginning, so that also ends a text.
    model.generation_config = GenerationConfig(bos_token_id=BEGIN, eos_token_id=[BEGIN, END])
    model.save_pretrained(out)
    tokenizer_of(read_pieces(tokenizer, h.vocabulary), h.context).save_pretrained(out)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description="Convert a llama2.c v0 checkpoint into a transformers folder.")
    parser.add_argument("checkpoint", type=Path, help="float32 weights, such as stories260K.bin")
    parser.add_argument("tokenizer", type=Path, help="its tokenizer, such as tok512.bin")
    parser.add_argument("out", type=Path, help="the folder to write")
    arguments = parser.parse_args()
    print(convert(arguments.checkpoint, arguments.tokenizer, arguments.out))


if __name__ == "__main__":
    main()
