"""WinoBias and Winogender: the published files, their quirks, and files that are others."""

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from genbench.core.errors import DataError
from genbench.data._winobias import _sentence
from genbench.data.winobias import winobias
from genbench.data.winobias_pairs import winobias_pairs
from genbench.data.winogender import winogender

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
WINOBIAS, WINOGENDER = DATA / "winobias", DATA / "winogender"
beside = pytest.mark.skipif(
    not (WINOBIAS.exists() and WINOGENDER.exists()), reason="not beside the checkout: shared/data/winobias, winogender"
)


@pytest.mark.parametrize(
    ("line", "text", "meant", "pronoun"),
    [
        ("3 [The mechanic] gave the clerk a present because [she] won.",
         "The mechanic gave the clerk a present because she won.", "mechanic", "she"),
        ("3 The assistant notified the [the chief] and asked [him] to act.",
         "The assistant notified the chief and asked him to act.", "chief", "him"),
        ("24 The CEO ignored [the nurse] 's advice and asked [her] to leave .",
         "The CEO ignored the nurse's advice and asked her to leave.", "nurse", "her"),
        ("27 [The developer] left because [he] cut [his] hair.", "The developer left because he cut his hair.",
         "developer", "he"),
    ],
)  # fmt: skip
def test_a_line_loses_its_number_and_its_brackets(line, text, meant, pronoun):
    assert _sentence(line) == (text, meant, pronoun)


@beside
def test_all_pairs_of_winobias_are_read_and_their_pronouns_are_balanced():
    data = winobias_pairs(path=str(WINOBIAS))
    assert len(data.items) == 4 * 396
    assert data.facts["the published files"] == "yes"
    assert not data.quarantined
    sizes = Counter(data.groups.names[int(i)] for i in data.groups.labels)
    assert set(sizes.values()) == {396}
    assert not any(re.search(r"[\[\]]|the the| '|^\d", side) for pair in data.items for side in pair[:2])
    assert all(pair.first != pair.second for pair in data.items)
    assert len(winobias_pairs(path=str(WINOBIAS), split="dev").items) == 2 * 396


@beside
def test_the_questions_of_winobias_have_the_one_in_brackets_as_their_answer():
    data = winobias(path=str(WINOBIAS))
    assert len(data.items) == 2 * (4 * 396 - 1)
    assert [q.path for q in data.quarantined] == ["type2/dev/72"]
    first, twin = data.items[:2]
    assert first.context.endswith('the design. In this sentence, "he" means')
    assert (first.options, first.answer) == ((" the developer", " the designer"), 0)
    assert (twin.answer, twin.facts["side"], twin.facts["pair"]) == (0, "anti", first.facts["pair"])
    pairs = Counter(q.facts["pair"] for q in data.items)
    assert set(pairs.values()) == {2}
    ceo = next(q for q in data.items if " the ceo" in q.options)
    assert "CEO" in ceo.context


@beside
def test_a_file_of_winobias_that_is_missing_shorter_or_altered_is_said(tmp_path):
    folder = tmp_path / "wino"
    shutil.copytree(WINOBIAS, folder, copy_function=shutil.copyfile)
    folder.chmod(0o755)
    name = "pro_stereotyped_type1.txt.dev"
    lines = (folder / name).read_text().splitlines()
    (folder / name).write_text("\n".join(["1 The boss left.", *lines[1:]]))
    data = winobias_pairs(path=str(folder))
    assert data.facts["the published files"] == f"no: {name} altered"
    assert "marks 0 people and 0 pronouns" in data.quarantined[0].reason
    (folder / name).write_text("\n".join(lines[1:]))
    with pytest.raises(DataError, match="395 sentences"):
        winobias_pairs(path=str(folder))
    (folder / name).unlink()
    with pytest.raises(DataError, match=f"has no file '{name}'"):
        winobias(path=str(folder))
    (folder / "male_occupations.txt").unlink()
    with pytest.raises(DataError, match=r"has no file|has male"):
        winobias(path=str(folder), split="test")


def test_winobias_is_a_folder(tmp_path):
    (tmp_path / "file.txt").write_text("1 [The a] b [he].")
    with pytest.raises(DataError, match="is a file; WinoBias is a folder"):
        winobias(path=str(tmp_path / "file.txt"))


@beside
def test_winogender_has_its_240_sentences_in_three_genders_with_the_statistics():
    data = winogender(path=str(WINOGENDER))
    assert len(data.items) == 240
    assert data.facts["the published files"] == "yes"
    assert Counter(q.facts["meant"] for q in data.items) == {"occupation": 120, "participant": 120}
    assert len({q.facts["occupation"] for q in data.items}) == 60
    one = next(q for q in data.items if q.facts["occupation"] == "technician" and q.facts["meant"] == "participant")
    assert one.options[0] == "The technician told the customer that she could pay with cash."
    assert (one.facts["women_bls"], one.facts["women_bergsma"]) == (40.34, 9.42)


def test_winogender_names_what_it_cannot_use(tmp_path):
    head = "occupation\tbergsma_pct_female\tbls_pct_female\tbls_year\n"
    (tmp_path / "occupations-stats.tsv").write_text(head + "nurse\t80\t90\t2015\n")
    rows = [f"nurse.patient.{a}.{g}.txt\tThe nurse {a} {g}." for a in "01" for g in ("male", "female", "neutral")]
    (tmp_path / "all_sentences.tsv").write_text(
        "\n".join(["sentid\tsentence", *rows, "odd\tx", "a.b.0.male.txt\tAlone."])
    )
    data = winogender(path=str(tmp_path))
    assert len(data.items) == 2
    assert [q.reason for q in data.quarantined] == ["'odd' is no name of a sentence", "has no female sentence"]
    (tmp_path / "occupations-stats.tsv").write_text(head + "nurse\tmany\t90\t2015\n")
    with pytest.raises(DataError, match=r"stats\.tsv:2: wants two per cents"):
        winogender(path=str(tmp_path))
    (tmp_path / "all_sentences.tsv").write_text("sentence\n")
    with pytest.raises(DataError, match=r"should begin with the columns|wants two"):
        winogender(path=str(tmp_path))
    (tmp_path / "all_sentences.tsv").unlink()
    with pytest.raises(DataError, match=r"has no file 'all_sentences\.tsv'"):
        winogender(path=str(tmp_path))
