"""Learning: what a fit is given, what it tells, and how what was learned is kept and moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from genbench.core.data import Dataset


@dataclass(frozen=True)
class Tick:
    """Progress of a fit: `step` of `steps`; losses by name, such as {"train": 1.9, "held_out": 2.1}."""

    step: int
    steps: int
    losses: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Training:
    """What a fit is given beside the data: a seed, a device ("cpu", "cuda", "mps") and someone to tell."""

    seed: int = 0
    device: str = "cpu"
    tell: Callable[[Tick], None] = lambda tick: None


@dataclass(frozen=True)
class History:
    """The curve of a fit (one Tick per record, in order) and why it ended."""

    ticks: tuple[Tick, ...] = ()
    ended: str = "all steps done"


@runtime_checkable
class Fittable(Protocol):
    """Learns from `data.take("train")`; may look at `held_out` for early stopping only."""

    def fit(self, data: Dataset, training: Training) -> History: ...


@runtime_checkable
class Persistent(Protocol):
    """Its learned state is named arrays and JSON, kept as safetensors; `restore` is called on a fresh object."""

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]: ...

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None: ...


@runtime_checkable
class Placeable(Protocol):
    """Can move to a device: "cpu", "cuda", "cuda:1", "mps"."""

    def place(self, device: str) -> None: ...
