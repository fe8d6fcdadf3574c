"""A meter reads energy counters; the ledger of a run turns readings into stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Reading:
    """What the whole machine has used since the meter was started.

    joules: by component ("cpu", "gpu", "ram"); never decreasing. methods: how each was found, "counter" or "model".
    busy_seconds: CPU seconds of all processes together, by which a shared machine is divided; None where unknown.
    """

    joules: Mapping[str, float]
    methods: Mapping[str, str]
    busy_seconds: float | None = None


@runtime_checkable
class Meter(Protocol):
    """Started once per run, read at every stage boundary, stopped once."""

    def start(self) -> None: ...

    def read(self) -> Reading | None: ...

    def stop(self) -> None: ...
