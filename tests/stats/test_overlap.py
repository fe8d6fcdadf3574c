"""Overlap of texts: values that rouge_score 0.1.2 and sacrebleu 2 gave for these pairs, SQuAD's rules by hand."""

import pytest

from genbench.stats.overlap import answer_words, chrf, longest_common, rouge_l, rouge_n, rouge_words, token_f1

# text, reference, ROUGE-1, ROUGE-2 and ROUGE-L (F) by rouge_score, unstemmed, and sentence chrF2 by sacrebleu
GIVEN = [
    ("The cat sat on the mat.", "A cat was sitting on the mat!",
     0.6153846153846153, 0.3636363636363636, 0.6153846153846153, 0.3461614341910809),
    ("police killed the gunman", "police kill the gunman", 0.75, 0.3333333333333333, 0.75, 0.8162392219120139),
    ("gunman the killed police", "police killed the gunman", 1.0, 0.0, 0.25, 0.6423603944501777),
    ("Paris, France", "paris", 0.6666666666666666, 0.0, 0.6666666666666666, 0.39021329325845655),
    ("", "x y", 0.0, 0.0, 0.0, 0.0),
    ("It rained, and then it rained again; it_never stopped 3.5 days",
     "It rained for 3.5 days and never stopped raining",
     0.6956521739130435, 0.380952380952381, 0.4347826086956522, 0.5682129327236966),
    ("abc", "xyz", 0.0, 0.0, 0.0, 0.0),
]  # fmt: skip


@pytest.mark.parametrize(("said", "reference", "one", "two", "long", "runs"), GIVEN)
def test_values_of_the_usual_packages(said, reference, one, two, long, runs):
    a, b = rouge_words(said), rouge_words(reference)
    assert rouge_n(a, b, 1) == pytest.approx(one)
    assert rouge_n(a, b, 2) == pytest.approx(two)
    assert rouge_l(a, b) == pytest.approx(long)
    assert chrf(said, reference) == pytest.approx(runs)


def test_lins_own_example():
    """Lin 2004, section 3.1: "police killed the gunman" has LCS 3 with the first candidate, 2 with the second."""
    reference = ["police", "killed", "the", "gunman"]
    assert longest_common(["police", "kill", "the", "gunman"], reference) == 3
    assert longest_common(["the", "gunman", "kill", "police"], reference) == 2


def test_common_subsequences_by_the_table():
    import random

    rng = random.Random(0)
    for _ in range(200):
        a, b = (rng.choices("abc", k=rng.randint(0, 12)) for _ in range(2))
        table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
        for i, x in enumerate(a):
            for j, y in enumerate(b):
                table[i + 1][j + 1] = table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
        assert longest_common(a, b) == table[-1][-1]


def test_squad_leaves_out_case_marks_and_articles():
    assert answer_words("The  U.S.A., an 'old' Band-Aid") == ["usa", "old", "bandaid"]
    assert token_f1("in the year 1066", "1066") == pytest.approx(2 * (1 / 3) * 1 / (1 / 3 + 1))
    assert token_f1("the", "a") == 1.0
    assert token_f1("", "1066") == 0.0


def test_words_beyond_ascii_are_words():
    assert rouge_words("Über-straße Привет_мир 東京") == ["über", "straße", "привет", "мир", "東京"]
