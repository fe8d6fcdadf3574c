"""The code behind a result: a file, and everything of GenBench that it imports, however far down."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

from genbench.core.catalogue import file_of
from genbench.core.digest import digest, file_digest

ROOT = Path(__file__).parent.parent


@functools.cache
def code_behind(*files: Path) -> str:
    """SHA-256 (hex) over these files and all GenBench modules they import, directly or not, inside functions too.

    A change anywhere among them may change what a plant plants; nothing else can. Probes are found by name and not
    imported, so their code is counted apart, by their own digest.
    """
    known: dict[Path, None] = {}
    waiting = list(files)
    while waiting:
        path = waiting.pop()
        if path not in known:
            known[path] = None
            waiting += _imported(path)
    return digest([[_name(path), file_digest(path)] for path in sorted(known)])


def _imported(path: Path) -> Iterator[Path]:
    """Files of GenBench that this one imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            if name.partition(".")[0] == "genbench" and (found := file_of(name, ROOT.parent)) is not None:
                yield found


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
