"""Language models, texts and questions that both sides are given: made-up words and random weights of a fixed seed.

Everything comes from numpy's generator, so that it is the same on both sides, on any machine and in any release.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

WORDS = 4000
SHAPES: dict[str, dict[str, int]] = {
    "small": {"vocab_size": 50257, "n_positions": 1024, "n_embd": 768, "n_layer": 12, "n_head": 12},  # GPT-2 small
    "tiny": {"vocab_size": 16384, "n_positions": 128, "n_embd": 64, "n_layer": 2, "n_head": 2},
}
BERTS: dict[str, dict[str, int]] = {
    "base": {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072,
             "vocab_size": 30522},
    "tiny": {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
             "vocab_size": 8192},
}  # fmt: skip


@functools.cache
def words() -> tuple[str, ...]:
    """WORDS different made-up ones of one to four syllables."""
    rng = np.random.default_rng(0)
    found: dict[str, None] = {}
    while len(found) < WORDS:
        syllables = zip(rng.choice(list("bdfgklmnprstvz"), 4), rng.choice(list("aeiou"), 4), strict=True)
        found["".join(a + b for a, b in list(syllables)[: 1 + int(rng.integers(4))])] = None
    return tuple(found)


def prose(n: int, seed: int) -> str:
    """n words, the first of the list the commonest (Zipf), with a full stop behind every twelfth."""
    rng = np.random.default_rng([1, seed])
    p = 1 / np.arange(1, WORDS + 1)
    said = [words()[i] for i in rng.choice(WORDS, n, p=p / p.sum())]
    return " ".join(f"{word}." if i % 12 == 11 else word for i, word in enumerate(said))


def questions(n: int, seed: int, length: int = 60) -> list[tuple[str, list[str]]]:
    """Questions in the shape of BBQ: of two that share a context of `length` words, each with three options."""
    found = []
    for i in range(n):
        context = prose(length, 10_000 * seed + i // 2)
        asked = prose(8, 10_000 * seed + 5_000 + i)
        options = [" " + prose(3, 10_000 * seed + 100 * i + k) for k in range(3)]
        found.append((f"{context} {asked}? Answer:", options))
    return found


def pairs(n: int) -> list[tuple[str, str, str]]:
    """Sentences of about 13 words that differ in one, and which way the pair goes: the shape of CrowS-Pairs."""
    rng, known, found = np.random.default_rng(2), words(), []
    for i in range(n):
        sentence = prose(int(rng.integers(8, 19)), 70_000 + i).split()
        place, other = int(rng.integers(len(sentence))), known[int(rng.integers(WORDS))]
        found.append(
            (
                " ".join(sentence),
                " ".join([*sentence[:place], other, *sentence[place + 1 :]]),
                "stereo" if i % 5 else "antistereo",
            )
        )
    return found


def causal(folder: Path, shape: str, *, leads: bool = False) -> str:
    """A folder with a GPT-2 of that shape. leads: its tokenizer begins each text with the start token."""
    import transformers

    if not (folder / "config.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer = _byte_pairs(leads)
        ids = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
        net = transformers.GPT2LMHeadModel(transformers.GPT2Config(**SHAPES[shape], **ids))
        _fill(net, 1.0 if shape == "small" else 4.0)
        net.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return str(folder)


def masked(folder: Path, shape: str) -> str:
    """A folder with an uncased BERT of that shape, whose vocabulary holds every word here."""
    import transformers

    if not (folder / "config.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        letters = [chr(c) for c in range(33, 127) if not chr(c).isupper()]
        marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        vocabulary = list(dict.fromkeys([*marks, *letters, *(f"##{letter}" for letter in letters), *words()]))
        (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
        tokenizer = transformers.BertTokenizer(vocab=str(folder / "vocab.txt"), do_lower_case=True)
        net = transformers.BertForMaskedLM(transformers.BertConfig(**BERTS[shape], max_position_embeddings=512))
        _fill(net, 1.0 if shape == "base" else 4.0)
        net.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return str(folder)


def _fill(net: Any, gain: float) -> None:
    """Matrices N(0, (0.02 gain)^2) in the order of their names; vectors as they are, ones and zeros."""
    import torch

    rng, seen = np.random.default_rng(3), set()
    with torch.no_grad():
        for _, weight in sorted(net.named_parameters()):
            if weight.dim() > 1 and weight.data_ptr() not in seen:
                seen.add(weight.data_ptr())
                weight.copy_(torch.from_numpy(0.02 * gain * rng.standard_normal(tuple(weight.shape), np.float32)))


def _byte_pairs(leads: bool) -> Any:
    """Byte pairs that spell every word here, with the space before it, as one token; its beginnings are tokens too."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges: dict[tuple[str, str], None] = {}
    for word in words()[:3000]:
        for i in range(1, len(word) + 1):
            merges[("Ġ" + word[: i - 1], word[i - 1])] = None
    tokens = ["<pad>", "<s>", "</s>", *letters, *("".join(merge) for merge in merges)]
    cut = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, list(merges)))
    cut.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    cut.decoder = decoders.ByteLevel()
    if leads:
        cut.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=cut, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
