"""One question in the user's own wordings: what reads by surface flips with them, what reads by sense does not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from genbench.core.errors import DataError
from genbench.core.evidence import Choices
from genbench.data.choice_paraphrases import choice_paraphrases
from genbench.probes.robustness.format import format as formats

ROWS = [
    {"question": f"What is {i} and {i}?", "paraphrases": [f"Twice {i} is what?", f"Name the sum of {i} and {i}."],
     "options": [str(2 * i), str(2 * i + 1), str(2 * i + 3)], "answer": 0}
    for i in range(2, 32)
]  # fmt: skip


def written(folder: Path, rows: list) -> str:
    path = folder / "own.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return str(path)


def answered(data, reads) -> Choices:
    """What a model says whose answer is the option that `reads(context)` names."""
    picks = np.array([reads(question.context) for question in data.items])
    nats = np.where(np.arange(3) == picks[:, None], -1.0, -5.0)
    n = len(picks)
    return Choices(
        nats, np.full(n, 3), {"byte": np.full((n, 3), 3)}, np.array([q.answer for q in data.items]), ("all",) * n,
        tuple(q.facts for q in data.items), data.keys,
    )  # fmt: skip


def test_each_wording_is_asked_with_the_same_options(tmp_path: Path) -> None:
    data = choice_paraphrases(path=written(tmp_path, ROWS), prompt="Q: {question}\nA:")
    assert len(data.items) == 90
    first, second, third = data.items[:3]
    assert first.context == "Q: What is 2 and 2?\nA:"
    assert (second.context, third.context) == ("Q: Twice 2 is what?\nA:", "Q: Name the sum of 2 and 2.\nA:")
    assert first.options == second.options == third.options == (" 4", " 5", " 7")
    assert [q.facts["variant"] for q in (first, second, third)] == ["as given", "wording 1", "wording 2"]
    assert {q.facts["same_as"] for q in (first, second, third)} == {"line/1"}
    assert data.facts["questions"] == 30


def test_a_reader_of_surfaces_flips_and_one_of_sense_does_not(tmp_path: Path) -> None:
    data = choice_paraphrases(path=written(tmp_path, ROWS))
    by_first_letter = formats(answered(data, lambda text: "WTN".index(text[0])), rng=np.random.default_rng(0))
    assert by_first_letter["flips"].value == 1.0
    assert by_first_letter["flips"].interval.low > 0.8
    by_sense = formats(answered(data, lambda text: 0), rng=np.random.default_rng(0))
    assert by_sense["flips"].value == 0.0
    assert by_sense["accuracy"].value == 1.0
    assert by_sense["flips"].n == 30


def test_lines_without_another_wording_are_set_aside_once(tmp_path: Path) -> None:
    bad = [
        {"question": "a?", "options": ["b", "c"], "answer": 0},
        {"question": "a?", "paraphrases": ["a?"], "options": ["b", "c"], "answer": 0},
        {"question": "a?", "paraphrases": ["what?"], "options": ["b"], "answer": 0},
        {"paraphrases": ["what?"], "options": ["b", "c"], "answer": 0},
    ]
    data = choice_paraphrases(path=written(tmp_path, [*ROWS[:2], *bad]))
    assert len(data.items) == 6
    assert [spoiled.path.rpartition(":")[2] for spoiled in data.quarantined] == ["5", "6", "3", "4"]
    assert "one wording twice" in data.quarantined[3].reason
    with pytest.raises(DataError, match="where the question goes"):
        choice_paraphrases(path=written(tmp_path, ROWS), prompt="Q:")
