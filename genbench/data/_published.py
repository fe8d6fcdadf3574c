"""Whether files are those that a benchmark's authors publish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from genbench.core.digest import file_digest
from genbench.data._texts import existing


def published_file(path: str, published: Mapping[str, str]) -> Path:
    """The file at `path`; of a folder, the first that is published. `DataError` where there is nothing at `path`."""
    found = existing(path)
    return found / next(iter(published)) if found.is_dir() else found


def whether_published(files: Sequence[Path], published: Mapping[str, str]) -> dict[str, str]:
    """What to say of the files read: their SHA-256, and of each whether it is the one published under its name.

    published: SHA-256 by file name, or by the end of its path; "" where none is known. A file by another name is
    compared with all of them.
    """
    found = {file.name: file_digest(file) for file in files}
    many = "s" if len(found) > 1 else ""
    digests = ", ".join(digest if len(found) == 1 else f"{name} {digest}" for name, digest in found.items())
    return {f"sha256 of the file{many}": digests, f"the published file{many}": _verdict(found, published)}


def _verdict(found: Mapping[str, str], published: Mapping[str, str]) -> str:
    """no: altered, where a file differs from the one of its name, or from all there are; else cannot tell, or yes."""
    known = {digest for digest in published.values() if digest}
    others = {name for name, digest in found.items() if digest not in known}
    named = {path.rpartition("/")[2] for path, digest in published.items() if digest}
    altered = [name for name in found if name in others and (name in named or all(published.values()))]
    if altered:
        return "no: altered" if len(found) == 1 else f"no: {', '.join(altered)} altered"
    if others:
        return f"cannot tell: no digest is known of {', '.join(sorted(others))}"
    return "yes"
