"""The user's own texts: a folder of text files, one item each."""

from __future__ import annotations

from pathlib import Path

from genbench.core.data import Dataset, Quarantined, dataset
from genbench.core.errors import DataError
from genbench.core.places import FileOrFolder
from genbench.data._splits import Shares
from genbench.data._texts import Reading, decoded, text_dataset

SUFFIXES = (".txt", ".md", ".text", ".rst")


@dataset(modality="text", licence="the user's own")
def text_folder(*, path: str, held_out: float | FileOrFolder = 0.25, reserve: float = 0.2, seed: int = 0) -> Dataset:
    """UTF-8 text files (.txt, .md, .rst) below a folder, one item each; where all lie in subfolders, these are groups.

    held_out: the share kept from training, or the path of a second such folder.
    """
    return text_dataset(read, path, Shares(held_out, reserve, seed))


def text_files(root: Path) -> list[Path]:
    """Text files below a folder by suffix in any case, sorted; hidden ones, and those in hidden folders, left out."""
    return sorted(
        p
        for p in root.rglob("*")
        if p.suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in p.relative_to(root).parts)
        and p.is_file()
    )


def read(root: Path) -> Reading:
    """One text per file; a file that is empty or not UTF-8 is named and set aside."""
    if not root.is_dir():
        raise DataError(f"{str(root)!r} is a file; text_folder wants a folder of texts")
    texts, names, spoiled = [], [], []
    for file in text_files(root):
        try:
            text = decoded(file).strip()
        except (DataError, OSError) as error:
            spoiled.append(Quarantined(str(file), str(error)))
            continue
        if text:
            texts.append(text)
            names.append(file.relative_to(root))
        else:
            spoiled.append(Quarantined(str(file), "empty"))
    tops = [name.parts[0] for name in names]
    grouped = len(set(tops)) > 1 and all(len(name.parts) > 1 for name in names)
    return Reading(texts, [name.as_posix() for name in names], tops if grouped else None, spoiled)
