"""Fashion-MNIST as Debian and its authors ship it, and two folders that lie apart as two domains."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from data.test_image_files import photo
from data.test_published_images import written
from PIL import Image

from genbench.core.errors import DataError
from genbench.core.model import Training
from genbench.data.fashion_mnist import CLASSES, DEBIAN, fashion_mnist
from genbench.data.image_domains import image_domains
from genbench.models.cyclegan import Cyclegan


def four_files(folder: Path, *, suffix: str = ".gz") -> None:
    rng = np.random.default_rng(0)
    for part, n in (("train", 60), ("t10k", 30)):
        written(folder / f"{part}-images-idx3-ubyte{suffix}", rng.integers(0, 256, (n, 28, 28), dtype=np.uint8))
        written(folder / f"{part}-labels-idx1-ubyte{suffix}", (np.arange(n) % 10).astype(np.uint8))


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_its_four_files_are_read_with_the_names_of_its_classes(tmp_path: Path, suffix: str) -> None:
    four_files(tmp_path, suffix=suffix)
    data = fashion_mnist(path=str(tmp_path))
    assert len(data.items) == 90
    assert data.groups is not None
    assert data.groups.names == CLASSES
    assert [data.groups.names[i] for i in data.groups.labels[:3]] == ["T-shirt or top", "trouser", "pullover"]
    assert set(data.indices("train")) <= set(range(60))
    assert data.facts["the published files"].startswith("no: ")


def test_debians_package_is_what_its_authors_publish() -> None:
    if not Path(DEBIAN).is_dir():
        with pytest.raises(DataError, match="apt-get install dataset-fashion-mnist"):
            fashion_mnist()
        pytest.skip("the Debian package dataset-fashion-mnist is not installed")
    data = fashion_mnist(limit=200)
    assert len(data.items) == 400
    assert data.facts["the published files"] == "yes"


def test_what_is_not_fashion_mnist_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        fashion_mnist(path=str(tmp_path / "none"))
    four_files(tmp_path)
    for file in tmp_path.glob("*labels*"):
        file.unlink()
    with pytest.raises(DataError, match="no labels of 0 to 9"):
        fashion_mnist(path=str(tmp_path))


@pytest.fixture
def apart(tmp_path: Path) -> tuple[Path, Path]:
    """Light photos in one place, dark ones, in sub-folders, in another."""
    light, dark = tmp_path / "here" / "trainA", tmp_path / "elsewhere" / "trainB"
    for i in range(24):
        for root, level in ((light, 200), (dark / f"part{i % 2}", 40)):
            root.mkdir(parents=True, exist_ok=True)
            pixels = np.clip(photo(i, 20, 16).astype(int) // 4 + level - 30, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(root / f"{i:02d}.png")
    (dark / "torn.png").write_bytes(b"\x89PNG\r\n")
    return light, dark


@pytest.mark.parametrize("packed", [False, True])
def test_two_folders_that_lie_apart_are_two_domains(apart: tuple[Path, Path], packed: bool) -> None:
    one, other = apart
    if packed:
        one, other = (Path(shutil.make_archive(str(root.parent / root.name), "zip", root)) for root in apart)
    data = image_domains(one=str(one), other=str(other))
    assert data.name == "trainA and trainB"
    assert data.groups is not None
    assert data.groups.names == ("one", "other")
    levels = [
        np.mean([item.mean() for item, g in zip(data.items, data.groups.labels, strict=True) if g == k]) for k in (0, 1)
    ]
    assert levels[0] > levels[1] + 100
    assert len(data.items) == 48
    assert ["torn.png" in str(one) for one in data.quarantined] == [True]
    assert len(set(data.keys)) == 48
    model = Cyclegan(steps=1, breadth=8, blocks=1)
    model.fit(data, Training(0))
    assert model.between() == ("one", "other")


def test_what_are_no_two_folders_is_said(apart: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no usable image in"):
        image_domains(one=str(apart[0]), other=str(tmp_path / "empty"))
    with pytest.raises(DataError, match="neither a folder of images nor an archive"):
        image_domains(one=str(apart[0]), other=str(apart[0] / "00.png"))


def test_one_folder_under_two_names_or_within_the_other_is_refused_by_name(
    apart: tuple[Path, Path], tmp_path: Path
) -> None:
    one, within = apart[0], apart[0] / "more"
    shutil.copytree(apart[1], within)
    (tmp_path / "link").symlink_to(one, target_is_directory=True)
    for other in (one, one / ".." / one.name, tmp_path / "link"):
        with pytest.raises(DataError, match=f"'{one}' and '{other}' are one place"):
            image_domains(one=str(one), other=str(other))
    with pytest.raises(DataError, match=f"'{within}' lies within '{one}'"):
        image_domains(one=str(one), other=str(within))
    with pytest.raises(DataError, match=f"'{within}' lies within '{one}'"):
        image_domains(one=str(within), other=str(one))
    packed = shutil.make_archive(str(one / "packed"), "zip", apart[1])  # an archive in a folder is none of its images
    assert image_domains(one=str(apart[1]), other=packed).groups is not None
    with pytest.raises(DataError, match="are one place"):
        image_domains(one=packed, other=packed)
