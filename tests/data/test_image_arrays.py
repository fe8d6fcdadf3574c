"""Images in NumPy files: numbers are read, pickles are not, and what floats stand for is said or asked."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from data.test_image_files import photo
from PIL import Image

from genbench.core.errors import DataError
from genbench.data import _arrays
from genbench.data._sniff import read_outputs, sniff
from genbench.data.image_array import image_array
from genbench.data.image_folder import image_folder

PHOTOS = np.stack([photo(i) for i in range(12)])


def saved(path: Path, array: np.ndarray) -> str:
    np.save(path, array)
    return str(path)


def test_an_array_gives_what_a_folder_of_its_images_gives(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for i, pixels in enumerate(PHOTOS):
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{i:02}.png")
    folder, path = image_folder(path=str(tmp_path / "photos")), saved(tmp_path / "x.npy", PHOTOS)
    data = image_array(path=path)
    assert sniff(path) == ("image_array", {"path": path})
    assert data.digest == folder.digest
    assert all(np.array_equal(data.splits[name], folder.splits[name]) for name in data.splits)
    assert read_outputs(path, "image").digest == read_outputs(str(tmp_path / "photos"), "image").digest


def test_layouts_and_floats_mean_what_is_said(tmp_path: Path) -> None:
    x = PHOTOS.astype(np.float64)
    for array, fact in (
        (PHOTOS.transpose(0, 3, 1, 2), {"channels": "came first and were moved to the end"}),
        (PHOTOS.astype(np.int64), {}),
        ((x / 255).astype(np.float32), {"floats": "float32 in [0, 1] made 0..255"}),
        (x / 127.5 - 1, {"floats": "float64 in [-1, 1] made 0..255"}),
    ):
        found = read_outputs(saved(tmp_path / "x.npy", array), "image")
        assert np.array_equal(np.stack(found.items), PHOTOS)
        assert dict(found.facts).items() >= fact.items()
    half = read_outputs(saved(tmp_path / "x.npy", (x / 127.5 - 1).astype(np.float16)), "image")
    assert np.abs(np.stack(half.items).astype(int) - PHOTOS).max() <= 1
    grey = read_outputs(saved(tmp_path / "x.npy", PHOTOS[..., 0]), "image")
    assert np.array_equal(np.stack(grey.items)[..., 0], PHOTOS[..., 0])
    like = read_outputs(str(tmp_path / "x.npy"), "image", np.zeros((12, 12, 3), np.uint8))
    assert like.items[0].shape == (12, 12, 3)
    assert like.facts["resized"] == "12 of 12 images were resized to 12 x 12"
    assert like.facts["grey made colour"] == "12 of 12 images were grey and got three equal channels"


def test_an_npz_of_samples_and_classes(tmp_path: Path) -> None:
    path = tmp_path / "samples_12x24x24x3.npz"
    np.savez(path, PHOTOS, np.arange(12) % 3)
    data = image_array(path=str(path))
    assert data.groups is not None
    assert data.groups.names == ("0", "1", "2")
    assert np.array_equal(data.groups.labels, np.arange(12) % 3)
    np.savez_compressed(path, anything=PHOTOS)
    assert len(read_outputs(str(path), "image").items) == 12
    np.savez(path, mean=np.zeros(3), cov=np.zeros((3, 3)))
    with pytest.raises(DataError, match="holds mean, cov; name its images one of images, samples"):
        image_array(path=str(path))


def test_a_held_out_file(tmp_path: Path) -> None:
    own = saved(tmp_path / "own.npy", PHOTOS)
    other = saved(tmp_path / "other.npy", np.stack([photo(i) for i in range(8, 24)]))
    data = image_array(path=own, held_out=other, reserve=0.3)
    assert sorted(data.splits["train"]) == list(range(12))
    assert "4 of 16 are near-duplicates" in data.facts["held-out items left out"]
    with pytest.raises(DataError, match="two shapes"):
        image_array(path=own, held_out=saved(tmp_path / "small.npy", PHOTOS[:, :9]))


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (PHOTOS.astype(np.float32), "float32 from 0 to 255, and nothing says"),
        (PHOTOS / 100.0 - 1.2, "float64 from -1.2 to 1.35, and nothing says"),
        (PHOTOS.astype(np.int32) * 2, "int32 from 0 to 510"),
        (PHOTOS > 3, "holds bool"),
        (np.where(np.arange(12)[:, None, None, None] == 7, np.nan, PHOTOS / 255.0), "image 7 holds NaN"),
        (PHOTOS[0, 0], r"an array \[24, 3\]"),
        (PHOTOS[..., :2], r"an array \[12, 24, 24, 2\]"),
        (PHOTOS[:0], r"an array \[0, 24, 24, 3\]"),
    ],
)
def test_what_is_no_image_is_refused(tmp_path: Path, array: np.ndarray, words: str) -> None:
    with pytest.raises(DataError, match=words):
        image_array(path=saved(tmp_path / "x.npy", array))


class Runs:
    """Unpickled, this creates a file."""

    def __init__(self, sentinel: Path) -> None:
        self.sentinel = sentinel

    def __reduce__(self) -> object:
        return Path.touch, (self.sentinel,)


def test_pickles_and_lies_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sentinel = tmp_path / "ran"
    hostile = np.array([Runs(sentinel)], dtype=object)
    np.save(tmp_path / "x.npy", hostile, allow_pickle=True)
    np.savez(tmp_path / "x.npz", images=hostile)
    for name in ("x.npy", "x.npz"):
        with pytest.raises(DataError, match="Python objects, which are not unpickled"):
            read_outputs(str(tmp_path / name), "image")
        assert not sentinel.exists()
    np.load(tmp_path / "x.npy", allow_pickle=True)
    assert sentinel.exists()  # it would have run
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (10**9, 9999, 9999, 3)}
    )
    (tmp_path / "lie.npy").write_bytes(header.getvalue() + b"few")
    with zipfile.ZipFile(tmp_path / "lie.npz", "w") as archive:
        archive.writestr("images.npy", header.getvalue() + b"few")
    (tmp_path / "torn.npy").write_bytes((tmp_path / "lie.npy").read_bytes()[:40])
    (tmp_path / "none.npz").write_bytes(b"PK")
    for name in ("lie.npy", "lie.npz", "torn.npy", "none.npz"):
        with pytest.raises(DataError, match="is no whole NumPy file"):
            read_outputs(str(tmp_path / name), "image")
    np.savez_compressed(tmp_path / "zeros.npz", images=np.zeros((20, 100, 100, 3), np.uint8))
    monkeypatch.setattr(_arrays, "MAX_BYTES", 10_000)
    with pytest.raises(DataError, match="would have 600,128 bytes when read"):
        read_outputs(str(tmp_path / "zeros.npz"), "image")
