"""MNIST's idx files and CIFAR-10's binary batches, as they are published."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest
from data.test_image_files import photo

from genbench.core.errors import DataError
from genbench.data import idx as idx_source
from genbench.data._sniff import sniff
from genbench.data.cifar10 import CLASSES, cifar10
from genbench.data.idx import idx

MNIST = Path(__file__).parents[2] / ".." / "shared" / "data" / "mnist"


def written(path: Path, array: np.ndarray) -> Path:
    raw = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


def test_mnist_as_published() -> None:
    if not MNIST.exists():
        pytest.skip("MNIST is not at hand")
    assert sniff(str(MNIST)) == ("idx", {"path": str(MNIST)})
    data = idx(path=str(MNIST), limit=1500)
    assert len(data.items) == 3000
    assert data.items[0].shape == (28, 28, 1)
    assert data.groups is not None
    assert data.groups.names == tuple("0123456789")
    assert len(data.splits["train"]) == 1500
    tests = np.concatenate([data.splits["held_out"], data.splits["reserve"]])
    assert tests.min() >= 1500
    assert len(tests) > 1400
    # Ones have less ink than zeros: labels belong to their images.
    ink = np.array([item.mean() for item in data.items])
    assert ink[data.groups.labels == 1].mean() < 0.6 * ink[data.groups.labels == 0].mean()


def test_one_file_of_images_with_labels_beside_it_or_named(tmp_path: Path) -> None:
    images = np.stack([photo(i, 8, 8)[:, :, 0] for i in range(20)])
    file = written(tmp_path / "mine-images-idx3-ubyte", images)
    assert sniff(str(file))[0] == "idx"
    data = idx(path=str(file))
    assert data.groups is None
    assert np.array_equal(np.stack(data.items)[..., 0], images)
    assert len(data.splits["held_out"]) == 5
    labels = written(tmp_path / "classes.gz", np.arange(20, dtype=np.uint8) % 2)
    named = idx(path=str(file), labels=str(labels), limit=10)
    assert named.groups is not None
    assert named.groups.labels.tolist() == [0, 1] * 5
    written(tmp_path / "mine-labels-idx1-ubyte", np.arange(20, dtype=np.uint8) % 4)
    beside = idx(path=str(file))
    assert beside.groups is not None
    assert len(beside.groups.names) == 4
    written(tmp_path / "mine-labels-idx1-ubyte", np.arange(19, dtype=np.uint8))
    with pytest.raises(DataError, match=r"holds 20 images, and .* 19 labels"):
        idx(path=str(file))


def test_torn_and_false_idx_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.stack([photo(i, 8, 8)[:, :, 0] for i in range(20)])
    raw = written(tmp_path / "a-images-idx3-ubyte", images).read_bytes()
    path = tmp_path / "b-images-idx3-ubyte"
    for content, words in (
        (raw[:-5], "and holds only 1,275"),
        (raw + b"x", "= 1,280 bytes and holds more"),
        (raw[:10], "is no idx file of images"),
        (b"\x00\x00\x0d\x03" + raw[4:], "begins with 00 00 0d 03"),
        (raw[:4] + struct.pack(">3I", 2**31, 2**31, 2**31), "at most"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=words):
            idx(path=str(path))
    packed = tmp_path / "b-images-idx3-ubyte.gz"
    packed.write_bytes(gzip.compress(raw)[:-40])
    with pytest.raises(DataError, match="cannot be read"):
        idx(path=str(packed))
    packed.write_bytes(gzip.compress(raw + bytes(5_000_000)))  # what comes after the declared size is not read
    with pytest.raises(DataError, match="holds more"):
        idx(path=str(packed))
    with pytest.raises(DataError, match="limit must be"):
        idx(path=str(tmp_path / "a-images-idx3-ubyte"), limit=0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no train-images-idx3-ubyte"):
        idx(path=str(tmp_path / "empty"))
    monkeypatch.setattr(idx_source, "MAX_BYTES", 1000)
    with pytest.raises(DataError, match="at most"):
        idx(path=str(tmp_path / "a-images-idx3-ubyte"))


def batch(first: int) -> bytes:
    """Ten records of photographs, as the binary version has them: the class, then a plane for each colour."""
    return b"".join(bytes((i % 10,)) + photo(i, 32, 32).transpose(2, 0, 1).tobytes() for i in range(first, first + 10))


def test_cifar_from_its_archive_or_folder(tmp_path: Path) -> None:
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    for name, first in (("data_batch_1.bin", 0), ("data_batch_2.bin", 10), ("test_batch.bin", 20)):
        (folder / name).write_bytes(batch(first))
    (folder / "batches.meta.txt").write_text("\n".join(CLASSES))
    archive = tmp_path / "cifar-10-binary.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(folder, "cifar-10-batches-bin")
    data = cifar10(path=str(archive))
    for path in (folder, tmp_path, archive):
        assert sniff(str(path)) == ("cifar10", {"path": str(path)})
        assert cifar10(path=str(path)).digest == data.digest
    assert len(data.items) == 30
    assert all(np.array_equal(item, photo(i, 32, 32)) for i, item in enumerate(data.items))
    assert data.groups is not None
    assert [data.groups.names[label] for label in data.groups.labels[:3]] == ["airplane", "automobile", "bird"]
    assert sorted(data.splits["train"]) == list(range(20))
    assert min(data.splits["held_out"]) >= 20
    assert [data.keys[i] for i in (0, 20)] == ["train/0", "test/0"]
    assert len(cifar10(path=str(archive), limit=4).items) == 8


def test_other_versions_and_torn_files_of_cifar_are_named(tmp_path: Path) -> None:
    (tmp_path / "data_batch_1").write_bytes(b"\x80\x02}q\x01.")
    with pytest.raises(DataError, match="the binary version is read"):
        cifar10(path=str(tmp_path))
    (tmp_path / "data_batch_1.bin").write_bytes(batch(0)[:-3])
    with pytest.raises(DataError, match="no whole number of records"):
        cifar10(path=str(tmp_path))
    (tmp_path / "data_batch_1.bin").write_bytes(b"\x0b" + batch(0)[1:])
    with pytest.raises(DataError, match="the class 11"):
        cifar10(path=str(tmp_path))
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as packed:
        info = tarfile.TarInfo("cifar-10-batches-py/data_batch_1")
        packed.addfile(info, io.BytesIO(b""))
    with pytest.raises(DataError, match="the binary version is read"):
        cifar10(path=str(tmp_path / "x.tar.gz"))
