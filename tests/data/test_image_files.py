"""Images from strangers: every odd file is read right or named with a reason, and none is fatal."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genbench.core.errors import DataError
from genbench.data import _images
from genbench.data._images import Unusable, read_image, resized
from genbench.data.image_folder import image_folder


def photo(seed: int, height: int = 24, width: int = 24) -> np.ndarray:
    """A smooth picture unlike that of any other seed: uint8 [height width 3]."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def bomb(path: Path, side: int, *, broken: bool = False) -> Path:
    """A PNG of side x side pixels, one bit each, in a few kilobytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"not pixels" if broken else zlib.compress(bytes((1 + side // 8) * side), 9)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    return path


def test_a_bomb_is_refused_from_its_header(tmp_path: Path) -> None:
    path = bomb(tmp_path / "bomb.png", 10_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(Unusable, match=r"10000 x 10000 = 100,000,000 pixels; at most 50,000,000"):
        read_image(path)
    with pytest.raises(Unusable, match="pixels; at most"):  # not "cannot be decoded": nothing was
        read_image(bomb(tmp_path / "broken.png", 10_000, broken=True))
    with pytest.raises(Unusable, match="pixels"):
        read_image(bomb(tmp_path / "huge.png", 20_000), max_pixels=10**9)
    small = bomb(tmp_path / "small.png", 64)
    assert read_image(small).shape == (64, 64, 1)
    with pytest.raises(Unusable, match="at most 4,000"):
        read_image(small, max_pixels=4_000)


def test_sixteen_bits_are_scaled_to_eight(tmp_path: Path) -> None:
    levels = np.arange(256, dtype=np.uint16).reshape(16, 16) * 257
    for name in ("deep.png", "deep.tif"):
        Image.fromarray(levels).save(tmp_path / name)
        assert np.array_equal(read_image(tmp_path / name)[:, :, 0], np.arange(256).reshape(16, 16))
    dark = np.full((4, 4), 200, dtype=np.uint16)  # dark in 16 bits, not bright in 8
    Image.fromarray(dark).save(tmp_path / "dark.png")
    assert read_image(tmp_path / "dark.png").max() == 1


def test_cmyk_keeps_its_colours(tmp_path: Path) -> None:
    for name, colour in (("red", (200, 30, 60)), ("blue", (20, 60, 220)), ("white", (255, 255, 255))):
        path = tmp_path / f"{name}.jpg"
        Image.new("RGB", (16, 16), colour).convert("CMYK").save(path, quality=95)
        with Image.open(path) as stored:
            assert stored.mode == "CMYK"
        assert np.abs(read_image(path).astype(int) - np.array(colour)).max() <= 6


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "P", "L"])
def test_transparency_is_laid_on_white(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "clear.png"
    if mode == "L":  # one grey level is declared transparent
        Image.new("L", (8, 8), 7).save(path, transparency=7)
    elif mode == "P":
        image = Image.new("P", (8, 8), 3)
        image.putpalette(list(range(30)))
        image.save(path, transparency=3)
    elif mode == "PA":
        path = tmp_path / "clear.gif"
        Image.new("RGBA", (8, 8), (9, 9, 9, 0)).save(path)
    else:
        Image.new("RGBA", (8, 8), (9, 9, 9, 0)).convert(mode).save(path)
    pixels = read_image(path)
    assert pixels.min() == 255
    assert pixels.shape[2] == (1 if mode in ("L", "LA") else 3)


def test_orientation_is_applied(tmp_path: Path) -> None:
    pixels = photo(0, 10, 30)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to show
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "turned.png"), np.rot90(pixels, -1))
    assert _images._shape(tmp_path / "turned.png", 10**6) == (30, 10)


def test_floats_and_disguises_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "float.tif")
    with pytest.raises(Unusable, match="floats"):
        read_image(tmp_path / "float.tif")
    (tmp_path / "script.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")
    with pytest.raises(Unusable, match="not an image of a known format"):
        read_image(tmp_path / "script.png")


def test_damaged_files_are_read_or_named_and_never_raise_otherwise(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    named = 0
    for suffix in ("png", "jpeg", "webp", "gif", "tiff", "bmp"):
        buffer = io.BytesIO()
        Image.fromarray(photo(1)).save(buffer, suffix)
        for trial in range(40):
            raw = bytearray(buffer.getvalue())
            for at in rng.integers(0, len(raw), size=6):
                raw[at] = rng.integers(256)
            path = tmp_path / f"{trial}.{suffix}"
            path.write_bytes(raw[: len(raw) // 2] if trial % 4 == 0 else raw)
            try:
                pixels = read_image(path, max_pixels=10_000)
            except Unusable as error:
                named += bool(str(error))
                continue
            assert pixels.dtype == np.uint8
            assert pixels.ndim == 3
    assert named > 60


def test_a_folder_of_odd_files(tmp_path: Path) -> None:
    for i in range(6):
        Image.fromarray(photo(i)).save(tmp_path / f"{i}.png")
    Image.fromarray(photo(10)).save(tmp_path / "LOUD.PNG")
    Image.fromarray(photo(11)).save(tmp_path / "web.webp", lossless=True)
    Image.fromarray(photo(12)).convert("L").save(tmp_path / "grey.JPG")
    Image.fromarray(photo(13, 40, 48)).save(tmp_path / "large.bmp")
    (tmp_path / "corrupt.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / ".cache").mkdir()
    Image.fromarray(photo(14)).save(tmp_path / ".cache" / "hidden.png")
    bomb(tmp_path / "bomb.png", 10_000)
    data = image_folder(path=str(tmp_path))
    assert len(data.items) == 10
    assert {item.shape for item in data.items} == {(24, 24, 3)}
    assert {Path(q.path).name for q in data.quarantined} == {"corrupt.png", "bomb.png"}
    assert all(q.reason for q in data.quarantined)
    assert data.facts["resized"].startswith("1 of 10")
    assert data.facts["grey made colour"].startswith("1 of 10")
    assert data.groups is None
    kept = dict(zip(data.keys, data.items, strict=True))
    assert np.array_equal(kept["LOUD.PNG"], photo(10))
    assert np.array_equal(kept["web.webp"], photo(11))


def test_class_folders_are_groups_and_the_digest_is_of_content(tmp_path: Path) -> None:
    for label, start in (("cat", 0), ("dog", 10)):
        (tmp_path / label).mkdir()
        for i in range(start, start + 5):
            Image.fromarray(photo(i)).save(tmp_path / label / f"{i}.png")
    first = image_folder(path=str(tmp_path))
    assert first.groups is not None
    assert first.groups.names == ("cat", "dog")
    assert np.bincount(first.groups.labels).tolist() == [5, 5]
    assert first.digest == image_folder(path=str(tmp_path)).digest
    changed = photo(3).copy()
    changed[0, 0, 0] ^= 1
    Image.fromarray(changed).save(tmp_path / "cat" / "3.png")
    assert image_folder(path=str(tmp_path)).digest != first.digest
    assert {i.shape for i in image_folder(path=str(tmp_path), size=10).items} == {(10, 10, 3)}


def test_recompressed_copies_stay_on_one_side(tmp_path: Path) -> None:
    for i in range(30):
        Image.fromarray(photo(i, 64, 64)).save(tmp_path / f"{i:02}.png")
        Image.fromarray(photo(i, 64, 64)).save(tmp_path / f"{i:02}-copy.jpg", quality=75)
    data = image_folder(path=str(tmp_path))
    side = {data.keys[i]: name for name, indices in data.splits.items() for i in indices}
    assert len(side) == 60
    assert all(side[f"{i:02}.png"] == side[f"{i:02}-copy.jpg"] for i in range(30))
    assert data.facts["near-duplicates kept on one side"] == 60
    assert len(set(side.values())) == 3


def test_colour_tells_pictures_of_one_brightness_apart(tmp_path: Path) -> None:
    for i, colour in enumerate([(150, 0, 0), (0, 150, 0), (0, 0, 150)]):
        Image.new("RGB", (16, 16), colour).save(tmp_path / f"{i}.png")
    assert "near-duplicates kept on one side" not in image_folder(path=str(tmp_path)).facts


def test_a_held_out_folder_of_ones_own(tmp_path: Path) -> None:
    for folder, seeds in (("mine", range(8)), ("other", range(6, 18))):
        (tmp_path / folder).mkdir()
        for i in seeds:
            Image.fromarray(photo(i)).save(tmp_path / folder / f"{i}.png")
    data = image_folder(path=str(tmp_path / "mine"), held_out=str(tmp_path / "other"))
    assert sorted(data.keys[i] for i in data.splits["train"]) == sorted(f"{i}.png" for i in range(8))
    scored = {data.keys[i] for s in ("held_out", "reserve") for i in data.splits[s]}  # type: ignore[index]
    assert scored == {f"held_out/{i}.png" for i in range(8, 18)}
    assert len(data.splits["reserve"]) == 2
    assert data.facts["held-out items left out"].startswith("2 of 12")


def test_unusable_folders_say_why(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    with pytest.raises(DataError, match="did you mean 'pictures'"):
        image_folder(path=str(tmp_path / "picturs"))
    with pytest.raises(DataError, match="0 usable"):
        image_folder(path=str(tmp_path / "pictures"))
    (tmp_path / "pictures" / "a.png").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"set aside: .*a\.png: not an image"):
        image_folder(path=str(tmp_path / "pictures"))
    Image.fromarray(photo(1)).save(tmp_path / "pictures" / "b.png")
    with pytest.raises(DataError, match="1 usable"):
        image_folder(path=str(tmp_path / "pictures"))
    with pytest.raises(DataError, match="is a file"):
        image_folder(path=str(tmp_path / "pictures" / "b.png"))
    with pytest.raises(DataError, match="size must be"):
        image_folder(path=str(tmp_path / "pictures"), size=0)


def test_a_folder_too_large_for_memory_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(3):
        Image.fromarray(photo(i)).save(tmp_path / f"{i}.png")
    monkeypatch.setattr(_images, "MAX_BYTES", 5000)
    with pytest.raises(DataError, match="set `size`"):
        image_folder(path=str(tmp_path))
    assert len(image_folder(path=str(tmp_path), size=16).items) == 3


def test_resizing_is_pillows_antialiased_bicubic_in_floats() -> None:
    pixels = photo(2, 50, 40)
    ours = resized(pixels, 12, 9)
    for c in range(3):
        plane = Image.fromarray(pixels[:, :, c].astype(np.float32)).resize((9, 12), Image.Resampling.BICUBIC)
        assert np.array_equal(ours[:, :, c], np.clip(np.rint(np.asarray(plane)), 0, 255).astype(np.uint8))
    # Antialiased: the mean of fine stripes survives a reduction by ten, which no plain interpolation keeps.
    stripes = np.tile(np.array([0, 0, 0, 255], np.uint8), (100, 25))[:, :, None]
    assert abs(resized(stripes, 10, 10).mean() - 63.75) < 1.5
