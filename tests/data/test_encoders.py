"""What an image file lost when it was written is read from it, and done likewise to other images."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genbench.data._encoders import LOSSLESS, SAVED_AS, Encoder, encoded, encoder_of, repeatable, shared
from genbench.data._images import EncodedLike, through
from genbench.data._sniff import read_outputs
from genbench.data.image_folder import image_folder


def photo(seed: int, side: int = 24, channels: int = 3) -> np.ndarray:
    """A rough picture [side side channels]."""
    return np.random.default_rng(seed).integers(0, 256, (side, side, channels), np.uint8)


def picture(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


@pytest.mark.parametrize("quality", [5, 50, 75, 95, 100])
@pytest.mark.parametrize("sampling", [0, 1, 2])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_encoded_like_a_file_is_what_its_writer_would_have_made(
    quality: int, sampling: int, channels: int
) -> None:
    other, mine = photo(0, channels=channels), photo(1, channels=channels)
    files = [io.BytesIO(), io.BytesIO()]
    for file, pixels in zip(files, (other, mine), strict=True):
        picture(pixels).save(file, "JPEG", quality=quality, subsampling=sampling)
    with Image.open(files[0]) as image:
        encoder = encoder_of(image, other.shape, other.shape)
        with Image.open(encoded(mine, encoder)) as again:
            assert encoder_of(again, mine.shape, mine.shape) == encoder
            assert list(encoder.tables[0]) == image.quantization[0] == again.quantization[0]
    with Image.open(files[1]) as expected:
        assert np.array_equal(through(mine, encoder), np.asarray(expected).reshape(mine.shape))


def test_grey_items_are_put_through_the_colour_files_in_which_grey_outputs_lie(tmp_path: Path) -> None:
    grey = [photo(seed, 8, 1) for seed in range(5)]
    for i, pixels in enumerate(grey):
        picture(pixels).convert("RGB").save(tmp_path / f"{i}.jpg", quality=60)
    read = read_outputs(str(tmp_path), "image", grey[0])
    assert all(encoder.mode == "RGB" for encoder in read.encoders)
    for output, item in zip(read.items, EncodedLike(grey, repeatable(read.encoders)), strict=True):
        assert np.array_equal(output, item)


def test_outputs_that_lost_nothing_have_no_encoders(tmp_path: Path) -> None:
    for suffix in ("png", "bmp", "tif"):
        picture(photo(0)).save(tmp_path / f"0.{suffix}")
    read = read_outputs(str(tmp_path), "image", photo(0))
    assert read.encoders == ()
    assert "lost detail" not in read.facts
    np.save(tmp_path / "outputs.npy", np.stack([photo(0)] * 3))
    assert read_outputs(str(tmp_path / "outputs.npy"), "image", photo(0)).encoders == ()


def test_what_cannot_be_matched_is_said_and_left_out(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    picture(photo(0)).save(tmp_path / "0.jpg")
    picture(photo(1, 30)).save(tmp_path / "1.jpg")
    picture(photo(2, channels=1)).save(tmp_path / "2.jpg")
    picture(photo(3)).save(tmp_path / "3.jpg", exif=exif)
    picture(photo(4)).convert("CMYK").save(tmp_path / "4.jpg")
    picture(photo(4)).save(tmp_path / "4b.jpg", keep_rgb=True)  # no luminance and chrominance, as JPEG has else
    picture(photo(5)).save(tmp_path / "5.png")
    picture(photo(6)).save(tmp_path / "6.webp")
    read = read_outputs(str(tmp_path), "image", photo(0))
    assert read.facts["lost detail"] == (
        "1 of 8 JPEG; 2 of 8 JPEG, resized or given colours; 1 of 8 JPEG, turned; 2 of 8 JPEG, of a rare kind; "
        "1 of 8 WebP, which does not tell what it lost"
    )
    assert len(read.encoders) == 8
    assert repeatable(read.encoders) == (read.encoders[0], LOSSLESS)


def test_formats_are_shared_out_among_items_as_they_are_among_outputs() -> None:
    coarse, fine = (Encoder("JPEG", "L", ((step,) * 64,)) for step in (90, 2))
    encoders = [coarse] * 30 + [LOSSLESS] * 60 + [fine] * 10  # as sorted file names would have them
    items = [photo(seed, 8, 1) for seed in range(20)]
    like = EncodedLike(items, repeatable(encoders))
    wrote = [coarse] * 6 + [LOSSLESS] * 12 + [fine] * 2
    for found, item, encoder in zip(like, items, wrote, strict=True):
        assert np.array_equal(found, through(item, encoder))
    assert np.array_equal(like[-1], through(items[-1], fine))
    assert [np.array_equal(a, b) for a, b in zip(like[4:8], items[4:8], strict=True)] == [False, False, True, True]
    with pytest.raises(IndexError):
        like[20]
    assert repeatable([fine] * 9) == (fine,)
    assert repeatable([LOSSLESS] * 9) == ()


def test_a_dataset_in_one_kind_of_jpeg_says_so_and_a_mixed_or_lossless_one_does_not(tmp_path: Path) -> None:
    def facts(name: str, qualities: list[int], suffix: str = "jpg") -> dict[str, object]:
        (tmp_path / name).mkdir()
        for i, quality in enumerate(qualities):
            picture(photo(i)).save(tmp_path / name / f"{i}.{suffix}", quality=quality)
        return image_folder(path=str(tmp_path / name)).facts

    same = facts("same", [80] * 6)
    assert same[SAVED_AS] == shared(read_outputs(str(tmp_path / "same"), "image", photo(0)).encoders)
    assert facts("other", [81] * 6)[SAVED_AS] != same[SAVED_AS]
    assert SAVED_AS not in facts("mixed", [80, 81] * 3)
    assert SAVED_AS not in facts("lossless", [80] * 6, "png")
