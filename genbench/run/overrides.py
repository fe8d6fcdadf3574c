"""`--set models.0.preset=base`: a change to a suite from the command line, with positions that name the change."""

from __future__ import annotations

from typing import Any

from genbench.core.errors import Mistake, SuiteError
from genbench.run.yaml_source import Source, Where, plain_scalar, read_yaml

STRUCTURED = ("[", "{", '"', "'")


def override(source: Source, change: str) -> None:
    """Sets PATH=VALUE in the parsed values; what is wrong with it joins the file's own mistakes.

    The value is a YAML scalar, or, where it begins with a bracket, a brace or a quote, any YAML value.
    """
    path, equals, text = change.partition("=")
    if not equals or not path:
        source.mistakes.append(
            Mistake(f"--set {change}", 1, 1, "wants PATH=VALUE, such as n=200 or models.0.preset=base")
        )
        return
    at: Any = source.value
    where: Where = ()
    parts = path.split(".")
    column = 1
    for part in parts[:-1]:
        key = _key(source, at, where, part, change, column)
        if key is None:
            return
        if isinstance(at, dict) and at.get(key) is None:
            at[key] = {}
        at, where = at[key], (*where, key)
        source.keys.setdefault(where, (change, 1, column))
        column += len(part) + 1
    last = _key(source, at, where, parts[-1], change, column)
    if last is None:
        return
    try:
        value = _parsed(text, change, len(path) + 1)
    except SuiteError as error:  # no YAML: the suite keeps what it had, and this is said
        source.mistakes += error.mistakes
        return
    at[last] = value.value
    where = (*where, last)
    source.replace(where, value)
    source.keys[where] = (change, 1, column)


def _key(source: Source, at: Any, where: Where, part: str, change: str, column: int) -> str | int | None:
    """The key or index that `part` means in the container `at`; None after noting why there is none."""
    above = ".".join(map(str, where)) or "the suite"
    if isinstance(at, dict):
        return part
    if isinstance(at, list):
        if part.isdecimal() and int(part) < len(at):
            return int(part)
        names = [str(e["name"]) for e in at if isinstance(e, dict) and "name" in e]
        held = f"0 to {len(at) - 1}" if at else "nothing"
        near = f", which are {', '.join(names)}" if names else ""
        problem = f"{above} is a list that holds {held}{near}; got {part!r}"
    else:
        problem = f"{above} is {at!r}, and nothing stands below it"
    source.mistakes.append(Mistake(change, 1, column, problem))
    return None


def _parsed(text: str, change: str, offset: int) -> Source:
    if not text.startswith(STRUCTURED):
        return Source(change, plain_scalar(text), values={(): (change, 1, offset + 1)})
    # Blanks stand for the path, so that columns count in the change as it was typed.
    return read_yaml(change, (" " * offset + text).encode("utf-8", "replace"))
