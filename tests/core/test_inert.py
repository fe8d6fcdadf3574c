"""Hostile text is shown, never obeyed."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from genbench.core.inert import inert


def test_escapes_and_overrides_are_shown_as_code():
    assert inert("a\x1b[31mred") == "a\\x1b[31mred"
    assert inert("safe\u202egnp.exe") == "safe\\u202egnp.exe"
    assert inert("zero\u200bwidth") == "zero\\u200bwidth"
    assert inert("\U000e0041") == "\\U000e0041"


def test_ordinary_text_is_left_alone():
    assert inert("Fréchet, 漢字, emoji 😀\n\tnew line") == "Fréchet, 漢字, emoji 😀\n\tnew line"


@given(st.text())
def test_no_control_or_format_character_is_left(text):
    left = [c for c in inert(text) if unicodedata.category(c) in {"Cc", "Cf", "Cs"} and c not in "\n\t"]
    assert left == []
