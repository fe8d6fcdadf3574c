"""Work in batches that shrink when memory runs out; what comes out is the same."""

from __future__ import annotations

import gc
import sys
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
    made: Sequence[T] | None
    while len(done) < len(inputs):
        chunk = inputs[len(done) : len(done) + size]
        try:
            made = work(chunk)
        except Exception as error:
            if not out_of_memory(error) or len(chunk) == 1:
                raise
            made = None
        if made is None:  # out here, where no traceback holds on to what the failed work had allocated
            size = len(chunk) // 2
            _release()
            say(f"out of memory: going on in batches of {size}")
            continue
        if len(made) != len(chunk):
            raise ValueError(f"asked for {len(chunk)} items, got {len(made)}")
        done.extend(made)
        tell(len(done), len(inputs))
    return done


SIGNS = ("out of memory", "can't allocate memory", "cannot allocate memory", "alloc_failed")


def out_of_memory(error: BaseException | None) -> bool:
    """Whether an error of Python, torch or a backend means that memory ran out, or was raised because it did."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in SIGNS):
            return True
        error = error.__cause__ or error.__context__
    return False


def _release() -> None:
    gc.collect()
    if (torch := sys.modules.get("torch")) is None:  # what was never imported holds no memory
        return
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()
