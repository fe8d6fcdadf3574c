"""Work in batches that shrink when memory runs out; what comes out is the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


def in_batches(
    work: Callable[[Sequence[Any]], Sequence[T]],
    inputs: Sequence[Any],
    size: int,
    *,
    tell: Callable[[int, int], None] = lambda done, total: None,
    say: Callable[[str], None] = lambda message: None,
) -> list[T]:
    """`work` over consecutive slices of `inputs`, joined. Out of memory halves the slice and is said.

    Raises whatever `work` raises, out of memory included once a single input does not fit.
    """
    done: list[T] = []
    while len(done) < len(inputs):
        chunk = inputs[len(done) : len(done) + size]
        try:
            made = work(chunk)
        except Exception as error:
            if not out_of_memory(error) or size == 1:
                raise
            size = max(1, size // 2)
            _release()
            say(f"out of memory: going on in batches of {size}")
            continue
        if len(made) != len(chunk):
            raise ValueError(f"asked for {len(chunk)} items, got {len(made)}")
        done.extend(made)
        tell(len(done), len(inputs))
    return done


def out_of_memory(error: Exception) -> bool:
    """Whether an error of Python, torch or a backend means that memory ran out."""
    return isinstance(error, MemoryError) or "out of memory" in str(error).lower()


def _release() -> None:
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
