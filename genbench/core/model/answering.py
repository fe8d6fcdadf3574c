"""Answering in words: prompts completed, conversations held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable


@runtime_checkable
class Completer(Protocol):
    """Continues each prompt with its own seed; returns only what was added."""

    def complete(self, prompts: Sequence[str], seeds: Sequence[int]) -> list[str]: ...


@dataclass(frozen=True)
class Message:
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    text: str


@runtime_checkable
class Converses(Protocol):
    """Answers each conversation, whose last message is the user's, with its own seed."""

    def reply(self, histories: Sequence[Sequence[Message]], seeds: Sequence[int]) -> list[str]: ...


@runtime_checkable
class Templated(Protocol):
    """A completer that answers conversations as well, in a chat template of its own if it has one.

    has_template: as far as this machine knows without loading anything; None where it does not. It is no `Converses`
    by itself: whoever wants its template says so.
    """

    def has_template(self) -> bool | None: ...

    def answer(self, histories: Sequence[Sequence[Message]], seeds: Sequence[int]) -> list[str]: ...
