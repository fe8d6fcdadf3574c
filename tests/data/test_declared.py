"""What a file says of where its image comes from is found where the standards put it, and nowhere else."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from marked_files import MADE, STORE, in_jpeg, in_png, in_webp, jumbf, saved, xmp

from genbench.data._blocks import MAX_BLOCK
from genbench.data._declared import SILENT, Declaration, declared_by
from genbench.data._images import image_files, read_image
from genbench.data._sniff import read_outputs

WRITERS = {"jpg": in_jpeg, "png": in_png, "webp": in_webp}


def said(tmp_path: Path, content: bytes) -> Declaration:
    file = tmp_path / "file"
    file.write_bytes(content)
    return declared_by(file)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_manifest_and_a_source_type_are_found_in_each_format(tmp_path: Path, kind: str) -> None:
    plain, write = saved(kind), WRITERS[kind]
    assert said(tmp_path, plain) == SILENT
    assert said(tmp_path, write(plain, manifest=STORE)) == Declaration(manifest=True)
    assert said(tmp_path, write(plain, packet=xmp(MADE))) == Declaration(source="trainedAlgorithmicMedia")
    both = write(plain, manifest=STORE, packet=xmp(MADE))
    assert said(tmp_path, both) == Declaration(True, "trainedAlgorithmicMedia")
    assert np.array_equal(read_image(io.BytesIO(both)), read_image(io.BytesIO(plain)))


def test_a_manifest_longer_than_a_jpeg_segment_is_put_together_and_missed_where_a_piece_is_lost(tmp_path: Path) -> None:
    long = jumbf(b"c2pa", filling=150_000)
    whole = in_jpeg(saved("jpg"), manifest=long)
    assert whole.count(b"\xff\xeb") >= 3
    assert said(tmp_path, whole) == Declaration(manifest=True)
    second = whole.index(b"\xff\xeb", whole.index(b"\xff\xeb") + 2)
    (size,) = struct.unpack(">H", whole[second + 2 : second + 4])
    assert said(tmp_path, whole[:second] + whole[second + 2 + size :]).unread == "a JUMBF box breaks off"


@pytest.mark.parametrize("kind", WRITERS)
def test_boxes_of_other_standards_and_words_in_comments_are_no_manifest(tmp_path: Path, kind: str) -> None:
    other = jumbf(b"c2pa", store=bytes(16)), jumbf(b"json"), struct.pack(">I4s", 16, b"free") + b"c2pajumb"
    for box in other:
        assert said(tmp_path, WRITERS[kind](saved(kind), manifest=box)) == SILENT
    assert said(tmp_path, saved("png", note=f"c2pa jumb DigitalSourceType {MADE}")) == SILENT


@pytest.mark.parametrize(
    ("value", "source"),
    [
        (MADE, "trainedAlgorithmicMedia"),
        (MADE.replace("http", "https"), "trainedAlgorithmicMedia"),
        (MADE.replace("trained", "compositeWithTrained"), "compositeWithTrainedAlgorithmicMedia"),
        ("trainedAlgorithmicMedia", '"trainedAlgorithmicMedia"'),
        ("http://evil.example/trainedAlgorithmicMedia", '"http://evil.example/trainedAlgorithmicMedia"'),
        ("", ""),
    ],
)
@pytest.mark.parametrize("form", ["attribute", "element", "resource"])
def test_a_source_type_counts_by_its_uri_however_it_is_written(
    tmp_path: Path, form: str, value: str, source: str
) -> None:
    assert said(tmp_path, in_png(saved("png"), packet=xmp(value, form))) == Declaration(source=source)


def test_an_inflated_packet_is_read_within_bounds(tmp_path: Path) -> None:
    assert said(tmp_path, in_png(saved("png"), packet=xmp(MADE), packed=True)).source == "trainedAlgorithmicMedia"
    bomb = b" " * (MAX_BLOCK + 1)
    file = in_png(saved("png"), packet=bomb, packed=True)
    assert len(file) < 100_000
    assert "above 16 MiB" in said(tmp_path, file).unread


def test_damaged_metadata_is_named_and_never_taken_for_none(tmp_path: Path) -> None:
    png, jpg, webp = saved("png"), saved("jpg"), saved("webp")
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha">]><x>&a;</x>'
    marked = in_png(png, manifest=STORE)
    for content, why in {
        in_png(png, packet=b"<x"): "no well-formed XML",
        in_png(png, packet=b"\xff\xfe<x/>"): "no UTF-8",
        in_png(png, packet=laughs): "a document type",
        marked[:-20]: "breaks off",
        marked.replace(STORE, STORE[:-1] + b"!"): "checksum",
        in_webp(webp, manifest=STORE)[:30]: "reaches past|breaks off",
        jpg[:4]: "breaks off",
        jpg[:2] + b"\xff\xeb\x00\x01" + jpg[2:]: "less than no length",
        jpg[:2] + b"\xff" * 9000 + jpg[2:]: "filling",
        jpg[:2] + b"\x00" + jpg[2:]: "breaks off|no marker|is read",
        saved("gif"): "only the metadata of JPEG, PNG, WebP and BMP",
    }.items():
        found = said(tmp_path, content)
        assert (found.manifest, found.source) == (False, "")
        assert any(part in found.unread for part in why.split("|")), (why, found)
    assert said(tmp_path, saved("bmp")) == SILENT
    assert declared_by(tmp_path / "nowhere").unread == "cannot be read: FileNotFoundError"


def test_any_bytes_are_survived(tmp_path: Path) -> None:
    """Marked files with a few bytes changed: an answer each time, whatever it is."""
    rng = np.random.default_rng(0)
    for kind, write in WRITERS.items():
        marked = write(saved(kind), manifest=STORE, packet=xmp(MADE))
        for _ in range(300):
            spoiled = bytearray(marked)
            for at in rng.integers(len(marked), size=3):
                spoiled[at] = rng.integers(256)
            assert isinstance(said(tmp_path, bytes(spoiled)[: rng.integers(len(marked))]), Declaration)


def test_outputs_declare_the_same_from_a_zip_of_their_folder(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    for i in range(6):
        plain = saved("jpg", seed=i)
        (folder / f"{i}.jpg").write_bytes(in_jpeg(plain, manifest=STORE) if i % 2 else plain)
    with zipfile.ZipFile(tmp_path / "made.zip", "w") as archive:
        for file in image_files(folder):
            archive.write(str(file), Path(str(file)).name)
    loose, packed = (read_outputs(str(tmp_path / name), "image") for name in ("made", "made.zip"))
    assert [of.manifest for of in loose.declared] == [False, True] * 3
    assert packed.declared == loose.declared
