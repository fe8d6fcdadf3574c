"""A zip or tar counts as the folder that was packed; what is odd in it is named, and nothing is unpacked."""

from __future__ import annotations

import io
import shutil
import stat
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from data.test_image_files import bomb, photo
from PIL import Image

from genbench.core.data import Dataset
from genbench.core.errors import DataError
from genbench.data import _archives
from genbench.data._archives import members
from genbench.data._sniff import read_outputs, sniff
from genbench.data.image_folder import image_folder

PNG = frozenset({".png"})


def mixed(root: Path) -> Path:
    """Photos of mixed sizes and formats in two class folders, a torn one, a bomb, a hidden one and notes."""
    for label, start in (("cat", 0), ("dog", 10)):
        (root / label).mkdir(parents=True)
        for i in range(start, start + 6):
            Image.fromarray(photo(i)).save(root / label / f"{i}.png")
    Image.fromarray(photo(20, 40, 48)).save(root / "cat" / "large.JPG", quality=95)
    Image.fromarray(photo(21)).convert("L").save(root / "dog" / "grey.webp", lossless=True)
    (root / "dog" / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    bomb(root / "cat" / "bomb.png", 10_000)
    (root / "dog" / ".hidden").mkdir()
    Image.fromarray(photo(22)).save(root / "dog" / ".hidden" / "x.png")
    (root / "dog" / "notes.txt").write_text("not an image")
    return root


def same(one: Dataset, other: Dataset) -> bool:
    assert one.keys == other.keys
    assert one.digest == other.digest
    assert one.facts == other.facts
    assert [q.reason for q in one.quarantined] == [q.reason for q in other.quarantined]
    return all(np.array_equal(one.splits[name], other.splits[name]) for name in one.splits)


@pytest.mark.parametrize("kind", ["zip", "tar", "gztar"])
def test_an_archive_gives_what_its_folder_gives(tmp_path: Path, kind: str) -> None:
    root = mixed(tmp_path / "photos")
    whole = image_folder(path=str(root))
    assert len(whole.items) == 14
    assert len(whole.quarantined) == 2
    assert whole.groups is not None
    plain = shutil.make_archive(str(tmp_path / "elsewhere"), kind, root_dir=root)
    (tmp_path / "packed").mkdir()
    outer = shutil.make_archive(str(tmp_path / "packed" / "photos"), kind, root_dir=tmp_path, base_dir="photos")
    for archive in (plain, outer):
        assert sniff(archive) == ("image_folder", {"path": archive})
        assert same(image_folder(path=archive), whole)
        outputs = read_outputs(archive, "image")
        assert outputs.digest == read_outputs(str(root), "image").digest
        assert len(outputs.quarantined) == 2
    renamed = Path(outer).rename(tmp_path / ("download" + "".join(Path(outer).suffixes)))
    assert image_folder(path=str(renamed)).digest == whole.digest  # classes are found below the one folder


def test_a_held_out_archive(tmp_path: Path) -> None:
    mixed(tmp_path / "photos")
    archive = shutil.make_archive(str(tmp_path / "photos"), "zip", root_dir=tmp_path / "photos")
    (tmp_path / "other").mkdir()
    for i in range(30, 36):
        Image.fromarray(photo(i)).save(tmp_path / "other" / f"{i}.png")
    from_folder = image_folder(path=str(tmp_path / "photos"), held_out=str(tmp_path / "other"))
    assert same(image_folder(path=archive, held_out=str(tmp_path / "other")), from_folder)


def test_a_tar_of_samples_with_texts_beside_them(tmp_path: Path) -> None:
    """The layout of WebDataset: the images are read, in the order of their names."""
    path = tmp_path / "shard-000000.tar"
    with tarfile.open(path, "w") as archive:
        for i in (2, 0, 1):
            for suffix, content in (("png", png(photo(i))), ("txt", b"a caption"), ("json", b"{}"), ("cls", b"3")):
                info = tarfile.TarInfo(f"{i:04}.{suffix}")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    found = read_outputs(str(path), "image")
    assert [np.array_equal(item, photo(i)) for i, item in enumerate(found.items)] == [True] * 3
    assert not found.quarantined


def shard(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def test_class_files_of_webdataset_are_the_groups(tmp_path: Path) -> None:
    """From a tar and from the folder it was made of; of a name with two dots, what is before the first counts."""
    files = {f"{i:04}.left.png": png(photo(i)) for i in range(8)}
    files |= {f"{i:04}.cls": str(i % 3).encode() + b"\n" for i in range(8)}
    (tmp_path / "folder").mkdir()
    for name, content in files.items():
        (tmp_path / "folder" / name).write_bytes(content)
    for path in (shard(tmp_path / "folder.tar", files), tmp_path / "folder"):
        found = image_folder(path=str(path))
        assert found.groups is not None
        assert found.groups.names == ("0", "1", "2")
        assert [found.groups.names[label] for label in found.groups.labels] == [str(i % 3) for i in range(8)]
        assert found.facts["class files"] == "one beside each image, 3 classes"


@pytest.mark.parametrize("spoilt", [None, b"", b"x" * 500, b"\xff\xfe"])
def test_a_missing_or_odd_class_file_leaves_no_classes_and_is_said(tmp_path: Path, spoilt: bytes | None) -> None:
    files = {f"{i}.png": png(photo(i)) for i in range(4)} | {f"{i}.cls": str(i % 2).encode() for i in range(3)}
    if spoilt is not None:
        files["3.cls"] = spoilt
    found = image_folder(path=str(shard(tmp_path / "x.tar", files)))
    assert found.groups is None
    assert found.facts["class files"] == "not used: 1 of 4 images have none that can be read"


def test_subfolders_are_classes_where_class_files_name_just_one(tmp_path: Path) -> None:
    files = {f"{kind}/{i}.png": png(photo(i + start)) for kind, start in (("cat", 0), ("dog", 9)) for i in range(3)}
    files |= {name.replace(".png", ".cls"): b"0" for name in files}
    found = image_folder(path=str(shard(tmp_path / "x.tar", files)))
    assert found.groups is not None
    assert found.groups.names == ("cat", "dog")


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()


def test_what_lies_oddly_in_a_zip_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(3):
            archive.writestr(f"../../{i}.png", png(photo(i)))
        archive.writestr("/etc\\back.png", png(photo(3)))
        archive.writestr("inner.zip", b"PK")
        archive.writestr("__MACOSX/._0.png", b"a resource fork")
        link = zipfile.ZipInfo("link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("wrong.png", png(photo(4)))
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"wrong.png") + 40] ^= 255  # within the packed bytes that follow the name
    path.write_bytes(raw)
    before = set(tmp_path.parent.rglob("*"))
    found = read_outputs(str(path), "image")
    assert len(found.items) == 4
    reasons = {Path(q.path).name.split(": ")[-1]: q.reason for q in found.quarantined}
    assert reasons["inner.zip"] == "an archive within an archive, which is not opened"
    assert reasons["link.png"] == "a link, which is not followed"
    assert "CRC" in reasons["wrong.png"] or "decompress" in reasons["wrong.png"]
    assert set(tmp_path.parent.rglob("*")) == before


def test_links_and_devices_of_a_tar_are_named(tmp_path: Path) -> None:
    path = tmp_path / "odd.tar"
    with tarfile.open(path, "w") as archive:
        content = png(photo(0))
        info = tarfile.TarInfo("0.png")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
        for name, kind in (("sym.png", tarfile.SYMTYPE), ("hard.png", tarfile.LNKTYPE), ("pipe.png", tarfile.FIFOTYPE)):
            odd = tarfile.TarInfo(name)
            odd.type, odd.linkname = kind, "/etc/passwd"
            archive.addfile(odd)
    found = read_outputs(str(path), "image")
    assert len(found.items) == 1
    assert sorted(q.reason for q in found.quarantined) == ["a link or device, which is not followed"] * 3


def test_encrypted_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("0.png", png(photo(0)))
    raw = bytearray(path.read_bytes())
    raw[6] |= 1  # the flag, in the file's own header and in the table at the end
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    with pytest.raises(DataError, match=r"no usable image[\s\S]*0\.png: encrypted"):
        read_outputs(str(path), "image")


def test_bombs_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_archives, "MAX_FILE", 100_000)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.png", png(photo(0)))
        archive.writestr("zeros.png", bytes(1_000_000))
    found = read_outputs(str(path), "image")
    assert len(found.items) == 1
    assert found.quarantined[0].reason == "would have 1,000,000 bytes; at most 100,000 are read"
    raw = path.read_bytes()  # the same with a lie about its size
    path.write_bytes(raw.replace((1_000_000).to_bytes(4, "little"), (50_000).to_bytes(4, "little")))
    found = read_outputs(str(path), "image")
    assert len(found.items) == 1
    (lied,) = (m for m in members(path, PNG) if m.name.name == "zeros.png")
    with pytest.raises(zipfile.BadZipFile, match="CRC"):
        lied.read()
    monkeypatch.setattr(_archives, "MAX_MEMBERS", 1)
    with pytest.raises(DataError, match="more than 1 files"):
        read_outputs(str(path), "image")


def test_a_compressed_tar_is_read_so_far_and_no_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "zeros.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in ("0.png", "1.bin"):
            info = tarfile.TarInfo(name)
            info.size = 3_000_000
            archive.addfile(info, io.BytesIO(bytes(info.size)))
    assert path.stat().st_size < 50_000
    assert [str(m.name) for m in members(path, PNG)] == ["0.png"]
    monkeypatch.setattr(_archives, "MAX_HELD", 2_000_000)
    with pytest.raises(DataError, match="unpack it"):
        members(path, PNG)
    monkeypatch.setattr(_archives, "MAX_STREAM", 1_000_000)
    monkeypatch.setattr(_archives, "MAX_HELD", 9_000_000)
    with pytest.raises(DataError, match="GiB come out of"):
        members(path, PNG)


@pytest.mark.parametrize("kind", ["zip", "tar", "gztar"])
def test_a_torn_archive_is_named(tmp_path: Path, kind: str) -> None:
    mixed(tmp_path / "photos")
    path = Path(shutil.make_archive(str(tmp_path / "photos"), kind, root_dir=tmp_path / "photos"))
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])
    if kind == "tar":  # what lies before the tear is whole, and tar keeps no table that could be missed
        with pytest.raises(DataError, match="no whole archive"):
            image_folder(path=str(path))
        return
    with pytest.raises(DataError, match="is no whole archive"):
        image_folder(path=str(path))
    path.write_bytes(b"")
    with pytest.raises(DataError, match="is no whole archive"):
        image_folder(path=str(path))


def test_of_two_files_with_one_name_the_later_counts_as_when_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("0.png", png(photo(0)))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("0.png", png(photo(1)))
    found = read_outputs(str(path), "image")
    assert len(found.items) == 1
    assert np.array_equal(found.items[0], photo(1))
