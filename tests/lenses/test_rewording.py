"""Rules that say the same in other words: each only where its neighbours leave no doubt, and each undoes itself."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.core.errors import LensError
from genbench.data.pydoc import pydoc
from genbench.lenses.text._respelling import respelled
from genbench.lenses.text._rewording import REWORDINGS, reworded
from genbench.lenses.text.ngrams import Ngrams

PROSE = [str(text).replace("’", "'") for text in pydoc().items]  # a contraction comes back with a plain apostrophe


def said(text: str, name: str, seed: int = 0) -> str:
    return reworded(text, name, 1.0, np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("contractions", "It does not hold.", "It doesn't hold."),
        ("contractions", "Do not ask; it cannot answer.", "Don't ask; it can't answer."),
        ("numbers", "It takes three tries or 4.", "It takes 3 tries or four."),
        ("numbers", "there are up to twelve of them", "there are up to 12 of them"),
        ("frames", "What is the capital of France?", "Could you tell me what the capital of France is?"),
        ("frames", "Translate this into French: dog.", "Please translate this into French: dog."),
        ("lists", "Bring red, green, blue and white ones.", "Bring red, blue, green and white ones."),
        ("lists", "with salt, black pepper, oil, and love", "with salt, oil, black pepper, and love"),
    ],
)
def test_each_way_goes_there_and_back(name: str, one: str, other: str) -> None:
    assert said(one, name) == other
    assert said(other, name) == one


def test_a_statement_is_framed_in_one_of_three_ways_and_taken_out_again() -> None:
    framed = {said("The dog barks.", "frames", seed) for seed in range(20)}
    assert framed == {f"{frame} the dog barks." for frame in ("Note that", "Please note that", "Keep in mind that")}
    assert {said(text, "frames") for text in framed} == {"The dog barks."}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("contractions", "Isn't it late? He went, didn't he?"),  # taken apart, they would be no English
        ("contractions", "The operators are and, or, and is not."),
        ("contractions", "Is not this the way?"),
        ("numbers", "Python 3 has x = 2, section 4 and 3.5 of 7%."),
        ("numbers", "On 3 May, two-handed, one won."),
        ("numbers", "Two of them"),
        ("frames", "Dogs bark."),
        ("frames", "The rules are: bark, and wait."),
        ("frames", "The dog barks? Yes."),
        ("lists", "red, green and blue"),  # a word before or behind may belong to the ends
        ("lists", "a, b, c, and d are read, written, closed and freed, respectively."),
        ("lists", "In this case, as we said, the value, and the key, are kept."),
    ],
)
def test_where_a_rule_cannot_be_sure_the_text_stays(name: str, text: str) -> None:
    assert said(text, name) == text


@pytest.mark.parametrize("name", REWORDINGS)
def test_on_real_prose_every_change_can_be_undone(name: str) -> None:
    changed = [(text, said(text, name)) for text in PROSE]
    changed = [(text, other) for text, other in changed if other != text]
    assert len(changed) >= {"contractions": 100, "numbers": 30, "frames": 400, "lists": 5}[name]
    back = [said(other, name) == text for text, other in changed]
    plain = [not text.startswith(("Note that", "Please note", "Keep in mind")) for text, _ in changed]
    wanted = [
        done for done, own in zip(back, plain, strict=True) if own or name != "frames"
    ]  # which frame, chance says
    assert np.mean(wanted) >= 0.97


def test_a_share_of_the_places_is_touched_and_chance_is_the_generators_alone() -> None:
    text = " ".join(["It does not."] * 20)
    few, most = (reworded(text, "contractions", share, np.random.default_rng(1)).count("n't") for share in (0.1, 0.4))
    assert (few, most) == (2, 8)
    lens = Ngrams()
    once, again = (lens.corrupt(PROSE, "frames", 3, np.random.default_rng(2)) for _ in range(2))
    assert once == again


def test_other_severities_are_refused() -> None:
    with pytest.raises(LensError, match="severity 6"):
        Ngrams().corrupt(["a text"], "frames", 6, np.random.default_rng(0))
    with pytest.raises(LensError, match="did you mean 'frames'"):
        respelled("a text", "frame", 3, np.random.default_rng(0))
