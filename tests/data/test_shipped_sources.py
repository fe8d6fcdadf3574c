"""Data that comes with Python and scikit-learn, and CrowS-Pairs as published."""

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from genbench.core.catalogue import catalogue
from genbench.core.errors import DataError
from genbench.data.crows_pairs import crows_pairs
from genbench.data.digits import digits
from genbench.data.pydoc import pydoc

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"


def test_digits_are_scikit_learns_in_eight_bits() -> None:
    data, raw = digits(), load_digits()
    assert len(data.items) == 1797
    assert {(item.shape, str(item.dtype)) for item in data.items} == {((8, 8, 1), "uint8")}
    restored = np.stack(data.items)[:, :, :, 0] * (16 / 255)
    assert np.abs(restored - raw.images).max() < 0.05
    assert data.groups is not None
    assert [data.groups.names[i] for i in data.groups.labels] == [str(t) for t in raw.target]
    assert sorted(np.concatenate(list(data.splits.values())).tolist()) == list(range(1797))
    assert data.digest == digits(seed=3).digest
    assert not np.array_equal(data.splits["train"], digits(seed=3).splits["train"])


def test_digits_that_are_near_lie_on_one_side() -> None:
    data = digits()
    x = load_digits().images.reshape(-1, 64)
    train, held_out = x[data.splits["train"]], x[data.splits["held_out"]]
    assert np.sqrt(((held_out[:, None] - train[None]) ** 2).sum(axis=2)).min() > 8.0


def test_pydoc_is_prose_and_says_its_python() -> None:
    data = pydoc()
    assert len(data.items) > 1000
    assert all(60 <= len(text) <= 260 and "\n" not in text for text in data.items)
    assert len(set(data.items)) == len(data.items)
    assert data.facts["python"] == platform.python_version()
    letters = sum(c.isalpha() or c == " " for text in data.items for c in text)
    assert letters > 0.93 * sum(map(len, data.items))
    longer = pydoc(shortest=200, longest=1500)
    assert all(200 <= len(text) <= 1500 for text in longer.items)
    assert longer.digest != data.digest


def test_crows_pairs_as_published() -> None:
    path = SHARED / "crows_pairs" / "crows_pairs_anonymized.csv"
    if not path.exists():
        pytest.skip("CrowS-Pairs is not at hand")
    data = crows_pairs(path=str(path))
    assert len(data.items) == 1508  # the paper's count
    assert data.modality == "text_pairs"
    assert data.groups is not None
    counts = dict(zip(data.groups.names, np.bincount(data.groups.labels).tolist(), strict=True))
    assert counts["race-color"] == 516  # table 1 of the paper
    assert counts["gender"] == 262
    assert len(counts) == 9
    assert data.facts["the published file"] == "yes"
    assert data.licence == "CC BY-SA 4.0"
    more, less, direction = data.items[0]
    assert direction == "stereo"
    assert sum(pair.direction == "antistereo" for pair in data.items) == 218  # table 1 of the paper
    assert "black kids" in more
    assert "white kids" in less


def test_an_altered_or_other_file_is_told_from_it(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    header = "sent_more,sent_less,stereo_antistereo,bias_type\n"
    path.write_text(header + "a b,a c,stereo,age\nd e,d f,stereo,age\n,x,stereo,age\n")
    data = crows_pairs(path=str(path))
    assert data.facts["the published file"] == "no: altered"
    assert data.quarantined[0].path.endswith("row 3")
    path.write_text("sent_more,sent_less,stereo_antistereo\na b,a c,stereo\n")
    with pytest.raises(DataError, match="no column 'bias_type'"):
        crows_pairs(path=str(path))


def test_every_source_is_in_the_catalogue_with_its_licence() -> None:
    entries = catalogue("data")
    wanted = {"digits", "pydoc", "image_folder", "text_file", "text_folder", "jsonl", "csv", "crows_pairs"}
    assert wanted <= set(entries)
    assert all(entry.load().__genbench__.licence == entry.keywords["licence"] for entry in entries.values())
