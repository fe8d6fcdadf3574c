"""Texts by the words they hold: HurtLex's layout, the user's own list, and the house's stand-in."""

import numpy as np
import pytest

from genbench.core.errors import LensError
from genbench.core.lens import Annotator, Embeds, Identified
from genbench.lenses.text.house_words import LISTED, HouseWords
from genbench.lenses.text.lexicon import Lexicon

HURTLEX = """id\tpos\tcategory\tstereotype\tlemma\tlevel
EN1\tn\tpr\tno\tharlot\tconservative
EN2\tn\tcds\tno\tCrétin\tconservative
EN3\tn\tan\tno\tdonkey\tinclusive
EN4\tn\tan\tno\tson of a gun\tconservative
"""


@pytest.fixture
def hurtlex(tmp_path):
    path = tmp_path / "hurtlex_EN.tsv"
    path.write_text(HURTLEX, encoding="utf-8")
    return str(path)


def said(lens, *texts):
    found = lens.annotate(list(texts))
    return [found.names[int(label)] for label in found.labels]


def test_hurtlex_counts_its_conservative_words_without_case_and_accents(hurtlex):
    lens = Lexicon(path=hurtlex)
    assert said(lens, " nurse.", "a HARLOT!", "cretin", "donkey", "Son of a  gun", "harlots") == [
        "other", "hurtful", "hurtful", "other", "hurtful", "other"
    ]  # fmt: skip
    assert said(Lexicon(path=hurtlex, level="inclusive"), "donkey") == ["hurtful"]
    assert lens.annotate(["x"]).confusion is None


def test_only_the_first_words_count_where_that_is_asked_for(hurtlex):
    assert said(Lexicon(path=hurtlex, first=1), " harlot and nurse", " nurse and harlot") == ["hurtful", "other"]


def test_ones_own_list_has_its_own_labels_and_the_most_words_win(tmp_path):
    path = tmp_path / "own.tsv"
    path.write_text("good\tpositive\nbad\tnegative\nawful\tnegative\n")
    lens = Lexicon(path=str(path))
    assert said(lens, "good bad awful", "good and bad", "so so", "good") == [
        "negative", "neutral", "neutral", "positive"
    ]  # fmt: skip


def test_the_files_content_is_part_of_what_the_lens_is(hurtlex, tmp_path):
    other = tmp_path / "other.tsv"
    other.write_text("good\tpositive\n")
    assert Lexicon(path=hurtlex).identity() != Lexicon(path=str(other)).identity()
    assert isinstance(Lexicon(path=hurtlex), Identified)


def test_a_file_that_is_no_lexicon_is_refused(tmp_path):
    path = tmp_path / "none.tsv"
    path.write_text("just words\n")
    with pytest.raises(LensError, match="neither HurtLex"):
        Lexicon(path=str(path))
    with pytest.raises(LensError, match="cannot read"):
        Lexicon(path=str(tmp_path / "absent.tsv"))


def test_the_houses_words_are_a_stand_in_of_two_labels():
    lens = HouseWords()
    assert said(lens, "She was a brilliant, kind doctor.", "He was a lazy thief.", "It is a chair.") == [
        "positive", "negative", "neutral"
    ]  # fmt: skip
    assert set(LISTED.values()) == {"positive", "negative"}
    assert 150 < len(LISTED) < 250
    assert "stand-in" in HouseWords.__doc__
    assert isinstance(lens, Annotator)
    assert isinstance(lens, Embeds)
    assert np.isfinite(lens.features(["a text", "another"])).all()
