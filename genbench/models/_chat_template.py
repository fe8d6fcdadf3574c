"""A checkpoint's own chat template: written by its makers, kept with its tokenizer, rendered in a sandbox."""

from __future__ import annotations

import json
import mmap
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from genbench.core.errors import ModelError
from genbench.core.model import Message
from genbench.models._checkpoint import Source

# The day that Llama's templates name where there is no clock. One that asks for today would otherwise put another
# question every day, under the same name; a function of the template's own takes the place of transformers' clock.
TODAY = date(2024, 7, 26)
CLOCK = (
    "{% macro strftime_now(format) %}{{ format"
    + "".join(f" | replace('%{c}', '{TODAY.strftime(f'%{c}')}')" for c in "aAbBdFHIjmMpSyY")
    + " }}{% endmacro %}{{ '' }}"
)
KEY = b"tokenizer.chat_template"
HEAD = 1 << 26  # bytes of a GGUF file in which its settings are looked for; vocabularies of 256,000 tokens fit well


class ChatTemplate:
    """The template of an open tokenizer of transformers. `ModelError` where it has none.

    It is a program in Jinja that came with the checkpoint. transformers runs it in Jinja's immutable sandbox, which
    reaches neither Python's attributes nor files. What it writes is tokenized as it stands, with no token added in
    front: whether a conversation begins with BOS is the template's to say, and it never begins with two.
    """

    def __init__(self, tokenizer: Any, path: str) -> None:
        self.tokenizer, self.path = tokenizer, path
        if not getattr(tokenizer, "chat_template", None):
            raise ModelError(f"hf: the tokenizer of {path!r} has no chat template of its own")

    def text_of(self, history: Sequence[Message], *, asks: bool = True) -> str:
        """The conversation written out, up to where the assistant speaks if it `asks` for that."""
        messages = [{"role": m.role, "content": m.text} for m in history]
        try:
            jinja = self.tokenizer.get_chat_template()
            text = self.tokenizer.apply_chat_template(
                messages, chat_template=CLOCK * ("strftime_now" in jinja) + jinja, tokenize=False,
                add_generation_prompt=asks,
            )  # fmt: skip
        except Exception as error:  # a template fails in whatever way its makers let it
            raise ModelError(
                f"hf: the chat template of {self.path!r} fails: {type(error).__name__}: {error}"
            ) from error
        if history and history[-1].text.strip() not in text:
            raise ModelError(f"hf: the chat template of {self.path!r} leaves out the last message")
        return str(text)

    def tokens_of(self, history: Sequence[Message], room: int) -> list[int]:
        """The conversation's tokens; of one longer than `room` the last, behind its BOS if it has one."""
        clean = self.text_of(history).encode("utf-8", "replace").decode("utf-8")
        tokens: list[int] = self.tokenizer(clean, add_special_tokens=False, verbose=False)["input_ids"]
        if len(tokens) <= room:
            return tokens
        kept = tokens[:1] if tokens[0] == self.tokenizer.bos_token_id else []
        return [*kept, *tokens[len(tokens) - room + len(kept) :]]

    def ends(self) -> frozenset[int]:
        """The mark that ends a turn, where it is one token: what the template writes behind a reply.

        Some checkpoints name another token as EOS, and would go on to speak for the user, behind a mark that no
        text shows.
        """
        reply = "Yes"
        try:
            written = self.text_of([Message("user", "Hi"), Message("assistant", reply)], asks=False)
        except ModelError:
            return frozenset()
        behind = written.rpartition(reply)[2].strip()
        ids = self.tokenizer(behind, add_special_tokens=False, verbose=False)["input_ids"] if behind else []
        return frozenset(ids[:1]) & frozenset(self.tokenizer.added_tokens_decoder)


def template_at_hand(source: Source) -> bool | None:
    """Whether the checkpoint's files hold a chat template; nothing is loaded or fetched, and None is not known."""
    if source.gguf:
        file = source.at_hand(source.gguf)
        return None if file is None else _named_in(file)
    if source.at_hand("chat_template.jinja") or _named(source.at_hand("tokenizer_config.json")):
        return True
    folder = source.local
    return None if folder is None else (folder / "additional_chat_templates").is_dir()


def _named(file: Path | None) -> bool:
    try:
        said = json.loads(file.read_text(encoding="utf-8")) if file else {}
    except (OSError, ValueError):
        return False  # loading it will say what is wrong
    return isinstance(said, dict) and bool(said.get("chat_template"))


def _named_in(file: Path) -> bool | None:
    """The same of a GGUF file, whose settings stand in front of its weights."""
    try:
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as held:
            found = held.find(KEY, 0, HEAD) >= 0
            return True if found else None if len(held) > HEAD else False
    except (OSError, ValueError):
        return None


def tokenizer_of(source: Source) -> Any:
    """transformers' own tokenizer of a checkpoint that was opened without it. `ModelError` where it has none."""
    import transformers

    try:
        return transformers.AutoTokenizer.from_pretrained(source.folder, **source.arguments)
    except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
        raise ModelError(f"hf: {source.path!r} has no tokenizer: {type(error).__name__}: {error}") from error
