"""One question, many formats: every option stands in every place, and the right one is always found again."""

import json

import pytest

from genbench.core.errors import DataError
from genbench.data.choice_formats import FORMATS, choice_formats

ROWS = [
    {"question": "2 + 2 =", "options": ["3", "4", "five {5}"], "answer": 1},
    {"question": "Is {x} a set?", "options": ["yes", "no"], "answer": "yes"},
]


def written(folder, rows=ROWS):
    path = folder / "own.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return str(path)


def test_formats_and_rotations_of_each_question(tmp_path):
    data = choice_formats(path=written(tmp_path))
    assert len(data.items) == len(FORMATS) * (3 + 2)  # two options have two rotations
    assert data.groups.names == tuple(sorted(FORMATS)) or set(data.groups.names) == set(FORMATS)
    assert data.facts["questions"] == 2
    first = data.items[0]
    assert first.context == "Question: 2 + 2 =\nA. 3\nB. 4\nC. five {5}\nAnswer:"
    assert first.options == (" A", " B", " C")
    assert first.answer == 1
    assert first.facts == {"same_as": "line/1", "variant": "letters/0", "order": [0, 1, 2], "cluster": "line/1"}
    turned = data.items[1]
    assert turned.context == "Question: 2 + 2 =\nA. 4\nB. five {5}\nC. 3\nAnswer:"
    assert (turned.answer, turned.facts["order"]) == (0, [1, 2, 0])


def test_the_right_option_is_found_again_in_every_variant(tmp_path):
    data = choice_formats(path=written(tmp_path))
    for question in data.items:
        row = ROWS[int(question.facts["same_as"].removeprefix("line/")) - 1]
        right = row["answer"] if isinstance(row["answer"], int) else row["options"].index(row["answer"])
        assert question.facts["order"][question.answer] == right
        assert row["question"] in question.context
        assert all(option in question.context for option in row["options"])
    for name in FORMATS:
        own = [q.facts["order"] for q in data.items[:12] if q.facts["variant"].startswith(name)]
        assert all(sorted(column) == [0, 1, 2] for column in zip(*own))


def test_words_are_answered_in_words_and_numbers_by_number(tmp_path):
    data = choice_formats(path=written(tmp_path), orders=1)
    said = {q.facts["variant"]: q.options for q in data.items[:4]}
    assert said == {
        "letters/0": (" A", " B", " C"), "brackets/0": (" (A)", " (B)", " (C)"), "numbers/0": (" 1", " 2", " 3"),
        "words/0": (" 3", " 4", " five {5}"),
    }  # fmt: skip
    assert data.items[2].context == "Q: 2 + 2 =\nOptions:\n1: 3\n2: 4\n3: five {5}\nA:"


def test_bad_lines_are_set_aside_and_settings_checked(tmp_path):
    data = choice_formats(path=written(tmp_path, [*ROWS, {"question": "x", "options": ["a"], "answer": 0}]))
    assert len(data.quarantined) == 1
    with pytest.raises(DataError, match="at least one order"):
        choice_formats(path=written(tmp_path), orders=0)
    many = {"question": "x", "options": [str(i) for i in range(27)], "answer": 0}
    with pytest.raises(DataError, match="27 options are more than"):
        choice_formats(path=written(tmp_path, [many, many]))
