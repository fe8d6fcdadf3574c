"""What pydantic finds wrong in a suite, in our words: what was got, what is allowed, what is near."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel

from genbench.core.errors import Mistake, suggestion
from genbench.run.fit import in_words
from genbench.run.yaml_source import Source, Where


def endless(value: Any, where: Where) -> Iterator[tuple[Where, str]]:
    """NaN and infinities, anywhere: no threshold, setting or record can hold them."""
    if isinstance(value, float) and not math.isfinite(value):
        yield where, f"{value} is no finite number; put quotes around it if the word is meant"
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from endless(inner, (*where, key))
    elif isinstance(value, list | tuple):
        for i, inner in enumerate(value):
            yield from endless(inner, (*where, i))


def explained(source: Source, error: Mapping[str, Any], whole: type[BaseModel]) -> Mistake | None:
    """One of pydantic's errors with the part of `whole`, the suite, that it is in; None where another says it."""
    where = _written(source, error["loc"])
    kind = error["type"]
    got = error.get("input")
    if kind == "finite_number" or (isinstance(got, float) and not math.isfinite(got)):
        return None  # said by `endless`
    if kind == "too_short" and got:
        return None  # its elements have mistakes of their own, and pydantic counts what is left
    if kind == "extra_forbidden":
        near = suggestion(str(where[-1]), _allowed(whole, where))
        return source.mistake(where, f"unknown key {where[-1]!r}{near}", at_key=True)
    if kind == "missing":
        return source.mistake(where[:-1], f"{where[-1]!r} is missing", at_key=len(where) > 1)
    name = ".".join(map(str, where)) or "suite"
    if kind == "string_pattern_mismatch":
        wants = "one of auto, cpu, cuda, cuda:1, mps" if where[-1] == "device" else "a name that can be seen"
        return source.mistake(where, f"{name}: wants {wants}; got {got!r}")
    return source.mistake(where, f"{name}: {in_words(error)}")


def _written(source: Source, loc: Where) -> Where:
    """Where it stands in the file: settings of data and lenses may stand without the word `settings`."""
    short = tuple(part for part in loc if part != "settings")
    return loc if loc in source.keys or loc in source.values or short not in source.values else short


def _allowed(whole: type[BaseModel], where: Where) -> list[str]:
    """The keys that could stand at that place: those of the innermost part on the way to it."""
    part = whole
    for step in where[:-1]:
        if (field := part.model_fields.get(str(step))) is not None:
            part = _part_in(field.annotation) or part
    return sorted(part.model_fields)


def _part_in(annotation: Any) -> type[BaseModel] | None:
    """The part that a field holds, or holds several of: `tuple[Gate, ...]`, `dict[str, DataRequest]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((part for inner in get_args(annotation) if (part := _part_in(inner)) is not None), None)
