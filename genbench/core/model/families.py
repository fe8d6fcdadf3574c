"""The mark of a family: a class that is built from settings and becomes a model."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from genbench.core.errors import suggestion


@dataclass(frozen=True)
class FamilySpec:
    """What `@family` says: modality ("any" for those that take what comes), presets of settings, papers.

    after_fit: the settings that no fit reads, such as how many steps a sample takes. Models that differ in these alone
    are one fit, made once; all other settings make another.
    """

    modality: str
    cites: tuple[str, ...] = ()
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    after_fit: tuple[str, ...] = ()


C = TypeVar("C", bound=type)


def family(
    *,
    modality: str,
    cites: Sequence[str] = (),
    presets: Mapping[str, Mapping[str, Any]] | None = None,
    after_fit: Sequence[str] = (),
) -> Callable[[C], C]:
    """Marks a class, built from keyword-only settings, as the model family of its file.

    `ValueError` where `after_fit` names what is no setting of the class.
    """

    def mark(cls: C) -> C:
        known = inspect.signature(cls).parameters
        for name in after_fit:
            if name not in known:
                raise ValueError(f"{cls.__name__}: after_fit names {name!r}{suggestion(name, list(known))}")
        cls.__genbench__ = FamilySpec(modality, tuple(cites), dict(presets or {}), tuple(after_fit))  # type: ignore[attr-defined]
        return cls

    return mark
