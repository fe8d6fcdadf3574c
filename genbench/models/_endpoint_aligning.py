"""Which token of an endpoint's answer stands where in the text that was sent, and what its log-probability is.

Servers spell tokens differently: with a start token in front; with a space that is no part of the text, or without one
that is (SentencePiece's pieces, decoded one by one, lose their leading space); and with the bytes of a cut character as
`<0xE2>` (llama.cpp, SentencePiece), `bytes:\\xe2` (OpenAI) or U+FFFD. So the text is walked through token by token, and
what cannot be followed is said, not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ONE_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
BYTES = re.compile(r"bytes:((?:\\x[0-9A-Fa-f]{2}|[ -\[\]-~])+)")
UNKNOWN_BYTES = "�"
CLAMPED = -9999.0  # JSON has no infinity: servers write this for a log-probability of minus infinity


class Unreadable(Exception):
    """The tokens of an answer cannot be followed through the text; says where."""


@dataclass(frozen=True)
class Placed:
    """A token: the byte of the text it begins at, the byte behind it, and its log-probability; None where not given."""

    text: str
    begin: int
    end: int
    nats: float | None


def said_of(choice: Mapping[str, Any]) -> tuple[list[str], list[float | None]]:
    """Tokens and log-probabilities of a completion, as sent. `Unreadable` where there are none or they do not pair.

    Either as two lists (OpenAI's completions, vLLM) or as `content`, a list of objects (chats, llama.cpp).
    """
    found = choice.get("logprobs")
    content = found.get("content") if isinstance(found, Mapping) else None
    if isinstance(content, list) and content and all(isinstance(one, Mapping) for one in content):
        return [str(one.get("token", "")) for one in content], [_finite(one.get("logprob")) for one in content]
    tokens = found.get("tokens") if isinstance(found, Mapping) else None
    nats = found.get("token_logprobs") if isinstance(found, Mapping) else None
    if not isinstance(tokens, list) or not isinstance(nats, list) or not tokens:
        raise Unreadable("no log-probs were returned")
    if len(tokens) != len(nats):
        raise Unreadable(f"{len(nats)} log-probs were returned for {len(tokens)} tokens")
    return [str(token) for token in tokens], [_finite(x) for x in nats]


def placed(text: str, tokens: Sequence[str], nats: Sequence[float | None]) -> list[Placed]:
    """The tokens that make up `text`, each with its place in the text's UTF-8 bytes.

    A token in front that is no part of the text (a start token) begins and ends at byte 0. Those behind the text's end
    were generated, and are left out.
    """
    raw = text.encode("utf-8", "replace")
    found: list[Placed] = []
    at = 0
    for i, (token, x) in enumerate(zip(tokens, nats, strict=True)):
        if at >= len(raw) and found:
            break
        end = _end(raw, at, token, tokens[i + 1 :])
        if end is None and len(found) > 1 and not raw[at:].strip(b" "):
            break  # the text ends with spaces that no token shows; this one was generated
        if end is None:
            if at or any(p.end > p.begin for p in found) or len(found) > 1:
                raise Unreadable(f"token {i} ({token!r}) is not what stands at byte {at} of the text sent")
            end = at  # a start token
        found.append(Placed(token, at, end, x))
        at = end
    if raw[at:].strip(b" "):
        raise Unreadable(f"the tokens returned end at byte {at} of {len(raw)} of the text sent")
    return found


def _end(raw: bytes, at: int, token: str, rest: Sequence[str]) -> int | None:
    """The byte behind `token` where it stands at byte `at` of the text; None where it does not stand there."""
    spaces = len(raw[at:]) - len(raw[at:].lstrip(b" "))
    for skipped in (0, spaces) if spaces else (0,):
        for spelled in _spellings(token, first=at == 0):
            if spelled and raw.startswith(spelled, at + skipped):
                return at + skipped + len(spelled)
    if UNKNOWN_BYTES in token:  # some bytes of a cut character: up to what the next readable token finds
        for later in filter(None, rest):
            if UNKNOWN_BYTES in later:
                return at  # the last of them takes all the bytes
            where = min((w for s in _spellings(later, first=False) if s and (w := raw.find(s, at)) >= 0), default=-1)
            return where if where >= 0 else len(raw)
        return len(raw)
    return at if token == "" else None


def _spellings(token: str, *, first: bool) -> list[bytes]:
    """The bytes a token may stand for; the first of a text may carry a space of the tokenizer's own."""
    if match := ONE_BYTE.fullmatch(token):
        return [bytes.fromhex(match[1]), token.encode()]
    if match := BYTES.fullmatch(token):
        return [match[1].encode().decode("unicode_escape").encode("latin-1"), token.encode()]
    plain = token.encode("utf-8", "replace")
    spaced = token.replace("\u2581", " ").encode("utf-8", "replace")
    own = [spaced.removeprefix(b" ")] if first else []
    return [plain, spaced, *own]


def _finite(x: Any) -> float | None:
    if x is None or isinstance(x, bool) or not isinstance(x, (int, float)):
        return None
    return float("-inf") if x <= CLAMPED else float(x)
