"""Where image files keep what they say of themselves: walked part by part, bounded, and never searched for bytes."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from io import BufferedIOBase
from typing import Literal, TypeAlias

MAX_PARTS = 100_000  # segments or chunks of one file; an image of 50 megapixels has some thousands
MAX_FILL = 4096  # bytes of filling before a JPEG marker
MAX_BLOCK = 16 << 20  # bytes of one block, also once inflated; a manifest with its thumbnails has about one million

Block: TypeAlias = tuple[Literal["jumbf", "xmp"], bytes]

JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
XMP_IN_JPEG, XMP_IN_PNG = b"http://ns.adobe.com/xap/1.0/\0", b"XML:com.adobe.xmp\0"
APP1, APP11, SCAN, END = 0xE1, 0xEB, 0xDA, 0xD9
BARE = frozenset({0x01, *range(0xD0, 0xD8)})  # JPEG markers that nothing follows


class Damaged(Exception):
    """What is wrong with a file's metadata, in words."""


class NotRead(Exception):
    """A format whose metadata is not looked for."""


def blocks(stream: BufferedIOBase) -> Iterator[Block]:
    """JUMBF boxes and XMP packets of a JPEG, PNG or WebP file, in its order; a BMP file has none.

    JPEG: APP11 segments (ISO/IEC 19566-5, D.2) put together by their box number, and APP1 (XMP part 3; what is spilt
    into extended packets is not read). PNG: chunks caBX, and iTXt of Adobe's keyword. WebP: chunks C2PA and XMP.
    `Damaged` where the container breaks off or contradicts itself; `NotRead` for any other format.
    """
    head = stream.read(12)
    if head.startswith(JPEG):
        walk: Callable[[BufferedIOBase], Iterator[Block]] = _of_jpeg
    elif head.startswith(PNG):
        walk = _of_png
    elif head[:4] == b"RIFF" and head[8:] == b"WEBP":
        walk = _of_webp
    elif head.startswith(b"BM"):
        return
    else:
        raise NotRead("only the metadata of JPEG, PNG, WebP and BMP files is read")
    yield from walk(stream)


def _of_jpeg(stream: BufferedIOBase) -> Iterator[Block]:
    stream.seek(2)
    boxes: dict[bytes, bytearray] = {}  # by number: one box may be cut into segments of 64 kB
    for _ in range(MAX_PARTS):
        if (marker := _marker(stream)) in (SCAN, END):  # pixels follow, metadata does not
            yield from (("jumbf", bytes(box)) for box in boxes.values())
            return
        if marker in BARE:
            continue
        size = int.from_bytes(_exactly(stream, 2), "big") - 2
        if size < 0:
            raise Damaged("a JPEG segment of less than no length")
        if marker not in (APP1, APP11):
            stream.seek(size, 1)
            continue
        content = _exactly(stream, size)
        if marker == APP1 and content.startswith(XMP_IN_JPEG):
            yield "xmp", content.removeprefix(XMP_IN_JPEG)
        elif marker == APP11 and content.startswith(b"JP") and size >= 16:
            box = boxes.setdefault(content[2:4], bytearray())
            box += content[8:] if not box else content[_header(content) :]
            if len(box) > MAX_BLOCK:
                raise Damaged(f"a box above {MAX_BLOCK >> 20} MiB")
    raise Damaged(f"more than {MAX_PARTS:,} segments")


def _header(segment: bytes) -> int:
    """How much of an APP11 segment stands before its share of a box: eight bytes, and the box's own head repeated."""
    return 24 if segment[8:12] == b"\0\0\0\1" else 16  # a length of 1: the true one follows in eight bytes


def _marker(stream: BufferedIOBase) -> int:
    """The code of the next marker: 0xFF, as often as a writer likes, and one other byte."""
    if _exactly(stream, 1) != b"\xff":
        raise Damaged("no marker where a JPEG segment should begin")
    for _ in range(MAX_FILL):
        if (code := _exactly(stream, 1)[0]) != 0xFF:
            return code
    raise Damaged(f"more than {MAX_FILL:,} bytes of filling before a JPEG marker")


def _of_png(stream: BufferedIOBase) -> Iterator[Block]:
    stream.seek(len(PNG))
    for _ in range(MAX_PARTS):
        size, kind = int.from_bytes(_exactly(stream, 4), "big"), _exactly(stream, 4)
        if kind == b"IEND":
            return
        if kind not in (b"caBX", b"iTXt"):
            stream.seek(size + 4, 1)
            continue
        content = _block(stream, size)
        if zlib.crc32(kind + content) != int.from_bytes(_exactly(stream, 4), "big"):
            raise Damaged(f"the checksum of a {kind.decode()} chunk is wrong")
        if kind == b"caBX":
            yield "jumbf", content
        elif content.startswith(XMP_IN_PNG):
            yield "xmp", _international(content.removeprefix(XMP_IN_PNG))
    raise Damaged(f"more than {MAX_PARTS:,} chunks")


def _international(content: bytes) -> bytes:
    """The text of an iTXt chunk behind its keyword: flag, method, language, translated keyword, text."""
    fields = content[2:].split(b"\0", 2)
    if len(content) < 2 or len(fields) < 3:
        raise Damaged("an iTXt chunk without text")
    if content[0] == 0:
        return fields[2]
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(fields[2], MAX_BLOCK)
    except zlib.error as error:
        raise Damaged("an iTXt chunk that cannot be inflated") from error
    if not inflater.eof:
        raise Damaged(f"an iTXt chunk that breaks off, or has above {MAX_BLOCK >> 20} MiB")
    return text


def _of_webp(stream: BufferedIOBase) -> Iterator[Block]:
    stream.seek(4)
    end = 8 + int.from_bytes(_exactly(stream, 4), "little")
    stream.seek(12)
    for _ in range(MAX_PARTS):
        if stream.tell() + 8 > end:
            return
        kind, size = _exactly(stream, 4), int.from_bytes(_exactly(stream, 4), "little")
        start = stream.tell()
        if start + size > end:
            raise Damaged("a WebP chunk reaches past the end of its file")
        if kind in (b"C2PA", b"XMP "):
            yield "jumbf" if kind == b"C2PA" else "xmp", _block(stream, size)
        stream.seek(start + size + size % 2)
    raise Damaged(f"more than {MAX_PARTS:,} chunks")


def _block(stream: BufferedIOBase, size: int) -> bytes:
    if size > MAX_BLOCK:
        raise Damaged(f"a chunk above {MAX_BLOCK >> 20} MiB")
    return _exactly(stream, size)


def _exactly(stream: BufferedIOBase, size: int) -> bytes:
    found = stream.read(size)
    if len(found) < size:
        raise Damaged("the file breaks off")
    return found
