"""Fashion-MNIST (Xiao et al. 2017, arXiv:1708.07747), from the Debian package or from its four files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from genbench.core.data import Dataset, Groups, dataset
from genbench.core.errors import DataError
from genbench.core.places import Place
from genbench.data._published import whether_published
from genbench.data.idx import idx

PACKAGE = "apt-get install dataset-fashion-mnist"
DEBIAN = "/usr/share/datasets/fashion-mnist"  # where that puts it
PUBLISHED = {
    "train-images-idx3-ubyte.gz": "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
    "train-labels-idx1-ubyte.gz": "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
    "t10k-images-idx3-ubyte.gz": "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
    "t10k-labels-idx1-ubyte.gz": "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
}
CLASSES = (
    "T-shirt or top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


@dataset(
    modality="image", licence="MIT", url="https://github.com/zalandoresearch/fashion-mnist (data/fashion)",
    published=PUBLISHED,
)  # fmt: skip
def fashion_mnist(
    *, path: Annotated[str, Place("folder", brought_by=PACKAGE)] = DEBIAN, reserve: float = 0.2, seed: int = 0,
    limit: int | None = None,
) -> Dataset:  # fmt: skip
    """70,000 grey pictures of clothing of 28 x 28 in ten classes, by their names; the 10,000 of `t10k` are held out.

    path: the folder with its four idx files; by default that of the Debian package dataset-fashion-mnist. limit: the
    first so many of each part.
    """
    if not Path(path).expanduser().is_dir():
        what = f"{PACKAGE} puts it there" if path == DEBIAN else "no such folder"
        raise DataError(f"Fashion-MNIST is not at {path}: {what}; or give the folder of its four idx files")
    found = idx(path=path, reserve=reserve, seed=seed, limit=limit)
    names = () if found.groups is None else found.groups.names
    if found.groups is None or not set(names) <= {str(i) for i in range(len(CLASSES))}:
        raise DataError(f"{path} holds no labels of 0 to 9 beside its images, so it is not Fashion-MNIST")
    files = [file for name in PUBLISHED for file in _beside(Path(path).expanduser(), name)]
    return replace(
        found, name="fashion_mnist", licence="MIT", source="Fashion-MNIST, github.com/zalandoresearch/fashion-mnist",
        groups=Groups(found.groups.labels, tuple(CLASSES[int(name)] for name in names)),
        facts={**found.facts, **whether_published(files, PUBLISHED)},
    )  # fmt: skip


def _beside(folder: Path, name: str) -> list[Path]:
    return [file for file in (folder / name, folder / name.removesuffix(".gz")) if file.is_file()][:1]
