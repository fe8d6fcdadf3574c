"""Tiny random models of transformers and tokenizers for them, for the tests of the `hf` family."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers


def byte_tokenizer(*, bos: str | None) -> Any:
    """A token per byte after <pad>, <s> and </s>, as GPT-2 spells bytes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    cut = Tokenizer(models.BPE({t: i for i, t in enumerate(["<pad>", "<s>", "</s>", *letters])}, []))
    cut.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    cut.decoder = decoders.ByteLevel()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=cut, bos_token=bos, eos_token="</s>")


def tiny(kind: str, **settings: Any) -> Any:
    """A random model of two layers whose answers depend on all it has read."""
    torch.manual_seed(0)
    if kind == "gpt2":
        config = transformers.GPT2Config(
            vocab_size=259, n_positions=48, n_embd=32, n_layer=2, n_head=2, bos_token_id=1, eos_token_id=2, **settings
        )
        net = transformers.GPT2LMHeadModel(config)
    else:
        of = {"llama": "Llama", "mistral": "Mistral", "gemma2": "Gemma2"}[kind]
        config = getattr(transformers, f"{of}Config")(
            vocab_size=259, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, head_dim=8, max_position_embeddings=48, bos_token_id=1, eos_token_id=2, **settings,
        )  # fmt: skip
        net = getattr(transformers, f"{of}ForCausalLM")(config)
    with torch.no_grad():
        for weight in net.parameters():
            weight.mul_(6 if weight.dim() > 1 else 1)
    return net.eval()


WORDS = [
    "the", "a", "in", "old", "young", "man", "woman", "doctor", "nurse", "house", "may", "london", "was", "is",
    "were", "are", "went", "to", "of", "and", "she", "he", "they", "it", "very", "poor", "rich", "good", "bad", "not",
    "black", "white", "people", "person", "always", "never", "gay", "straight", "muslim", "christian", "boy", "girl",
    "can", "can't", "don", "t", "s", "re", "big", "small", "dog", "cat", "sat", "on", "mat", "once", "upon", "time",
]  # fmt: skip


def masked(place: Path, kind: str = "bert", *, cased: bool = False) -> str:
    """A folder with a random masked model of two layers and a WordPiece vocabulary of words, letters and marks."""
    letters = [chr(c) for c in range(33, 127) if cased or not chr(c).isupper()]
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = list(dict.fromkeys([*marks, *WORDS, *letters, *(f"##{letter}" for letter in letters), "##ing", "##s"]))
    place.mkdir(parents=True, exist_ok=True)
    (place / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    tokenizer = transformers.BertTokenizer(vocab=str(place / "vocab.txt"), do_lower_case=not cased)
    torch.manual_seed(0)
    size: dict[str, Any] = {"vocab_size": len(vocabulary), "max_position_embeddings": 160, "pad_token_id": 0}
    if kind == "distilbert":
        config = transformers.DistilBertConfig(**size, dim=32, n_layers=2, n_heads=2, hidden_dim=48)
        net = transformers.DistilBertForMaskedLM(config)
    else:
        of = {"bert": "Bert", "electra": "Electra"}[kind]
        config = getattr(transformers, f"{of}Config")(
            **size, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48
        )
        net = getattr(transformers, f"{of}ForMaskedLM")(config)
    with torch.no_grad():
        for weight in net.parameters():
            weight.mul_(6 if weight.dim() > 1 else 1)
    net.eval().save_pretrained(place)
    tokenizer.save_pretrained(place)
    return str(place)


def encoder_decoder(place: Path) -> str:
    """A folder with a random T5 of two layers over bytes."""
    torch.manual_seed(0)
    config = transformers.T5Config(
        vocab_size=259, d_model=32, d_kv=16, d_ff=48, num_layers=2, num_heads=2, decoder_start_token_id=0,
        pad_token_id=0, eos_token_id=2,
    )  # fmt: skip
    net = transformers.T5ForConditionalGeneration(config)
    with torch.no_grad():
        for weight in net.parameters():
            weight.mul_(2 if weight.dim() > 1 else 1)
    net.eval().save_pretrained(place)
    byte_tokenizer(bos=None).save_pretrained(place)
    return str(place)
