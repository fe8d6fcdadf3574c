"""The user's own texts: read as they are, faults named by line, groups kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from genbench.core.data import Dataset
from genbench.core.errors import DataError
from genbench.data import _texts
from genbench.data.csv import csv
from genbench.data.jsonl import jsonl
from genbench.data.text_file import text_file
from genbench.data.text_folder import text_folder


def sentences(n: int, seed: int = 0) -> list[str]:
    """n texts that share no more than chance does."""
    rng = np.random.default_rng(seed)
    return [" ".join("".join(rng.choice(list("abcdefghij"), 5)) for _ in range(8)) for _ in range(n)]


def test_paragraphs_and_lines(tmp_path: Path) -> None:
    texts = sentences(20)
    path = tmp_path / "book.txt"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n \r\n".join(t.replace(" ", "\r\n", 1) for t in texts).encode())
    paragraphs = text_file(path=str(path))
    assert list(paragraphs.items) == [t.replace(" ", "\n", 1) for t in texts]
    assert len(text_file(path=str(path), unit="line").items) == 40
    assert [len(paragraphs.splits[s]) for s in ("train", "held_out", "reserve")] == [11, 5, 4]  # type: ignore[index]


def test_the_digest_is_of_content(tmp_path: Path) -> None:
    path = tmp_path / "book.txt"
    path.write_text("\n".join(sentences(10)))
    first = text_file(path=str(path), unit="line")
    assert first.digest == text_file(path=str(path), unit="line", seed=5).digest
    path.write_text("\n".join(sentences(10)).replace("a", "b", 1))
    changed = text_file(path=str(path), unit="line")
    assert changed.digest != first.digest
    assert changed.facts["sha256 of the file"] != first.facts["sha256 of the file"]


def test_what_is_not_utf8_is_named_by_line(tmp_path: Path) -> None:
    path = tmp_path / "old.txt"
    path.write_bytes(b"one\ntwo\ncaf\xe9\n")
    with pytest.raises(DataError, match=r"old\.txt:3: not UTF-8: byte 0xe9"):
        text_file(path=str(path))


def test_a_file_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big.txt"
    path.write_text("a\n\nb\n\nc")
    monkeypatch.setattr(_texts, "MAX_BYTES", 4)
    with pytest.raises(DataError, match="holds 7 bytes; at most 4"):
        text_file(path=str(path))


def test_jsonl_names_each_line_it_sets_aside(tmp_path: Path) -> None:
    good = [json.dumps({"body": t, "who": "ab"[i % 2]}) for i, t in enumerate(sentences(12))]
    odd = json.dumps({"body": "a separator \u2028 inside a string", "who": "a"}, ensure_ascii=False)
    bad = [
        "{", "[1, 2]", '{"text": "x"}', '{"body": 5, "who": "a"}', '{"body": " ", "who": "a"}', "[" * 10**5,
        '{"body": "half \\ud83d", "who": "a"}',
    ]  # fmt: skip
    path = tmp_path / "outputs.jsonl"
    path.write_text("\n".join([*good, odd, "", *bad]), encoding="utf-8")
    data = jsonl(path=str(path), field="body", group="who")
    assert len(data.items) == 13
    assert "\u2028" in data.items[12]
    assert data.keys[12] == "line/13"
    assert [q.path.rsplit(":", 1)[1] for q in data.quarantined] == [str(15 + i) for i in range(7)]
    for q, said in zip(
        data.quarantined, ["not JSON", "a list", "'body'", "no text", "no text", "not JSON", "surrogate"], strict=True
    ):
        assert said in q.reason
    assert data.groups is not None
    assert data.groups.names == ("a", "b")
    assert np.bincount(data.groups.labels).tolist() == [7, 6]


def test_csv_takes_cells_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    texts = [*sentences(8), "NA", "with, a comma", 'and "quotes"\nover two lines', "", "after"]
    path.write_text(
        "who,text\n" + "\n".join(f'{"xy"[i % 2]},"{t.replace(chr(34), chr(34) * 2)}"' for i, t in enumerate(texts))
    )
    data = csv(path=str(path), group="who")
    assert list(data.items) == [t for t in texts if t]
    assert data.keys[-1] == "row/13"
    assert data.quarantined[0].path.endswith("row 12")
    assert data.groups is not None
    with pytest.raises(DataError, match="did you mean 'text'"):
        csv(path=str(path), column="texts")
    path.write_text("text,who\nonly\nfull,x\nwide,y\n")  # a short row has an empty cell, not a missing number
    assert csv(path=str(path), column="who", held_out=0.5, reserve=0.0).quarantined[0].reason == "'who' is empty"
    path.write_text("")
    with pytest.raises(DataError, match="not CSV"):
        csv(path=str(path))


def test_a_folder_of_texts(tmp_path: Path) -> None:
    for group in ("north", "south"):
        (tmp_path / group).mkdir()
        for i, text in enumerate(sentences(5, seed=len(group) * ord(group[0]))):
            (tmp_path / group / f"{i}.TXT").write_text(text)
    (tmp_path / "north" / "latin.txt").write_bytes(b"caf\xe9")
    (tmp_path / "north" / "empty.md").write_text(" \n")
    data = text_folder(path=str(tmp_path))
    assert data.groups is not None
    assert data.groups.names == ("north", "south")
    assert {Path(q.path).name for q in data.quarantined} == {"latin.txt", "empty.md"}
    (tmp_path / "loose.txt").write_text(sentences(1, 9)[0])
    assert text_folder(path=str(tmp_path)).groups is None


def test_near_duplicates_stay_on_one_side(tmp_path: Path) -> None:
    texts = sentences(40)
    path = tmp_path / "twins.txt"
    path.write_text("\n".join(t for text in texts for t in (text, text[:-1] + "!")))
    data = text_file(path=str(path), unit="line")
    side = {int(i): name for name, indices in data.splits.items() for i in indices}
    assert all(side[2 * i] == side[2 * i + 1] for i in range(40))
    assert data.facts["near-duplicates kept on one side"] == 80


@pytest.mark.parametrize("source", [text_file, jsonl, csv])
def test_a_held_out_file_of_ones_own(tmp_path: Path, source: Callable[..., Dataset]) -> None:
    mine, other = sentences(10), sentences(12, seed=1)
    other[3] = mine[4]
    written = {
        text_file: "\n\n".join,
        jsonl: lambda texts: "\n".join(json.dumps({"text": t}) for t in texts),
        csv: lambda texts: "text\n" + "\n".join(texts),
    }[source]
    (tmp_path / "a").write_text(written(mine))
    (tmp_path / "b").write_text(written(other))
    data = source(path=str(tmp_path / "a"), held_out=str(tmp_path / "b"), reserve=0.25)
    assert sorted(data.take("train")) == sorted(mine)
    assert sorted([*data.take("held_out"), *data.take("reserve")]) == sorted(t for t in other if t != mine[4])
    assert len(data.take("reserve")) == 3
    assert data.facts["held-out items left out"].startswith("1 of 12")
    (tmp_path / "b").write_text(written([]))
    with pytest.raises(DataError, match="no text in held_out"):
        source(path=str(tmp_path / "a"), held_out=str(tmp_path / "b"))


def test_too_few_texts_say_why(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text('{"text": "alone"}\n{"no": 1}')
    with pytest.raises(DataError, match=r"1 usable[\s\S]*one\.jsonl:2: no field 'text'"):
        jsonl(path=str(path))
    with pytest.raises(DataError, match=r"did you mean 'one\.jsonl'"):
        jsonl(path=str(tmp_path / "on.jsonl"))
    with pytest.raises(DataError, match="is a folder"):
        jsonl(path=str(tmp_path))
