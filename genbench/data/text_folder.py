"""The user's own texts: a folder of text files, one item each."""

from __future__ import annotations

from genbench.core.data import Dataset, Quarantined, dataset
from genbench.core.errors import DataError
from genbench.data._texts import decoded, existing, text_dataset

SUFFIXES = (".txt", ".md", ".text", ".rst")


@dataset(modality="text", licence="the user's own")
def text_folder(*, path: str, held_out: float = 0.25, reserve: float = 0.15, seed: int = 0) -> Dataset:
    """UTF-8 text files (.txt, .md, .rst) below a folder, one item each; subfolders are their groups."""
    root = existing(path)
    texts, keys, labels, spoiled = [], [], [], []
    for file in sorted(p for p in root.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file()):
        name = file.relative_to(root)
        try:
            text = decoded(file).strip()
        except DataError as error:
            spoiled.append(Quarantined(str(file), str(error)))
            continue
        if not text:
            spoiled.append(Quarantined(str(file), "empty"))
            continue
        texts.append(text)
        keys.append(name.as_posix())
        labels.append(name.parts[0] if len(name.parts) > 1 else "")
    return text_dataset(
        texts,
        keys,
        labels=labels if len(set(labels)) > 1 else None,
        held_out=held_out,
        reserve=reserve,
        seed=seed,
        quarantined=spoiled,
        name=root.name,
        licence="the user's own",
        source=str(path),
    )
