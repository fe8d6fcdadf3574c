"""Tasks of one's own as JSON Lines: filled templates, right answers by place, text or letter, bad lines by name."""

import json
from pathlib import Path

import pytest
import yaml

from genbench.core.data import Pair
from genbench.core.errors import DataError
from genbench.data.choices_jsonl import choices_jsonl
from genbench.data.pairs_jsonl import pairs_jsonl
from genbench.data.prompts_jsonl import prompts_jsonl
from genbench.run.suite import Suite


def written(path, *lines):
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return str(path)


SUM = {"q": "2 + 2 =", "o": ["3", "four"], "a": 1, "topic": "sums", "page": 7}


def test_answers_are_named_by_place_text_or_letter(tmp_path):
    path = written(tmp_path / "sums.jsonl", SUM, {**SUM, "a": "four"}, {**SUM, "a": "b"}, {**SUM, "a": "A"})
    data = choices_jsonl(path=path, context="{ } {page}:\n{q}", options="o", answer="a", group="topic", cluster="page")
    assert data.modality == "text_choices"
    assert [q.answer for q in data.items] == [1, 1, 1, 0]
    assert data.items[0].context == "{ } 7:\n2 + 2 ="
    assert data.items[0].options == (" 3", " four")
    assert data.items[0].facts == {"lengths": {"character": [1, 4], "byte": [1, 4]}, "cluster": "7"}
    assert data.groups.names == ("sums",)
    assert data.indices("held_out").tolist() == [0, 1, 2, 3]


def test_a_text_that_is_an_option_is_read_as_that_before_it_is_read_as_a_letter(tmp_path):
    record = {"question": "?", "options": ["B", "A"], "answer": "A"}
    data = choices_jsonl(path=written(tmp_path / "x.jsonl", record, {**record, "answer": "B"}), before="")
    assert [q.answer for q in data.items] == [1, 0]
    assert data.items[0].options == ("B", "A")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"a": 2}, "says 2: neither a place from 0 to 1, nor an option"),
        ({"a": -1}, "says -1"),
        ({"a": True}, "says True"),
        ({"a": "C"}, "says 'C'"),
        ({"a": "five"}, "says 'five'"),
        ({"o": ["3"]}, "lists one way to go on"),
        ({"o": ["3", ""]}, "none of them empty"),
        ({"o": ["3", 4]}, "wants a text or a list of texts"),
        ({"o": ["x", "x"], "a": "x"}, "two options read so"),
        ({"q": ["2"]}, "field 'q' wants a text or a number, got a list"),
        ({"q": None}, "got null"),
        ({"q": "\ud800"}, "half of a surrogate pair"),
    ],
)
def test_a_line_that_makes_no_question_is_set_aside_by_name(tmp_path, change, said):
    path = written(tmp_path / "sums.jsonl", SUM, {**SUM, **change}, SUM, "[1]", "{", {"q": "x"})
    data = choices_jsonl(path=path, context="{q}", options="o", answer="a")
    assert data.keys == ("line/1", "line/3")
    assert [spoiled.path for spoiled in data.quarantined] == [f"{path}:{i}" for i in (2, 4, 5, 6)]
    assert said in data.quarantined[0].reason
    assert [said.reason[:10] for said in data.quarantined[1:]] == ["a list, no", "not JSON: ", "no field '"]


def test_a_field_within_a_field_is_named_with_a_dot(tmp_path):
    record = {"question": "Who?", "answers": {"text": ["Ann", "Anne"]}}
    path = written(tmp_path / "who.jsonl", record, {**record, "question": "Whom?"}, {"question": "?", "answers": "x"})
    data = prompts_jsonl(path=path, prompt="Q: {question}\nA:", references="answers.text", stop=("\n",))
    assert data.items[0].text == "Q: Who?\nA:"
    assert data.items[0].references == ("Ann", "Anne")
    assert data.items[0].facts == {"until": ["\n"]}
    assert "'answers' is a str" in data.quarantined[0].reason
    with pytest.raises(DataError, match="empty text"):
        prompts_jsonl(path=path, stop=("",))


def test_one_template_may_make_both_statements(tmp_path):
    rows = [{"he": "he", "she": "she", "job": job, "way": "stereo"} for job in ("nurse", "doctor")]
    path = written(tmp_path / "jobs.jsonl", *rows, {**rows[0], "he": "she"})
    data = pairs_jsonl(path=path, first="{she} is a {job}", second="{he} is a {job}", direction="way", group="job")
    assert data.items[0] == Pair("she is a nurse", "he is a nurse", "stereo")
    assert data.groups.names == ("doctor", "nurse")
    assert data.quarantined[0].reason == "both statements are the same"


def test_a_file_in_which_no_template_fits_is_refused_with_the_reasons(tmp_path):
    path = written(tmp_path / "jobs.jsonl", {"frist": "a", "second": "b"})
    with pytest.raises(DataError, match="no field 'first'; did you mean 'frist'"):
        pairs_jsonl(path=path)


def test_the_documented_task_is_under_fifteen_lines_and_runs(tmp_path):
    """docs/tasks.md: its suite and its lines are written to files, and read."""
    text = (Path(__file__).parents[2] / "docs" / "tasks.md").read_text(encoding="utf-8")
    suite, lines = (text.split(f"```{kind}\n")[1].split("```")[0] for kind in ("yaml", "json"))
    assert len((suite + lines).strip().splitlines()) < 15
    (tmp_path / "capitals.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "capitals.yaml").write_text(suite, encoding="utf-8")
    asked = yaml.safe_load(suite)["data"]["capitals"]
    settings = {k: v for k, v in asked.items() if k not in ("source", "path")}
    data = choices_jsonl(path=str(tmp_path / "capitals.jsonl"), **settings)
    assert not data.quarantined
    assert len(data.items) == len(lines.strip().splitlines())
    assert Suite.load(str(tmp_path / "capitals.yaml")).name == "capitals"
