"""Texts told of the other gender: whole and word for word, or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.core.errors import LensError
from genbench.core.lens import Corrupts, Reads
from genbench.lenses.text._genders import MEN, WOMEN, mirrored
from genbench.lenses.text.genders import Genders


@pytest.mark.parametrize(
    ("man", "woman"),
    [
        ("He said that he was tired.", "She said that she was tired."),
        ("The boy lost his hat and cut himself.", "The girl lost her hat and cut herself."),
        ("We met him in the street.", "We met her in the street."),
        ("The hat is his.", "The hat is hers."),
        ("We asked him. He is a father of two sons.", "We asked her. She is a mother of two daughters."),
        ("John went home to his wife's mother.", None),  # both
        ("Kevin and his brother left.", "Sarah and her sister left."),
    ],
)
def test_a_text_is_told_of_the_other_and_back(man: str, woman: str | None) -> None:
    if woman is None:
        assert mirrored(man, MEN) is None
        return
    told = mirrored(man, MEN)
    assert told == woman
    assert mirrored(woman, WOMEN) == man


@pytest.mark.parametrize(
    "text",
    [
        "It rained.",  # of nobody
        "He met her in the street.",  # of both
        "We gave her books.",  # his books, or books to him
        "We saw her duck.",
        "We hit him hard.",  # comes back as `his hard`
        "Wilma lost her hat.",  # a name that no table knows
        "He met Fred there.",
        "Then Fred lost his hat.",
        "HE left.",  # would come back as `He`
    ],
)
def test_where_a_rule_cannot_be_sure_a_text_stays(text: str) -> None:
    assert mirrored(text, MEN) is None
    assert mirrored(text, WOMEN) is None
    lens = Genders()
    assert [lens.corrupt([text], name, 3, np.random.default_rng(0)) for name in lens.corruptions()] == [[text]] * 2


def test_a_name_is_none_where_it_is_a_word() -> None:
    assert mirrored("He paid the bill.", MEN) == "She paid the bill."
    assert mirrored("Bill paid the bill himself.", MEN) == "Donna paid the bill herself."


def test_the_lens_moves_each_text_under_the_way_that_names_its_people() -> None:
    lens, rng = Genders(), np.random.default_rng(0)
    assert isinstance(lens, Corrupts)
    assert isinstance(lens, Reads)
    texts = ["He slept.", "She slept.", "They slept."]
    assert lens.corrupt(texts, "men", 3, rng) == ["She slept.", "She slept.", "They slept."]
    assert lens.corrupt(texts, "women", 3, rng) == ["He slept.", "He slept.", "They slept."]
    with pytest.raises(LensError, match="no group 'man'"):
        lens.corrupt(texts, "man", 3, rng)
