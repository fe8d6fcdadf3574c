"""Image files that say where they come from, by bytes written here as the standards ask; nothing is signed."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image, PngImagePlugin

MADE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
TYPE = b"c2pa" + bytes.fromhex("00110010800000aa00389b71")
FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF", "bmp": "BMP"}


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def jumbf(label: bytes, *, store: bytes = TYPE, filling: int = 40) -> bytes:
    """A superbox of that type and label, with one box in it."""
    return box(b"jumb", box(b"jumd", store + b"\x03" + label + b"\0") + box(b"free", bytes(filling)))


STORE = jumbf(b"c2pa")


def xmp(value: str, form: str = "attribute") -> bytes:
    """An XMP packet with that digital source type."""
    name, head, tail = "Iptc4xmpExt:DigitalSourceType", "", ""
    if form == "attribute":
        head = f' {name}="{value}"'
    elif form == "element":
        tail = f"<{name}>{value}</{name}>"
    else:
        tail = f'<{name} rdf:resource="{value}"/>'
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
        f' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"{head}>{tail}</rdf:Description></rdf:RDF>'
        '</x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def saved(kind: str, *, seed: int = 0, note: str = "") -> bytes:
    """A small picture of noise in that format; note: a PNG comment."""
    pixels = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    file, text = io.BytesIO(), PngImagePlugin.PngInfo()
    text.add_text("Comment", note or "none")
    Image.fromarray(pixels).save(file, FORMATS[kind], **({"pnginfo": text} if kind == "png" else {}))
    return file.getvalue()


def in_jpeg(file: bytes, *, manifest: bytes = b"", packet: bytes = b"") -> bytes:
    """APP1 and APP11 segments behind the start of the image; each of the latter begins with the box's own head."""
    segments = [(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet)] if packet else []
    for z, piece in enumerate(_pieces(manifest[8:], 60_000), start=1):
        segments.append((0xEB, b"JP" + struct.pack(">HI", 1, z) + manifest[:8] + piece))
    made = b"".join(struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content for marker, content in segments)
    return file[:2] + made + file[2:]


def in_png(file: bytes, *, manifest: bytes = b"", packet: bytes = b"", packed: bool = False) -> bytes:
    """Chunks iTXt, deflated where `packed`, and caBX, behind the header."""
    text = zlib.compress(packet) if packed else packet
    chunks = [(b"iTXt", b"XML:com.adobe.xmp\0" + bytes([packed, 0, 0, 0]) + text)] if packet else []
    chunks += [(b"caBX", manifest)] if manifest else []
    made = b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
    return file[:33] + made + file[33:]


def in_webp(file: bytes, *, manifest: bytes = b"", packet: bytes = b"") -> bytes:
    """Chunks at the end of an extended file (VP8X), where readers that do not know them pass them over."""
    flags = 0x04 if packet else 0
    chunks = [(b"VP8X", struct.pack("<I", flags) + (15).to_bytes(3, "little") * 2)]
    after = [(kind, content) for kind, content in ((b"XMP ", packet), (b"C2PA", manifest)) if content]
    body = b"WEBP" + _riff(chunks) + file[12:] + _riff(after)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _riff(chunks: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(kind + struct.pack("<I", len(c)) + c + bytes(len(c) % 2) for kind, c in chunks)


def _pieces(content: bytes, size: int) -> Iterator[bytes]:
    yield from (content[at : at + size] for at in range(0, len(content), size))
