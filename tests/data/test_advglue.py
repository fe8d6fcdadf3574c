"""AdvGLUE's published file and the layout with originals; which examples were made from one text; bad ones by place."""

import json
from collections import Counter
from pathlib import Path

import pytest

from genbench.core.errors import DataError
from genbench.data.advglue import PUBLISHED, TASKS, advglue

FILE = Path(__file__).parents[2] / ".." / "shared" / "data" / "advglue" / "dev.json"
beside = pytest.mark.skipif(not FILE.exists(), reason="not beside the checkout: shared/data/advglue")


def written(folder, **tasks):
    path = folder / "dev_ann.json"
    path.write_text(json.dumps(tasks))
    return str(path)


def sst2(sentence, label=1, **more):
    return {"idx": 0, "sentence": sentence, "label": label, **more}


@beside
def test_the_published_file_is_read_whole_and_known_by_its_digest():
    data = advglue(path=str(FILE))
    sizes = Counter(data.groups.names[int(i)] for i in data.groups.labels)
    assert sizes == {"sst2": 148, "qqp": 78, "mnli": 121, "mnli-mm": 162, "qnli": 148, "rte": 81}
    assert data.facts["the published file"] == "yes"
    assert data.facts["sha256 of the file"] == PUBLISHED["dev.json"]
    assert data.facts["examples with their original"] == 0
    assert not data.quarantined
    assert len(set(data.keys)) == 738
    assert {q.facts["version"] for q in data.items} == {"adversarial"}
    assert all(0 <= q.answer < len(q.options) == len(TASKS[q.facts["task"]].options) for q in data.items)


@beside
def test_many_of_the_published_examples_are_made_from_one_text():
    """Thirteen of QQP's 78 ask which used car to buy in India; counting each as a text of its own would be too sure."""
    data = advglue(path=str(FILE))
    cars = [q for q in data.items if q.facts["task"] == "qqp" and "used car" in q.context]
    assert len(cars) == 13
    assert len({q.facts["cluster"] for q in cars}) == 1
    assert data.facts["texts that the examples were made from"] < 400
    biggest = Counter(q.facts["cluster"] for q in data.items).most_common(1)[0][1]
    assert biggest == 13  # and no chain of likeness ties unlike texts together


def test_each_task_is_asked_with_its_own_words(tmp_path):
    pair = {"premise": "It rains.", "hypothesis": "It is wet.", "label": 0}
    data = advglue(path=written(
        tmp_path, sst2=[sst2("a joy", 1)], qqp=[{"question1": "Why?", "question2": "How?", "label": 0}], mnli=[pair],
        qnli=[{"question": "Who?", "sentence": "Me.", "label": 1}],
        rte=[{"sentence1": "It rains.", "sentence2": "It is wet.", "label": 1}],
    ))  # fmt: skip
    said = {q.facts["task"]: (q.context.splitlines(), q.options[q.answer]) for q in data.items}
    assert said == {
        "sst2": (["a joy", "Question: Is this sentence positive or negative?", "Answer:"], " positive"),
        "qqp": (["Question 1: Why?", "Question 2: How?", "Question: Do both questions ask the same thing?", "Answer:"],
                " no"),
        "mnli": (["It rains.", "Question: It is wet. True, False or Neither?", "Answer:"], " True"),
        "qnli": (["Who?", "Me.", "Question: Does this response answer the question?", "Answer:"], " no"),
        "rte": (["It rains.", "Question: It is wet. True or False?", "Answer:"], " False"),
    }  # fmt: skip
    assert data.facts["tasks absent"] == "mnli-mm"


def test_an_original_is_asked_beside_its_attacks_and_they_stay_together(tmp_path):
    rows = [
        sst2("a jooy", original_sentence="a joy", method="textbugger"),
        sst2("an enjoyment", original_sentence="a joy"),
        sst2("dull", 0, original_sentence=None),
    ]
    nli = [
        {"premise": "It rains.", "hypothesis": "It is we t.", "original_hypothesis": "It is wet.", "label": 0},
        {"premise": "Snow fell.", "hypothesis": "It is white.", "label": 2},
    ]
    data = advglue(path=written(tmp_path, sst2=rows, mnli=nli))
    assert data.keys == (
        "sst2/0/adversarial", "sst2/0/original", "sst2/1/adversarial", "sst2/1/original", "sst2/2/adversarial",
        "mnli/0/adversarial", "mnli/0/original", "mnli/1/adversarial",
    )  # fmt: skip
    clusters = [q.facts["cluster"] for q in data.items]
    assert len(set(clusters[:4])) == 1
    assert len(set(clusters)) == 4
    assert data.items[1].context.startswith("a joy\n")
    assert data.items[6].context.startswith("It rains.\nQuestion: It is wet.")
    assert data.items[0].facts["attack"] == "textbugger"
    assert data.facts["examples with their original"] == 3
    assert data.facts["the published file"] == "cannot tell: no digest is known of dev_ann.json"


def test_a_bad_example_is_set_aside_with_its_place(tmp_path):
    good = sst2("a joy"), sst2("no joy", 0)
    data = advglue(path=written(tmp_path, sst2=[*good, sst2("x", 2), sst2("", 1), sst2("y", True), 5]))
    assert len(data.items) == 2
    assert [q.reason for q in data.quarantined] == [
        "label 2; sst2 has 0 to 1", "no text in field 'sentence'", "label True; sst2 has 0 to 1",
        "a int, not an object",
    ]  # fmt: skip
    assert data.quarantined[0].path.endswith("sst2[2]")


def test_another_file_is_refused(tmp_path):
    for held in ({}, {"other": []}):
        with pytest.raises(DataError, match="none of the lists sst2, qqp"):
            advglue(path=written(tmp_path, **held))
    with pytest.raises(DataError, match=r"not AdvGLUE as published.*label 7"):
        advglue(path=written(tmp_path, sst2=[sst2("a", 7)]))
    (tmp_path / "no.json").write_text("[")
    with pytest.raises(DataError, match="not JSON"):
        advglue(path=str(tmp_path / "no.json"))
