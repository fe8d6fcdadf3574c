"""What may stand in a model's place: another's object, outputs alone, a checkpoint used in part, a service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from genbench.core.data import Item


@runtime_checkable
class Stands(Protocol):
    """A family that stands for another object (a user's own); the harness works with what it unwraps."""

    def unwrap(self) -> Any: ...

    def stands_for(self) -> type:
        """A type with the object's capabilities, for a plan: nothing is built to tell."""
        ...


@runtime_checkable
class Overlooks(Protocol):
    """A family that tells from its settings, with nothing built, what of a checkpoint it will not use; "" if all."""

    @classmethod
    def overlooked(cls, settings: Mapping[str, Any]) -> str: ...


@runtime_checkable
class Receives(Protocol):
    """A family with outputs instead of a model: the harness reads them and hands them over, in order."""

    def receive(self, items: Sequence[Item]) -> None: ...


@runtime_checkable
class Remote(Protocol):
    """A family whose work is done elsewhere: it can be asked, and what that costs there is not seen from here."""

    def keep_in(self, folder: Path) -> None:
        """Keeps each answer below `folder` the moment it comes, and asks for none that lies there."""
        ...

    def vouched(self) -> Mapping[str, Any]:
        """What it was found to be worthy of, in plain values, for the run's record."""
        ...

    def spent(self) -> Mapping[str, Any]:
        """Requests, tokens, latency and cost so far, in plain values."""
        ...

    def elsewhere(self) -> str:
        """Why its energy is not measurable here, and what is known instead."""
        ...
