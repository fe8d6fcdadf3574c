"""Reads zip and tar archives from strangers as if they were folders: in memory, bounded, nothing is ever unpacked."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from genbench.core.errors import DataError

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
NESTED = frozenset({".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar"})
MAX_MEMBERS = 2_000_000
MAX_FILE = 256 << 20  # one member
MAX_HELD = 2 << 30  # what is wanted of a .tar.gz, which can only be read from its beginning
MAX_STREAM = 32 << 30  # how far a .tar.gz is read


@dataclass(frozen=True)
class Member:
    """One file of an archive: its name below the folder that was packed, its bytes, and why they cannot be had."""

    archive: Path
    name: PurePosixPath
    read: Callable[[], bytes] = field(repr=False, compare=False)
    fault: str = ""

    def __str__(self) -> str:
        return f"{self.archive}: {self.name}"


def is_archive(path: Path) -> bool:
    return path.name.lower().endswith(SUFFIXES) and path.is_file()


def members(path: Path, suffixes: frozenset[str]) -> list[Member]:
    """The files with such suffixes, in the order that a folder's would have; hidden ones left out.

    An archive within the archive, an encrypted file, a link and a file above 256 MB are there with their fault. Where
    one folder named as the archive holds everything, names begin below it. Of two files with one name the later counts.
    """
    found: dict[PurePosixPath, Member] = {}
    try:
        for count, member in enumerate(_zipped(path) if path.suffix.lower() == ".zip" else _tarred(path, suffixes)):
            if count >= MAX_MEMBERS:
                raise DataError(f"{path} holds more than {MAX_MEMBERS:,} files")
            suffix = member.name.suffix.lower()
            if any(part.startswith(".") for part in member.name.parts) or suffix not in suffixes | NESTED:
                continue
            fault = "an archive within an archive, which is not opened" if suffix in NESTED else member.fault
            found[member.name] = Member(path, member.name, member.read, fault)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, zlib.error, ValueError, OverflowError) as error:
        raise DataError(f"{path} is no whole archive: {type(error).__name__}: {error}") from error
    top = path.name[: -len(next(s for s in SUFFIXES if path.name.lower().endswith(s)))]
    if all(len(name.parts) > 1 and name.parts[0] == top for name in found):
        found = {(below := PurePosixPath(*n.parts[1:])): Member(path, below, m.read, m.fault) for n, m in found.items()}
    return [found[name] for name in sorted(found, key=lambda name: name.parts)]


def _clean(name: str) -> PurePosixPath:
    """A name is only ever shown and compared, so where it would lead outside does not matter."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return PurePosixPath(*[part for part in parts if part not in ("/", ".", "..")])


def _zipped(path: Path) -> Iterator[Member]:
    archive = zipfile.ZipFile(path)
    for info in archive.infolist():
        if info.is_dir():
            continue
        fault = ""
        if info.flag_bits & 1:
            fault = "encrypted"
        elif stat.S_ISLNK(info.external_attr >> 16):
            fault = "a link, which is not followed"
        elif info.file_size > MAX_FILE:  # reading stops at the size that is declared, so no member can grow past it
            fault = f"would have {info.file_size:,} bytes; at most {MAX_FILE:,} are read"
        yield Member(path, _clean(info.filename), lambda info=info: archive.read(info), fault)  # type: ignore[misc]


def _tarred(path: Path, suffixes: frozenset[str]) -> Iterator[Member]:
    """Of a plain tar, members are read where they lie; what is wanted of a compressed one is kept in memory."""
    packed = path.name.lower().endswith("gz")
    stream = _Bounded(gzip.GzipFile(path)) if packed else path.open("rb")
    with stream, tarfile.open(fileobj=stream, mode="r|" if packed else "r:") as archive:
        held = 0
        for info in archive:
            name = _clean(info.name)
            if info.isdir():
                continue
            fault = "" if info.isreg() and not info.issparse() else "a link or device, which is not followed"
            if info.size > MAX_FILE:
                fault = f"would have {info.size:,} bytes; at most {MAX_FILE:,} are read"
            if not packed:
                yield Member(path, name, _slice(path, info.offset_data, info.size), fault)
                continue
            content = b""
            if not fault and name.suffix.lower() in suffixes:
                held += info.size
                if held > MAX_HELD:
                    raise DataError(f"{path} holds more than {MAX_HELD >> 30} GiB: unpack it, or give a plain .tar")
                inner = archive.extractfile(info)
                content = inner.read() if inner else b""
            yield Member(path, name, lambda content=content: content, fault)  # type: ignore[misc]


def _slice(path: Path, start: int, size: int) -> Callable[[], bytes]:
    def read() -> bytes:
        with path.open("rb") as handle:
            handle.seek(start)
            found = handle.read(size)
        if len(found) < size:
            raise EOFError("the archive ends within this file")
        return found

    return read


class _Bounded(io.RawIOBase):
    """A stream that ends in an error where it becomes unreasonably long: gzip packs a thousand times."""

    def __init__(self, inner: gzip.GzipFile) -> None:
        self.inner, self.left = inner, MAX_STREAM

    def close(self) -> None:
        self.inner.close()
        super().close()

    def read(self, size: int = -1) -> bytes:
        found = self.inner.read(size)
        self.left -= len(found)
        if self.left < 0:
            raise DataError(f"more than {MAX_STREAM >> 30} GiB come out of {self.inner.name}; it is not read on")
        return found
