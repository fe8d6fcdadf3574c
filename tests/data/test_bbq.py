"""BBQ as published: the real files, both readings of the metadata file, the quirks of categories, and bad rows."""

import json
from pathlib import Path

import pytest

from genbench.core.errors import DataError
from genbench.data.bbq import bbq

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "data" / "bbq"


def line(example, polarity, *, category="Age", options, groups, label=2, condition="ambig", context="Two people met."):
    """A row as published; options: three of (text, name, group)."""
    return {
        "example_id": example, "question_index": "1", "question_polarity": polarity, "context_condition": condition,
        "category": category, "answer_info": {f"ans{i}": [name, group] for i, (_, name, group) in enumerate(options)},
        "additional_metadata": {"subcategory": "None", "stereotyped_groups": groups, "version": "a", "source": ""},
        "context": context, "question": "Who is it?", **{f"ans{i}": text for i, (text, _, _) in enumerate(options)},
        "label": label,
    }  # fmt: skip


UNKNOWN = ("Not known", "Not known", "unknown")


def written(folder, name, rows):
    (folder / name).write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return str(folder / name)


def targets(path, **more):
    return [q.facts.get("target") for q in bbq(path=path, **more).items]


@pytest.mark.skipif(not FOLDER.exists(), reason="BBQ is not beside the checkout (shared/data/bbq)")
def test_the_published_files_are_recognized_and_every_question_has_a_target():
    data = bbq(path=str(FOLDER))
    assert len(data.items) == 3680 + 1200 + 864
    assert data.facts["the published files"] == "yes"
    assert data.groups.names == ("Age", "Religion", "Sexual_orientation")
    assert data.facts["questions without a target"] == 0
    assert "Race_x_SES" in data.facts["categories absent"]
    first = data.items[0]
    assert first.options == (" The grandfather", " The grandson", " Can't be determined")
    assert (first.answer, first.facts["target"], first.facts["cluster"]) == (2, 0, "Age/1")
    assert first.context.endswith("(c) Can't be determined\nAnswer:")
    assert data.keys[0] == "Age/0"
    plain = bbq(path=str(FOLDER / "Age.jsonl"), form="plain")
    assert plain.items[0].context.endswith("the phone?\nAnswer:")


@pytest.mark.parametrize(
    ("options", "groups", "target"),
    [
        ((("The kid", "kid", "nonOld"), ("Grandpa", "old man", "old"), UNKNOWN), ["old"], 1),
        ((("A boy", "boy", "boy"), ("A girl", "girl", "girl"), UNKNOWN), ["F"], 1),
        ((("A boy", "boy", "boy"), ("A man", "man", "man"), UNKNOWN), ["F"], -1),
        ((("Ann", "Ann", "trans_F"), ("Bob", "Bob", "nonTrans_M"), UNKNOWN), ["Transgender women", "trans"], 0),
        ((("The African", "African", "African"), ("The other", "African American", "African American"), UNKNOWN),
         ["African American", "Black"], 1),
        ((("Jamal", "Jamal Banks", "M-Black"), ("Ed", "Ed Ott", "M-White"), UNKNOWN), ["Black"], 0),
        ((("The nurse", "nurse", "lowSES"), ("The judge", "judge", "highSES"), UNKNOWN), ["low SES"], 0),
        ((("The Afghan", "Afghan", "MiddleEast"), ("The Swede", "Swede", "Europe"), UNKNOWN), ["Afghan"], 0),
        ((("The fat guy", "fat", "obese"), ("The slim guy", "slim", "nonObese"), UNKNOWN), ["obese"], 0),
        ((("The deaf one", "deaf", "disabled"), ("The boss", "boss", "nonDisabled"), UNKNOWN), ["disabled", "deaf"], 0),
        ((("A", "a", "x"), ("B", "b", "y"), UNKNOWN), [], None),
    ],
)  # fmt: skip
def test_groups_are_compared_as_the_authors_unify_them(tmp_path, options, groups, target):
    path = written(tmp_path, "Age.jsonl", [line(i, "neg", options=options, groups=groups) for i in range(2)])
    assert targets(path) == [target, target]


INTERSECTION = (("Jane", "Jane", "F-Black"), ("Joe", "Joe", "M-Black"), UNKNOWN)
FOUR = [
    line(
        i, polarity, category="Race_x_gender", options=INTERSECTION, groups=["Black"], condition=condition, label=label
    )
    for i, (polarity, condition, label) in enumerate(
        [("neg", "ambig", 2), ("neg", "disambig", 0), ("nonneg", "ambig", 2), ("nonneg", "disambig", 1)]
    )
]


def metadata(folder, places):
    rows = [f"Race_x_gender,1,{i},{place},label" for i, place in enumerate(places)]
    head = "category,question_index,example_id,target_loc,label_type"
    folder.mkdir(exist_ok=True)
    (folder / "additional_metadata.csv").write_text("\n".join([head, *rows]))
    return str(folder / "additional_metadata.csv")


def test_intersectional_categories_have_a_target_from_the_metadata_file_alone(tmp_path):
    path = written(tmp_path, "Race_x_gender.jsonl", FOUR)
    assert targets(path) == [None] * 4
    file = metadata(tmp_path / "apart", [0, 0, 0, 0])
    assert targets(path, metadata=file) == [0, 0, 0, 0]
    assert bbq(path=path, metadata=file).facts["bias targets from"] == "additional_metadata.csv"


def test_a_metadata_file_whose_places_move_with_the_polarity_is_read_as_such(tmp_path):
    path = written(tmp_path, "Race_x_gender.jsonl", FOUR)
    metadata(tmp_path, [0, 0, 1, 1])  # beside the data: found there
    assert targets(path) == [0, 0, 0, 0]


def test_places_left_open_are_no_target(tmp_path):
    path = written(tmp_path, "Race_x_gender.jsonl", FOUR)
    metadata(tmp_path, ["NA", "x", "2", "0"])
    assert targets(path) == [-1, -1, -1, 0]


def test_a_bad_row_is_set_aside_by_line_and_reason(tmp_path):
    options = (("A", "a", "old"), ("B", "b", "nonOld"), UNKNOWN)
    good = [line(i, "neg", options=options, groups=["old"]) for i in range(2)]
    no_unknown = line(2, "neg", options=(options[0], options[1], ("C", "c", "old")), groups=["old"])
    path = written(tmp_path, "Age.jsonl", [
        *good, "{", json.dumps([1]), no_unknown, {**good[0], "label": 7}, {**good[0], "label": 0},
        {**good[0], "question": ""}, {**good[0], "answer_info": {}},
    ])  # fmt: skip
    data = bbq(path=path)
    assert len(data.items) == 2
    assert data.facts["the published file"] == "no: altered"
    told = [(q.path.rpartition(":")[2], q.reason) for q in data.quarantined]
    for (number, reason), part in zip(
        told,
        [
            "not JSON",
            "a list",
            "0 of its options",
            "label 7",
            "ambiguous question",
            "no text in field 'question'",
            "answer_info",
        ],
        strict=True,
    ):
        assert part in reason, number
    assert [number for number, _ in told] == ["3", "4", "5", "6", "7", "8", "9"]


def test_what_is_no_bbq_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"holds no file of BBQ, such as Age\.jsonl"):
        bbq(path=str(tmp_path))
    with pytest.raises(DataError, match="not BBQ as published"):
        bbq(path=written(tmp_path, "other.jsonl", ['{"text": "a"}']))
    with pytest.raises(DataError, match="is empty"):
        bbq(path=written(tmp_path, "empty.jsonl", [""]))
