"""One thing found wrong in a suite, and the plain values that are looked at, whatever their shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from genbench.run.yaml_source import Where


class Wrong(NamedTuple):
    """One thing found wrong, and whether it is the key or the value at that place.

    absent: the path at which nothing lies, where that is what is wrong; whoever knows the suite's folder says what is
    near it.
    """

    where: Where
    problem: str
    at_key: bool = False
    absent: str = ""


Found: TypeAlias = Iterator[Wrong]


def mapping(value: Any) -> dict[str, Any]:
    """The value where it is a mapping; an empty one where it is anything else."""
    return dict(value) if isinstance(value, Mapping) else {}


def listed(value: Any) -> list[Any]:
    """The same of a list."""
    return list(value) if isinstance(value, list | tuple) else []
