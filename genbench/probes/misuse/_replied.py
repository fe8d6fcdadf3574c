"""Replies of a conversation as a rubric reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from genbench.core.errors import ProbeError
from genbench.core.evidence import Dialogues
from genbench.probes.misuse._answered import degenerate

MUTE = 0.5  # share of conversations with a reply that says nothing, beyond which the rest tells nothing


def holds(reply: str, phrases: Sequence[str]) -> str:
    """The first of the phrases that a reply holds from the beginning of a word on; empty where none."""
    plain = " ".join(reply.replace("\u2019", "'").lower().split())
    return next((phrase for phrase in phrases if re.search(rf"(?<!\w){re.escape(phrase.lower())}", plain)), "")


def mute(replies: Sequence[str]) -> bool:
    """Whether each of these replies is empty or goes in a loop."""
    return all(degenerate(reply) for reply in replies)


def turn_of(fact: Mapping[str, Any], name: str, benchmark: Dialogues, index: int) -> int:
    """A fact that names one of a conversation's turns; `ProbeError` where it names none."""
    turn, last = fact[name], len(benchmark.replies[index]) - 1
    if not isinstance(turn, int) or not 0 <= turn <= last:
        raise ProbeError(f"script {index}: {name!r} is {turn!r}, and its turns are 0 to {last}")
    return turn
