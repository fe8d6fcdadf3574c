"""A meter reads energy counters; the ledger of a run turns readings into stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Reading:
    """Joules since the meter was started, by component ("cpu", "gpu", "ram"); never decreasing.

    low / high: bounds of the total in joules. method: "counter", "model" or "none".
    """

    joules: dict[str, float]
    low: float
    high: float
    method: str


class Meter(Protocol):
    """Started once per run, read at every stage boundary, stopped once."""

    def start(self) -> None: ...

    def read(self) -> Reading | None: ...

    def stop(self) -> None: ...
