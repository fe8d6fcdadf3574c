"""What an image file declares of where its image comes from: a C2PA manifest, an IPTC digital source type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase, BytesIO
from xml.etree import ElementTree

from genbench.data._archives import Member
from genbench.data._blocks import Damaged, NotRead, blocks
from genbench.data._images import Place

# A manifest store is a JUMBF superbox of this type and label (C2PA specification 2.x, "Use of JUMBF").
STORE, LABEL = bytes.fromhex("6332706100110010800000AA00389B71"), b"c2pa"
FIELD = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
RESOURCE = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource"
VOCABULARY = "cv.iptc.org/newscodes/digitalsourcetype/"
LONGEST = 80  # characters of a value that is in no vocabulary


@dataclass(frozen=True)
class Declaration:
    """What one file declares.

    manifest: it bears a C2PA manifest store, whoever signed it and whatever it says. source: its IPTC digital source
    type, the last part of the URI; "" where it states none. unread: why it could not be read for this; "" where it
    could.
    """

    manifest: bool = False
    source: str = ""
    unread: str = ""


SILENT = Declaration()


def declared_by(file: Place) -> Declaration:
    """What the file declares; never raises. The source type stands in XMP alone: IPTC-IIM has no field for it."""
    try:
        if isinstance(file, Member):
            return _declared(BytesIO(file.read()))
        with file.open("rb") as stream:
            return _declared(stream)
    except (Damaged, NotRead) as error:
        return Declaration(unread=str(error))
    except OSError as error:
        return Declaration(unread=f"cannot be read: {type(error).__name__}")


def _declared(stream: BufferedIOBase) -> Declaration:
    manifest, sources = False, []
    for kind, content in blocks(stream):
        if kind == "jumbf":
            manifest |= _is_store(content)
        else:
            sources += _source_types(content)
    return Declaration(manifest, sources[0] if sources else "")


def _is_store(box: bytes) -> bool:
    """Whether a JUMBF box is a C2PA manifest store: its description says so, and it is there to its end."""
    kind, inside = _opened(box)
    if kind != b"jumb":
        return False
    described, description = _opened(inside)
    # type [16], toggles [1], label ending in 0
    return described == b"jumd" and description[:16] == STORE and description[17:].split(b"\0")[0] == LABEL


def _opened(box: bytes) -> tuple[bytes, bytes]:
    """(type, content) of the box that begins here: length [4], type [4], and a long length [8] where that is 1."""
    size, kind, start = int.from_bytes(box[:4], "big"), box[4:8], 8
    if size == 1:
        size, start = int.from_bytes(box[8:16], "big"), 16
    size = size or len(box)  # 0: to the end
    if not start <= size <= len(box):
        raise Damaged("a JUMBF box breaks off")
    return kind, box[start:size]


def _source_types(packet: bytes) -> list[str]:
    """Digital source types of an XMP packet (RDF in UTF-8), as attributes or elements."""
    try:
        text = packet.decode("utf-8-sig").strip("\0 \t\r\n")
    except UnicodeDecodeError as error:
        raise Damaged("an XMP packet that is no UTF-8") from error
    if "<!DOCTYPE" in text or "<!ENTITY" in text:  # XMP has none, and entities can grow without bound
        raise Damaged("an XMP packet with a document type, which is not read")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise Damaged("an XMP packet that is no well-formed XML") from error
    return [source for value in _values(root) if (source := _code(value))]


def _values(root: ElementTree.Element) -> Iterator[str]:
    for element in root.iter():
        if FIELD in element.attrib:
            yield element.attrib[FIELD]
        if element.tag == FIELD:
            yield element.attrib.get(RESOURCE) or "".join(element.itertext())


def _code(value: str) -> str:
    """`trainedAlgorithmicMedia` of its URI; what is no URI of the vocabulary stays as it is, in quotation marks."""
    value = value.strip()
    scheme, _, rest = value.partition("://")
    if scheme in ("http", "https") and rest.startswith(VOCABULARY):
        return rest.removeprefix(VOCABULARY).strip("/")[:LONGEST]
    return f'"{value[:LONGEST]}"' if value else ""
