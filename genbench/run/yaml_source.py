"""YAML with positions: values as YAML 1.2 reads them, and for every key and value the line and column it stands at."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from genbench.core.errors import Mistake, SuiteError

Where: TypeAlias = tuple[str | int, ...]

MAX_BYTES = 1 << 20
MAX_NODES = 10_000  # counted with aliases followed, so that a small file cannot stand for a huge one

# YAML 1.1, which the parser follows, reads `no` as false and `1e-3` as a string. These are 1.2's words.
INTEGER = re.compile(r"[-+]?[0-9][0-9_]*|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?")
WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", "+.inf", ".Inf", "inf", "Infinity"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-inf", "-Infinity"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN", "nan", "NaN"), math.nan),
}


@dataclass
class Source:
    """A parsed file: its plain values, where each key and value stands, and the mistakes met in reading it."""

    path: str
    value: Any = None
    keys: dict[Where, tuple[int, int]] = field(default_factory=dict)
    values: dict[Where, tuple[int, int]] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def mistake(self, where: Where, problem: str, *, at_key: bool = False) -> Mistake:
        """A mistake at the nearest known position of that place."""
        known = self.keys if at_key else self.values
        for end in range(len(where), -1, -1):
            for positions in (known, self.values):
                if where[:end] in positions:
                    return Mistake(self.path, *positions[where[:end]], problem)
        return Mistake(self.path, 1, 1, problem)


def read_yaml(path: str, raw: bytes) -> Source:
    """Parses one document. Raises `SuiteError` where nothing can be read; duplicate keys are kept as mistakes."""
    if len(raw) > MAX_BYTES:
        raise SuiteError([Mistake(path, 1, 1, f"a suite of {len(raw):,} bytes; at most {MAX_BYTES:,} are read")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise SuiteError([Mistake(path, line, 1, f"not UTF-8: byte 0x{raw[error.start]:02x}")]) from error
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise SuiteError([_syntax(path, error)]) from error
    except yaml.YAMLError as error:
        raise SuiteError([Mistake(path, 1, 1, f"not YAML: {error}")]) from error
    source = Source(path)
    if root is None:
        raise SuiteError([Mistake(path, 1, 1, "the file is empty; a suite needs at least name, data and models")])
    budget = iter(range(MAX_NODES))
    source.value = _plain(source, root, (), budget)
    return source


def _syntax(path: str, error: yaml.MarkedYAMLError) -> Mistake:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = str(error.problem or error.context or "not YAML")
    if "\\t" in problem:
        problem = "a tab where YAML wants spaces"
    elif "expected a single document" in str(error.context or "") or "another document" in problem:
        problem = "more than one document; a suite is one file, one document"
    elif "found undefined alias" in problem:
        problem = problem.replace("found undefined alias", "no anchor is named")
    return Mistake(path, line, column, problem)


def _plain(source: Source, node: yaml.Node, where: Where, budget: Iterator[int]) -> Any:
    position = (node.start_mark.line + 1, node.start_mark.column + 1)
    source.values.setdefault(where, position)
    if next(budget, None) is None:
        problem = f"more than {MAX_NODES:,} values once aliases are followed"
        raise SuiteError([Mistake(source.path, *position, problem)])
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(source, child, (*where, i), budget) for i, child in enumerate(node.value)]
    plain: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
        at = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        if key in plain:
            first = source.keys[(*where, key)]
            source.mistakes.append(Mistake(source.path, *at, f"{key!r} stands here twice; first at line {first[0]}"))
            continue
        source.keys[(*where, key)] = at
        plain[key] = _plain(source, value_node, (*where, key), budget)
    return plain


def _scalar(node: yaml.ScalarNode) -> Any:
    text: str = node.value
    if node.style is not None:  # quoted or block: a string as it stands
        return text
    return plain_scalar(text)


def plain_scalar(text: str) -> Any:
    """An unquoted word as YAML 1.2 reads it: null, a boolean, a number, or else a string."""
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        return int(text.replace("_", ""), 16 if text.startswith("0x") else 10)
    if FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    return text
