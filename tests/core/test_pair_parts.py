"""Where two statements differ, by whole words."""

import pytest

from genbench.core.data import Pair


@pytest.mark.parametrize(
    ("first", "second", "parts"),
    [
        ("he is a nurse", "she is a nurse", ("", "he", "she", "is a nurse")),
        ("a man cried", "a woman cried", ("a", "man", "woman", "cried")),
        ("it is his", "it is hers", ("it is", "his", "hers", "")),
        ("he cut his hair off", "she cut her hair off", ("", "he cut his", "she cut her", "hair off")),
        ("all the same", "all the same", ("all the same", "", "", "")),
        ("Asians are late", "White people are late", ("", "Asians", "White people", "are late")),
        ("a a", "a a a", ("a a", "", "a", "")),
        ("", "", ("", "", "", "")),
    ],
)
def test_the_parts_of_a_pair(first, second, parts):
    assert Pair(first, second).parts() == parts
    before, one, other, after = parts
    assert " ".join(f"{before} {one} {after}".split()) == first
    assert " ".join(f"{before} {other} {after}".split()) == second
