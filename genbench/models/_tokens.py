"""The tokenizer of a checkpoint as tokenizer.json says it, by the library that transformers' own tokenizers stand on.

transformers makes some tokenizers anew from their vocabulary, and changes others by settings beside the file. Only one
that it takes from the file as it is, is taken here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

AS_THEY_ARE = {"PreTrainedTokenizerFast", "TokenizersBackend"}
NAMED = ("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token")
# Settings of tokenizer_config.json that do not change what a text is cut into, nor what tokens are read back as.
UNTOUCHED = {"backend", "tokenizer_class", "model_max_length", "chat_template", "model_input_names", "is_local",
             "local_files_only", "padding_side", "clean_up_tokenization_spaces", *NAMED}  # fmt: skip
LARGEST = 100_000  # tokens: of a larger one transformers may mend the pattern it cuts words by


class Tokens:
    """A tokenizer with the few names of transformers' that `Causal` and its neighbours use."""

    def __init__(self, cutter: Any, named: Mapping[str, int]) -> None:
        self.cutter, self.named = cutter, named
        self.bos_token_id, self.eos_token_id = named.get("bos_token"), named.get("eos_token")
        self.all_special_ids = sorted(set(named.values()))

    def __len__(self) -> int:
        return int(self.cutter.get_vocab_size())

    def __call__(
        self, text: str | Sequence[str], *, add_special_tokens: bool = True, verbose: bool = True
    ) -> dict[str, Any]:
        """{"input_ids": the tokens of a text, or of each of several}. verbose is transformers', and unused here."""
        if isinstance(text, str):
            return {"input_ids": self.cutter.encode(text, add_special_tokens=add_special_tokens).ids}
        made = self.cutter.encode_batch(list(text), add_special_tokens=add_special_tokens)
        return {"input_ids": [one.ids for one in made]}

    def decode(
        self, tokens: Sequence[int], *, skip_special_tokens: bool = False, clean_up_tokenization_spaces: bool = False
    ) -> str:
        """The text of tokens; nothing is cleaned up, whatever is asked."""
        return str(self.cutter.decode(list(tokens), skip_special_tokens=skip_special_tokens))


def tokens_of(folder: Path) -> Tokens | None:
    """The tokenizer in that folder; None where the file alone does not say what transformers would make of it."""
    from tokenizers import Tokenizer

    try:
        said = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        if not isinstance(said, dict) or said.get("tokenizer_class") not in AS_THEY_ARE or set(said) - UNTOUCHED:
            return None
        cutter = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception:  # that library raises Exception itself; transformers will say what is wrong
        return None
    if any((folder / name).exists() for name in ("special_tokens_map.json", "added_tokens.json")):
        return None
    special = {token.content: i for i, token in cutter.get_added_tokens_decoder().items() if token.special}
    words = {name: said[name] for name in NAMED if said.get(name) is not None}
    if any(not isinstance(word, str) or word not in special for word in words.values()):
        return None
    if cutter.get_vocab_size() > LARGEST or cutter.truncation is not None or cutter.padding is not None:
        return None
    return Tokens(cutter, {name: special[word] for name, word in words.items()})
