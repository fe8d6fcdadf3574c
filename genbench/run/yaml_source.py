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
Place: TypeAlias = tuple[str, int, int]  # file (or the --set that overrides it), line, column

MAX_BYTES = 1 << 20
MAX_NODES = 10_000  # counted with aliases followed, so that a small file cannot stand for a huge one
MAX_DEPTH = 40
MAX_DIGITS = 100

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
# What the parser resolves by itself; any other tag was written by hand.
TAGS = frozenset(
    f"tag:yaml.org,2002:{t}"
    for t in ["null", "bool", "int", "float", "str", "seq", "map", "timestamp", "merge", "value"]
)


@dataclass
class Source:
    """A parsed file: its plain values, where each key and value stands, and the mistakes met in reading it."""

    path: str
    value: Any = None
    keys: dict[Where, Place] = field(default_factory=dict)
    values: dict[Where, Place] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def mistake(self, where: Where, problem: str, *, at_key: bool = False) -> Mistake:
        """A mistake at the nearest known position of that place."""
        known = self.keys if at_key else self.values
        for end in range(len(where), -1, -1):
            for positions in (known, self.values):
                if where[:end] in positions:
                    return Mistake(*positions[where[:end]], problem)
        return Mistake(self.path, 1, 1, problem)

    def replace(self, where: Where, other: Source) -> None:
        """Positions at and below `where` become those of `other`, whose root now stands there."""
        for positions, others in ((self.keys, other.keys), (self.values, other.values)):
            for old in [w for w in positions if w[: len(where)] == where and (w != where or positions is self.values)]:
                del positions[old]
            positions.update({(*where, *w): place for w, place in others.items()})
        self.mistakes += other.mistakes


def read_yaml(path: str, raw: bytes) -> Source:
    """Parses one document. Raises `SuiteError` where nothing can be read; duplicate keys are kept as mistakes."""
    if len(raw) > MAX_BYTES:
        raise SuiteError([Mistake(path, 1, 1, f"a suite of {len(raw):,} bytes; at most {MAX_BYTES:,} are read")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise SuiteError([Mistake(path, line, column, f"not UTF-8: byte 0x{raw[error.start]:02x}")]) from error
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise SuiteError([_syntax(path, error)]) from error
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        problem = f"a character that YAML does not allow: U+{error.character:04X}"
        place = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise SuiteError([Mistake(path, *place, problem)]) from error
    except RecursionError as error:
        raise SuiteError([Mistake(path, 1, 1, f"nested more than {MAX_DEPTH} deep")]) from error
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
    elif "expected <block end>" in problem:
        problem = f"does not fit the indentation above ({problem})"
    elif "mapping values are not allowed" in problem:
        problem = "a `:` where no key can stand; quote the text, or check the indentation"
    elif "expected ',' or" in problem:
        problem = f"a bracket is left open, or a comma is missing ({problem})"
    return Mistake(path, line, column, problem)


def _plain(source: Source, node: yaml.Node, where: Where, budget: Iterator[int]) -> Any:
    position = (source.path, node.start_mark.line + 1, node.start_mark.column + 1)
    source.values.setdefault(where, position)
    if next(budget, None) is None:
        raise SuiteError([Mistake(*position, f"more than {MAX_NODES:,} values once aliases are followed")])
    if len(where) > MAX_DEPTH:
        problem = f"nested more than {MAX_DEPTH} deep; does an alias stand within its own anchor?"
        raise SuiteError([Mistake(*position, problem)])
    if node.tag not in TAGS:
        source.mistakes.append(Mistake(*position, f"the tag {node.tag!r} means nothing in a suite; leave it out"))
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(source, child, (*where, i), budget) for i, child in enumerate(node.value)]
    plain: dict[str, Any] = {}
    for key_node, value_node in node.value:
        at = (source.path, key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        if not isinstance(key_node, yaml.ScalarNode):
            source.mistakes.append(Mistake(*at, "a key must be a single word or number"))
            continue
        key = str(key_node.value)
        if key in plain:
            first = source.keys[(*where, key)]
            source.mistakes.append(Mistake(*at, f"{key!r} stands here twice; first at line {first[1]}"))
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
    if len(text) > MAX_DIGITS:  # no number that anyone means; thousands of digits would be refused by Python itself
        return text
    if INTEGER.fullmatch(text):
        return int(text.replace("_", ""), 16 if text.startswith("0x") else 10)
    if FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    return text
