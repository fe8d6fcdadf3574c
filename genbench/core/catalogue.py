"""The path is the registry: a file's place and name are its entry, and entry points add more of the same shape.

Reading the catalogue parses files and imports nothing, so listing it is instant. `Entry.load` imports one.
"""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.metadata
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from genbench.core.digest import digest, file_digest
from genbench.core.errors import CatalogueError, MissingExtra, UnknownName
from genbench.core.extras import extra_of

Kind: TypeAlias = Literal["probe", "model", "lens", "data", "plant"]


@dataclass(frozen=True)
class Shelf:
    """Where one kind of entry stands: the package, the mark that names it, and how deep its ids go."""

    package: str
    mark: str
    depth: int
    is_class: bool


SHELVES: dict[Kind, Shelf] = {
    "probe": Shelf("probes", "probe", 2, False),
    "model": Shelf("models", "family", 1, True),
    "lens": Shelf("lenses", "lens", 2, True),
    "data": Shelf("data", "dataset", 1, False),
    "plant": Shelf("selftest.plants", "plant", 1, False),
}


# Rooms whose files count towards no version but their own; and the parts of core that scores depend on all the same:
# its other files are words, whose change changes no number.
APART = frozenset({"core", "run", "cli", "report", "results", "meters"})
COUNTS = frozenset({"genbench.core.chance", "genbench.core.refusing", "genbench.core.secrets"})


@dataclass(frozen=True)
class Entry:
    """One thing the catalogue holds. `keywords` are the literal arguments of its mark; nothing was imported."""

    kind: Kind
    id: str
    module: str
    attribute: str
    path: Path
    line: int
    summary: str
    doc: str
    keywords: dict[str, Any]
    capabilities: tuple[str, ...]
    provider: str = "genbench"

    @property
    def code(self) -> str:
        """The entry's version: digest of its file and of every file it is made with, found by following its imports."""
        return code_of(self.path, self.module)

    def load(self) -> Any:
        """The marked function or class itself. A package of somebody else's that is absent is `MissingExtra`."""
        try:
            module = importlib.import_module(self.module)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] in ("genbench", self.module.partition(".")[0]):
                raise  # a fault of the code itself, not of what is installed
            missing = error.name or self.module
            raise MissingExtra(missing, extra_of(missing)) from error
        return getattr(module, self.attribute)

    @property
    def modality(self) -> str:
        return str(self.keywords.get("modality", ""))


@functools.cache
def code_of(path: Path, module: str) -> str:
    """Digest of a module's file, of those it uses of other rooms, and of its own package where that is not ours.

    Of core, what numbers come from; of run and what lies above it nothing, nor of meters, which read the machine.
    """
    parts = module.split(".")
    root = path.parents[len(parts) - 1]
    mine = {"genbench": Path(__file__).parents[1].parent, parts[0]: root}
    found: dict[Path, str] = {}
    waiting = [path]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found[file] = file_digest(file)
            waiting += [used for name in _imported(file) if (used := _file_of(name, mine)) is not None]
    return digest(sorted(found.values()))


def _imported(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def _file_of(name: str, mine: Mapping[str, Path]) -> Path | None:
    """The file of a module that counts towards a version; None for the rest: other packages, and rooms `APART`."""
    top, _, rest = name.partition(".")
    if top not in mine or (top == "genbench" and rest.split(".")[0] in APART):
        return file_of(name, mine["genbench"]) if name in COUNTS else None
    return file_of(name, mine[top])


def file_of(module: str, root: Path) -> Path | None:
    """The file of a module by its whole name, or of a package its front door; None where there is none below `root`."""
    place = root.joinpath(*module.split("."))
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)


@functools.cache
def catalogue(kind: Kind) -> dict[str, Entry]:
    """All entries of a kind by id. An id defined twice, or a file that breaks the contract, is refused here."""
    entries: dict[str, Entry] = {}
    for entry in (*_shipped(kind), *_plugged(kind)):
        if entry.id in entries:
            first = entries[entry.id]
            raise CatalogueError(
                entry.path, entry.line, f"{kind} {entry.id!r} is defined twice; first at {first.path}:{first.line}"
            )
        entries[entry.id] = entry
    return entries


def find(kind: Kind, id: str) -> Entry:
    """The entry of that id; an unknown one is answered with the nearest."""
    entries = catalogue(kind)
    if id not in entries:
        raise UnknownName(kind, id, entries)
    return entries[id]


def _shipped(kind: Kind) -> Iterator[Entry]:
    shelf = SHELVES[kind]
    root = Path(__file__).parent.parent.joinpath(*shelf.package.split("."))
    for path in sorted(root.glob("/".join(["*"] * shelf.depth) + ".py")):
        parts = path.relative_to(root).with_suffix("").parts
        if not any(part.startswith("_") for part in parts):
            yield _read(kind, ".".join(parts), f"genbench.{shelf.package}.{'.'.join(parts)}", path)


def _plugged(kind: Kind) -> Iterator[Entry]:
    for point in importlib.metadata.entry_points(group=f"genbench.{SHELVES[kind].package.split('.')[-1]}"):
        try:
            spec = importlib.util.find_spec(point.module)
        except ModuleNotFoundError:  # find_spec imports the packages above
            spec = None
        if spec is None or spec.origin is None:
            raise CatalogueError(point.value, 1, f"entry point {point.name!r} names a module that is not installed")
        provider = point.dist.name if point.dist else "an entry point"
        yield _read(kind, point.name, point.module, Path(spec.origin), point.attr, provider)


def _read(
    kind: Kind, id: str, module: str, path: Path, attribute: str | None = None, provider: str = "genbench"
) -> Entry:
    shelf = SHELVES[kind]
    wanted = ast.ClassDef if shelf.is_class else ast.FunctionDef
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    except SyntaxError as error:
        raise CatalogueError(path, error.lineno or 1, f"cannot be parsed: {error.msg}") from error
    if id.count(".") != shelf.depth - 1:
        raise CatalogueError(path, 1, f"a {kind}'s id has {shelf.depth} part(s) joined by dots, got {id!r}")
    name = (attribute or id.split(".")[-1]).replace("_", "").lower()
    marked = list(_marked(tree, shelf.mark))
    named = [(node, mark) for node, mark in marked if node.name.replace("_", "").lower() == name]
    if not named:
        what = "class" if shelf.is_class else "function"
        near = f"; it marks {marked[0][0].name!r}" if marked else ""
        line = marked[0][0].lineno if marked else 1
        raise CatalogueError(path, line, f"has no {what} {name!r} marked @{shelf.mark}(...){near}")
    node, mark = named[0]
    if not isinstance(node, wanted):
        raise CatalogueError(path, node.lineno, f"{node.name} must be a {'class' if shelf.is_class else 'function'}")
    doc = ast.get_docstring(node) or ""
    if not doc:
        raise CatalogueError(path, node.lineno, f"{node.name} has no docstring")
    summary = doc.split("\n\n")[0].replace("\n", " ").strip()
    methods = tuple(dict.fromkeys(_methods(node, tree))) if isinstance(node, ast.ClassDef) else ()
    keywords = {k.arg: _literal(k.value) for k in mark.keywords if k.arg}
    return Entry(
        kind, id, module, node.name, path, node.lineno, summary, doc, keywords,
        methods, provider,
    )  # fmt: skip


def _methods(node: ast.ClassDef, tree: ast.Module) -> Iterator[str]:
    """Names of public methods, then of those that it has from bases which its file imports from GenBench."""
    yield from (n.name for n in node.body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_"))
    bases = {ast.unparse(base) for base in node.bases}
    for line in tree.body:
        if isinstance(line, ast.ImportFrom):
            for alias in line.names:
                if (alias.asname or alias.name) in bases and (found := _imported_class(line, alias.name)):
                    yield from _methods(*found)


def _imported_class(line: ast.ImportFrom, name: str) -> tuple[ast.ClassDef, ast.Module] | None:
    """The class that a line imports from GenBench with the file it is in, behind any front door that passes it on."""
    inside = (line.module or "").startswith("genbench.")
    file = file_of(str(line.module), Path(__file__).parents[2]) if inside else None
    if file is None:
        return None
    tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
    for there in tree.body:
        if isinstance(there, ast.ClassDef) and there.name == name:
            return there, tree
        if isinstance(there, ast.ImportFrom):
            for alias in there.names:
                if (alias.asname or alias.name) == name:
                    return _imported_class(there, alias.name)
    return None


def _marked(tree: ast.Module, mark: str) -> Iterator[tuple[ast.ClassDef | ast.FunctionDef, ast.Call]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).split(".")[-1] == mark:
                    yield node, decorator


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)
