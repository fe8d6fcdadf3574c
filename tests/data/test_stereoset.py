"""StereoSet's published layout, in a small file of the same shape; bad examples are set aside by name."""

import json

import pytest

from genbench.core.errors import DataError
from genbench.data.stereoset import stereoset


def example(key, target, kind, context, sentences):
    held = [{"id": f"{key}{i}", "sentence": s, "gold_label": g, "labels": []} for i, (g, s) in enumerate(sentences)]
    return {"id": key, "target": target, "bias_type": kind, "context": context, "sentences": held}


THREE = [("anti-stereotype", "He was strong."), ("unrelated", "He was seven."), ("stereotype", "He was weak.")]
INTRA = example("a", "male", "gender", "He was BLANK.", THREE)
INTER = example("b", "Ghana", "race", "The man came from Ghana.", THREE)


def written(folder, **tasks):
    path = folder / "dev.json"
    path.write_text(json.dumps({"version": "1.0", "data": tasks}))
    return str(path)


def test_both_tasks_are_read_with_their_options_in_one_order(tmp_path):
    data = stereoset(path=written(tmp_path, intrasentence=[INTRA], intersentence=[INTER]))
    intra, inter = data.items
    assert intra.context == ""
    assert intra.options == ("He was weak.", "He was strong.", "He was seven.")
    assert inter.context == "The man came from Ghana."
    assert inter.options[0] == " He was weak."
    assert intra.facts == {
        "reading": "stereotype, anti-stereotype, unrelated", "term": "male", "task": "intrasentence"
    }  # fmt: skip
    assert data.keys == ("intrasentence/a", "intersentence/b")
    assert data.groups.names == ("gender", "race")
    assert intra.answer == -1
    assert data.facts["the published file"] == "cannot tell: no digest is known of dev.json"


def test_one_task_may_be_asked_for(tmp_path):
    path = written(tmp_path, intrasentence=[INTRA, {**INTRA, "id": "c"}], intersentence=[INTER])
    assert len(stereoset(path=path, task="intrasentence").items) == 2


def test_a_bad_example_is_set_aside_with_its_place(tmp_path):
    twice = example("d", "x", "race", "y", [THREE[0], THREE[0], THREE[1]])
    few = example("e", "x", "race", "y", THREE[:2])
    path = written(tmp_path, intrasentence=[INTRA, twice, few, 3, {**INTRA, "target": ""}], intersentence=[INTER])
    data = stereoset(path=path)
    assert len(data.items) == 2
    assert [q.reason for q in data.quarantined] == [
        "no sentence is labelled 'stereotype'", "wants a list of 3 sentences", "a int, not an object",
        "no text in field 'target'",
    ]  # fmt: skip
    assert data.quarantined[0].path.endswith("data.intrasentence[1]")


def test_another_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="not StereoSet as published"):
        stereoset(path=written(tmp_path, other=[]))
    (tmp_path / "no.json").write_text("{")
    with pytest.raises(DataError, match="not JSON"):
        stereoset(path=str(tmp_path / "no.json"))
    with pytest.raises(DataError, match=r"not StereoSet as published.*labelled"):
        stereoset(path=written(tmp_path, intrasentence=[example("d", "x", "r", "y", [THREE[0]] * 3)]))
