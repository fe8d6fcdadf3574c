"""YAML as people mean it, with the place of every key and value."""

import math

import pytest
import yaml

from genbench.core.errors import SuiteError
from genbench.run.yaml_source import MAX_BYTES, plain_scalar, read_yaml


def refused(text: str | bytes) -> str:
    with pytest.raises(SuiteError) as caught:
        read_yaml("s.yaml", text.encode() if isinstance(text, str) else text)
    assert len(caught.value.mistakes) == 1
    return str(caught.value.mistakes[0])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3), ("1e3", 1000.0), (".5", 0.5), ("-7", -7), ("0x1f", 31), ("1_000", 1000),
        ("true", True), ("False", False), ("~", None), ("", None), (".inf", math.inf),
        ("no", "no"), ("on", "on"), ("yes", "yes"), ("1.2.3", "1.2.3"), ("2024-01-01", "2024-01-01"),
        ("12:30", "12:30"), ("e3", "e3"), ("9" * 5000, "9" * 5000),
    ],
)  # fmt: skip
def test_unquoted_words_are_read_as_yaml_1_2(text, value):
    assert plain_scalar(text) == value
    assert type(plain_scalar(text)) is type(value)


def test_this_is_not_how_the_parser_underneath_reads_them():
    assert yaml.safe_load("[1e-3, no]") == ["1e-3", False]
    assert read_yaml("s", b"[1e-3, no, '1e-3']").value == [1e-3, "no", "1e-3"]


def test_every_key_and_value_has_its_place():
    source = read_yaml("s.yaml", b"name: x\nmodels:\n  - {name: a, family:  vae}\n")
    assert source.keys["models",] == ("s.yaml", 2, 1)
    assert source.keys["models", 0, "family"] == ("s.yaml", 3, 15)
    assert source.values["models", 0, "family"] == ("s.yaml", 3, 24)
    assert str(source.mistake(("models", 0, "family", "deeper"), "wrong")) == "s.yaml:3:24: wrong"


def test_columns_count_characters_and_a_byte_order_mark_is_none():
    source = read_yaml("s.yaml", "\ufeffname: 漢字\nabout: {é: 1}\n".encode())
    assert source.value == {"name": "漢字", "about": {"é": 1}}
    assert source.keys["about", "é"] == ("s.yaml", 2, 9)


def test_a_key_that_stands_twice_is_a_mistake_at_the_second():
    source = read_yaml("s.yaml", b"n: 1\na: {b: 1, b: 2}\nn: 2\n")
    assert source.value == {"n": 1, "a": {"b": 1}}
    assert [str(m) for m in source.mistakes] == [
        "s.yaml:2:11: 'b' stands here twice; first at line 2",
        "s.yaml:3:1: 'n' stands here twice; first at line 1",
    ]


def test_a_tag_or_a_key_that_is_no_word_is_a_mistake():
    source = read_yaml("s.yaml", b"a: !!python/object/apply:os.system ['true']\n? [x]\n: 1\nb: !mine 3\n")
    assert [(m.line, m.column) for m in source.mistakes] == [(1, 4), (2, 3), (4, 4)]
    assert source.value == {"a": ["true"], "b": "3"} or source.value == {"a": ["true"], "b": 3}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a:\n\tb: 1\n", "s.yaml:2:1: a tab where YAML wants spaces"),
        ("a: 1\n---\nb: 2\n", "s.yaml:2:1: more than one document; a suite is one file, one document"),
        ("a: *nobody\n", "s.yaml:1:4: no anchor is named 'nobody'"),
        ("a: b: c\n", "s.yaml:1:5: a `:` where no key can stand; quote the text, or check the indentation"),
        ("a: [1, 2\nb: 3\n", "s.yaml:2:2: a bracket is left open"),
        ("a:\n    b: 1\n  c: 2\n", "s.yaml:3:3: does not fit the indentation above"),
        ("", "s.yaml:1:1: the file is empty"),
        ("# only a remark\n", "s.yaml:1:1: the file is empty"),
        ("a: 1\nb: \x07\n", "s.yaml:2:4: a character that YAML does not allow: U+0007"),
        (b"a: 1\nb: \xff\n", "s.yaml:2:4: not UTF-8: byte 0xff"),
        ("x" * (MAX_BYTES + 1), "s.yaml:1:1: a suite of 1,048,577 bytes; at most 1,048,576 are read"),
        ("[" * 3000, "s.yaml:1:1: nested more than 40 deep"),
        ("[" * 50 + "]" * 50, "nested more than 40 deep"),
        ("a: &a [1, *a]\n", "nested more than 40 deep; does an alias stand within its own anchor?"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(text, told):
    assert told in refused(text)


def test_an_alias_stands_for_its_anchor_and_a_bomb_of_them_is_refused():
    assert read_yaml("s.yaml", b"a: &x {b: 1}\nc: *x\n").value == {"a": {"b": 1}, "c": {"b": 1}}
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
    )
    assert "more than 10,000 values once aliases are followed" in refused(bomb)
