"""Named ways to write a text otherwise: each does what its name says, and no word leaves its place."""

from __future__ import annotations

import difflib

import numpy as np
import pytest

from genbench.core.errors import LensError
from genbench.core.lens import Corrupts
from genbench.data.pydoc import pydoc
from genbench.lenses.text._respelling import EQUIVALENTS, WAYS, respelled
from genbench.lenses.text._rewording import REWORDINGS
from genbench.lenses.text.ngrams import Ngrams

PROSE = pydoc().take("held_out", 60)
LENS = Ngrams()


def spoiled(name: str, severity: int = 3, seed: int = 0) -> list[str]:
    return LENS.corrupt(PROSE, name, severity, np.random.default_rng(seed))


def test_every_text_lens_corrupts() -> None:
    assert isinstance(LENS, Corrupts)
    assert LENS.corruptions() == (*WAYS, *REWORDINGS)
    assert tuple(WAYS) == ("typos", "case", "whitespace", "equivalents")


@pytest.mark.parametrize("name", WAYS)
def test_words_keep_their_places_and_chance_is_the_generators_alone(name: str) -> None:
    made = spoiled(name)
    assert [len(text.split()) for text in made] == [len(text.split()) for text in PROSE]
    assert made == spoiled(name)
    assert made != spoiled(name, seed=1)
    least = 0.4 if name == "equivalents" else 1.0  # the table knows no word of some texts
    assert np.mean([a != b for a, b in zip(made, PROSE)]) >= least


@pytest.mark.parametrize("name", ["typos", "case", "whitespace"])
def test_severity_is_a_share_of_what_can_be_touched(name: str) -> None:
    touched = []
    for severity in range(1, 6):
        pieces = [(a.split(" "), b.split(" ")) for a, b in zip(spoiled(name, severity), PROSE)]
        if name == "whitespace":
            touched.append(np.mean([1 - difflib.SequenceMatcher(None, a, b).ratio() for a, b in pieces]))
        else:
            touched.append(np.mean([np.mean([x != y for x, y in zip(a, b)]) for a, b in pieces]))
    assert touched == sorted(touched)
    if name == "case":
        assert touched[-1] == pytest.approx(0.4, abs=0.02)


def test_each_way_changes_just_what_it_names() -> None:
    for before, after in zip(PROSE, spoiled("case")):
        assert before != after
        assert before.lower() == after.lower()
    for before, after in zip(PROSE, spoiled("whitespace")):
        assert before.split() == after.split()
    for before, after in zip(PROSE, spoiled("typos")):
        for a, b in zip(before.split(), after.split()):
            assert abs(len(a) - len(b)) <= 1
            assert difflib.SequenceMatcher(None, a, b).ratio() > 0.6
    for before, after in zip(PROSE, spoiled("equivalents")):
        for a, b in zip(before.split(), after.split()):
            bare = [word.strip(".,;:()[]'\"`=!?-").lower() for word in (a, b)]
            assert a == b or EQUIVALENTS[bare[0]] == bare[1]


def test_what_stands_around_a_word_and_its_capital_are_kept() -> None:
    rng = np.random.default_rng(0)
    assert respelled("Big", "equivalents", 3, rng) == "Large"
    assert respelled("(small),", "equivalents", 5, rng) == "(little),"
    assert respelled("NASA", "case", 3, rng) == "nasa"
    for name in WAYS:
        assert respelled("", name, 5, rng) == ""
        assert respelled("7", name, 3, rng) == "7"


def test_an_equivalent_is_one_word_and_another_one() -> None:
    assert all(len(other.split()) == 1 and other != word for word, other in EQUIVALENTS.items())
    assert all(word == word.lower() for word in EQUIVALENTS)


def test_other_ways_and_severities_are_refused() -> None:
    with pytest.raises(LensError, match="did you mean 'typos'"):
        respelled("a text", "typoes", 3, np.random.default_rng(0))
    with pytest.raises(LensError, match="severity 6"):
        respelled("a text", "typos", 6, np.random.default_rng(0))
