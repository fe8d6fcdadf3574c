"""Which tokens a causal model is fed at once, and which of them are scored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """Tokens fed at once for one item: tokens[:-1] go in, and those from `first` + 1 on are scored."""

    item: int
    tokens: list[int]
    first: int


def windows_of(item: int, tokens: list[int], window: int, stride: int) -> Iterator[Window]:
    """Stretches of at most window + 1 tokens that score each token after the first once.

    The last begins earlier than the stride says, so that it is full: as lm-evaluation-harness reads, whose windows are
    these where the stride is the window.
    """
    scored, last = 0, len(tokens) - 1
    for begin in range(0, last, stride):
        end = min(begin + window, last)
        if end > scored:
            full = max(0, end - window)
            yield Window(item, tokens[full : end + 1], scored - full)
        scored = end


def windows_behind(item: int, tokens: list[int], begun: int, room: tuple[int, int]) -> Iterator[Window]:
    """Windows that score the tokens from `begun` on, each once; room: window and stride.

    One window where they fit into it, with as much before them as does; else from the context's last half on.
    """
    window, stride = room
    behind = len(tokens) - begun
    if behind <= 0:
        return
    cut = max(0, len(tokens) - 1 - window) if behind <= window else max(0, begun - 1 - window // 2)
    first, *further = windows_of(item, tokens[cut:], window, stride if behind > window else window)
    yield Window(item, first.tokens, begun - 1 - cut)
    yield from further
