"""Scripts of simulated users: read as written, and what is no script is set aside by its line."""

import json

import pytest

from genbench.core.data import Script
from genbench.core.errors import DataError
from genbench.data.scripts_jsonl import scripts_jsonl

GOOD = [
    {"turns": ["My name is Ann.", "What is my name?"], "facts": {"kind": "memory", "must_hold": "Ann"}},
    {"turns": ["Hello"], "facts": {"kind": "greeting"}},
]


def written(path, *lines):
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return str(path)


def test_scripts_keep_their_turns_facts_and_order(tmp_path):
    data = scripts_jsonl(path=written(tmp_path / "users.jsonl", *GOOD), group="kind")
    assert data.modality == "text_scripts"
    assert data.items == [Script(tuple(g["turns"]), g["facts"]) for g in GOOD]
    assert data.keys == ("line/1", "line/2")
    assert [data.groups.names[i] for i in data.groups.labels] == ["memory", "greeting"]
    assert data.indices("held_out").tolist() == [0, 1]


def test_the_digest_follows_the_content(tmp_path):
    one = scripts_jsonl(path=written(tmp_path / "a.jsonl", *GOOD))
    same = scripts_jsonl(path=written(tmp_path / "b.jsonl", *GOOD, ""))
    other = scripts_jsonl(path=written(tmp_path / "c.jsonl", GOOD[0], {**GOOD[1], "turns": ["Hi"]}))
    assert one.digest == same.digest != other.digest


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ('{"turns": ["a"], "facts": {"x": NaN}}', "NaN is no number of JSON"),
        ('["a"]', "a list, not an object"),
        ({"turns": []}, "at least one line of text"),
        ({"turns": ["a", "  "]}, "at least one line of text"),
        ({"turns": "a"}, "at least one line of text"),
        ({"turn": ["a"]}, "unknown field 'turn'; did you mean 'turns'?"),
        ({"turns": ["a"], "facts": ["b"]}, "'facts' wants an object, got a list"),
        ({"turns": ["a"], "facts": {"knd": 1}}, "no fact 'kind'; did you mean 'knd'?"),
        ('{"turns": ["\\ud800"], "facts": {"kind": 1}}', "half of a surrogate pair"),
    ],
)
def test_what_is_no_script_is_set_aside_by_its_line(tmp_path, line, said):
    path = written(tmp_path / "users.jsonl", GOOD[0], line, GOOD[1])
    data = scripts_jsonl(path=path, group="kind")
    assert len(data.items) == 2
    assert [spoiled.path for spoiled in data.quarantined] == [f"{path}:2"]
    assert said in data.quarantined[0].reason


def test_a_file_without_scripts_is_refused_with_the_reasons(tmp_path):
    with pytest.raises(DataError, match="not JSON"):
        scripts_jsonl(path=written(tmp_path / "users.jsonl", "{"))
    with pytest.raises(DataError, match="no file or folder"):
        scripts_jsonl(path=str(tmp_path / "none.jsonl"))
