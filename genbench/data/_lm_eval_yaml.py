"""Task files of lm-evaluation-harness: YAML with includes, where each key stands, and no function of anybody's run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from genbench.core.errors import DataError, suggestion
from genbench.data._texts import decoded, existing

Where: TypeAlias = tuple[str | int, ...]
MAX_BYTES, MAX_NODES = 1 << 20, 10_000


@dataclass(frozen=True)
class Function:
    """A `!function module.name`: code that comes with a task, which is never run here."""

    name: str


@dataclass
class Source:
    """A task's merged values, and the file and line at which each stands."""

    path: Path
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[Where, str] = field(default_factory=dict)

    def at(self, where: Where) -> str:
        """file:line of the value, or of the nearest that holds it."""
        for end in range(len(where), 0, -1):
            if where[:end] in self.lines:
                return self.lines[where[:end]]
        return str(self.path)

    def functions(self) -> Iterator[tuple[Where, Function]]:
        yield from _functions((), self.values)


class _Loader(yaml.SafeLoader):
    """YAML 1.1 as the harness reads it, with its one tag kept as a word."""


def _kept(loader: yaml.SafeLoader, node: yaml.Node) -> Function:
    return Function(str(node.value))


_Loader.add_constructor("!function", _kept)


def find_task(path: str, name: str | None) -> Source:
    """The task in that file, or of that name below that folder. `DataError` lists the names where one is due."""
    found = existing(path)
    files = [found] if found.is_file() else sorted(p for p in found.rglob("*.yaml") if not p.name.startswith("_"))
    tasks = {}
    for file in files:
        source = read_task(file)
        named = source.values.get("task")
        if isinstance(named, list):
            if found.is_file():
                raise DataError(f"{source.at(('task',))}: a group of tasks; name the file of one: {_listed(named)}")
            continue
        tasks[str(named or file.stem)] = source
    if name is None and len(tasks) == 1:
        return next(iter(tasks.values()))
    if not tasks:
        raise DataError(f"{path!r} holds no task of lm-evaluation-harness: no .yaml file with a `task`")
    if name not in tasks:
        asked = f"no task {name!r} in {path!r}" if name else f"{path!r} holds {len(tasks)} tasks; name one by `task`"
        raise DataError(f"{asked}{suggestion(name or '', sorted(tasks))}")
    return tasks[name]


def _listed(names: list[Any]) -> str:
    return ", ".join(str(one.get("task") if isinstance(one, dict) else one) for one in names[:8])


def read_task(file: Path, above: tuple[Path, ...] = ()) -> Source:
    """A file merged over those it includes, as the harness does it: its own keys win."""
    file = file.resolve()
    if file in above:
        raise DataError(f"{file}: includes itself, by {', '.join(str(p.name) for p in above)}")
    own = _parsed(file)
    included = own.values.pop("include", None)
    if included is None:
        return own
    merged = Source(file)
    for name in included if isinstance(included, list) else [included]:
        if not isinstance(name, str) or not (file.parent / name).is_file():
            raise DataError(f"{own.at(('include',))}: no file {name!r} to include")
        other = read_task(file.parent / name, (*above, file))
        _over(merged, other)
    _over(merged, own)
    return merged


def _over(below: Source, above: Source) -> None:
    """Keys of `above` take the place of those of the same name."""
    below.lines = {w: line for w, line in below.lines.items() if w[0] not in above.values} | above.lines
    below.values.update(above.values)


def _parsed(file: Path) -> Source:
    text = decoded(file)
    if len(text) > MAX_BYTES:
        raise DataError(f"{file}: {len(text):,} characters; no task is as long")
    try:
        root = yaml.compose(text, Loader=_Loader)
        values = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise DataError(f"{file}:{mark.line + 1 if mark else 1}: {error.problem or 'not YAML'}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise DataError(f"{file}: not YAML: {error}") from error
    if not isinstance(values, dict) or root is None:
        raise DataError(f"{file}: a task is a mapping of keys to values")
    return Source(file, {str(k): v for k, v in values.items()}, dict(_lines(file, root, (), iter(range(MAX_NODES)))))


def _lines(file: Path, node: yaml.Node, where: Where, budget: Iterator[int]) -> Iterator[tuple[Where, str]]:
    if next(budget, None) is None:
        raise DataError(f"{file}: more than {MAX_NODES:,} values once aliases are followed")
    if where:
        yield where, f"{file}:{node.start_mark.line + 1}"
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*where, str(key.value))
            yield from _lines(file, value, below, budget)
            yield below, f"{file}:{key.start_mark.line + 1}"
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            yield from _lines(file, value, (*where, i), budget)


def _functions(where: Where, value: Any) -> Iterator[tuple[Where, Function]]:
    if isinstance(value, Function):
        yield where, value
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield from _functions((*where, str(key)), below)
    elif isinstance(value, list):
        for i, below in enumerate(value):
            yield from _functions((*where, i), below)
