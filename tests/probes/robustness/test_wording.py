"""What another wording costs: known on a model that counts new words, and found in one that has learned prose."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from genbench.core.errors import ControlFailed, NotApplicable
from genbench.core.evidence import LogProbs, Variants
from genbench.core.model import Training
from genbench.data.pydoc import pydoc
from genbench.lenses.text._rewording import FIGURES, NEGATED, REWORDINGS
from genbench.lenses.text.ngrams import Ngrams
from genbench.models.ngram import Ngram
from genbench.probes.robustness.wording import _opening, wording
from genbench.run.looks import LOOKS, SPOILED_BY
from genbench.selftest.plant import Trial
from genbench.selftest.plants.words_unseen import COST, ITEMS, REST, words_unseen


def scene(dose: float, seed: int = 0):
    made = words_unseen(dose, Trial(0, np.random.default_rng(seed), 0))
    return made.evidence["model"][0], made.evidence["held_out"][0], made.truth[COST]


def test_the_cost_is_that_of_the_words_that_changed() -> None:
    model, variants, truth = scene(0.5)
    found = wording(model, variants)
    extra = [[sum(w.isupper() for w in text.split()) for text in way] for way in variants.spoiled]
    by_hand = 0.5 * np.mean(extra, axis=0) / REST
    np.testing.assert_allclose(found["cost"].detail.values, by_hand)
    assert found["cost"].value == pytest.approx(by_hand.mean())
    assert found["cost"].interval.low < truth < found["cost"].interval.high
    assert found["cost"].n == ITEMS
    facts = found["cost"].detail.facts
    assert facts["accuracy as it is"] == 1.0
    assert facts["cost by way"]["one"].startswith(f"{0.5 / REST:.4f} [")


def test_an_answer_changes_where_the_loss_outweighs_the_lead() -> None:
    """A lead of 6 nats: 3 words of 3 nats lose it, one does not."""
    model, variants, _ = scene(3.0)
    found = wording(model, variants)
    three = np.array([sum(w.isupper() for w in text.split()) == 3 for text in variants.spoiled[1]])
    np.testing.assert_allclose(found["changed"].detail.values, three / 2)
    np.testing.assert_allclose(found["drop"].detail.values, three / 2)
    assert found["changed"].interval.low < three.mean() / 2 < found["changed"].interval.high
    assert found["changed"].detail.facts["answers changed by way"]["one"] == "0.0000 [0.0000, 0.0000], n = 60"


def test_a_model_that_reads_through_is_at_the_floor_but_not_beyond_doubt() -> None:
    model, variants, _ = scene(0.0)
    found = wording(model, variants)
    assert found["cost"].value == found["changed"].value == found["drop"].value == 0.0
    assert 0.02 < found["changed"].interval.high < 0.1


def test_texts_that_no_way_changed_are_left_out() -> None:
    model, variants, _ = scene(0.5)
    untouched = tuple(tuple(plain if i < 10 else other for i, (plain, other) in enumerate(zip(variants.texts, way)))
                      for way in variants.spoiled)  # fmt: skip
    keys = tuple(f"k{i}" for i in range(ITEMS))
    found = wording(model, Variants(variants.texts, untouched, variants.names, 3, keys))["cost"]
    assert found.n == ITEMS - 10
    assert found.detail.keys == keys[10:]
    assert all(exhibit.items[0].index >= 10 for exhibit in found.detail.exhibits)
    with pytest.raises(NotApplicable, match="got 0 of 60"):
        wording(model, Variants(variants.texts, (variants.texts,), ("none",), 3))
    with pytest.raises(NotApplicable, match="got 0 of 2"):
        wording(model, Variants(("a", "b c"), (("A", "B c"),), ("case",), 3))


def test_a_model_whose_answers_are_chance_is_refused() -> None:
    rng = np.random.default_rng(0)

    class Guesses:
        def log_prob_given(self, contexts: Sequence[str], continuations: Sequence[str]) -> LogProbs:
            return LogProbs(rng.normal(size=len(contexts)), {"byte": np.ones(len(contexts), np.int64)})

    with pytest.raises(ControlFailed, match="another the second time"):
        wording(Guesses(), scene(0.0)[1])


def test_an_opening_said_in_other_words_ends_where_the_rest_begins() -> None:
    text = "The cat does not like dogs, mice, rats and birds of any kind."
    assert _opening(text, "Note that the cat does not like dogs, mice, rats and birds of any kind.", 6) == (
        "Note that the cat does not like dogs,"
    )
    assert _opening(text, "The cat doesn't like dogs, mice, rats and birds of any kind.", 6) == (
        "The cat doesn't like dogs,"
    )
    assert _opening(text, "The cat does not like DOGS, mice, rats and birds of any kind.", 6).endswith("DOGS,")
    swapped = "The cat does not like dogs, rats, mice and birds of any kind."
    assert _opening(text, swapped, 8) == "The cat does not like dogs, rats, mice"


def test_a_change_across_the_cut_leaves_the_opening_as_it_is() -> None:
    text = "The cat does not like dogs, mice, rats and birds of any kind."
    assert _opening(text, "The cat doesn't like dogs, mice, rats and birds of any kind.", 3) == "The cat does"
    swapped = "The cat does not like dogs, rats, mice and birds of any kind."
    assert _opening(text, swapped, 7) == "The cat does not like dogs, mice,"
    assert _opening(text, "All else.", 4) == "The cat does not"


class Surface:
    """Knows texts' openings by heart, letter for letter; `reads` says what of an opening it looks at."""

    def __init__(self, texts: Sequence[str], reads: Callable[[str], str]) -> None:
        self.known, self.reads = [reads(text) for text in texts], reads

    def log_prob_given(self, contexts: Sequence[str], continuations: Sequence[str]) -> LogProbs:
        nats = [
            (-1.0 if any(known.startswith(self.reads(before)) for known in self.known) else -3.0) * len(after.encode())
            for before, after in zip(contexts, continuations, strict=True)
        ]
        return LogProbs(np.array(nats), {"byte": np.array([len(after.encode()) for after in continuations])})


def plainly(text: str) -> str:
    """What is left of a text when its frame is taken off and its contractions and numbers are written out."""
    rng = np.random.default_rng(0)
    text = re.sub(r"^(?:Note that|Please note that|Keep in mind that) (\w)", lambda at: at[1].upper(), text)
    for name in ("contractions", "numbers"):
        places = REWORDINGS[name](text, rng)
        for begin, end, other in reversed([p for p in places if p[2] in (*NEGATED, *FIGURES)]):
            text = text[:begin] + other + text[end:]
    return text


def test_a_reader_of_surfaces_is_heard_at_paraphrases_and_one_of_contents_is_not() -> None:
    """Both know the same texts; the second knows that a frame, a contraction or a figure says nothing new."""
    prose = pydoc().take("held_out", 200)
    every = LOOKS[Variants](Ngrams(), prose)
    at = [every.names.index(name) for name in ("contractions", "numbers", "frames")]
    variants = Variants(every.texts, tuple(every.spoiled[i] for i in at), tuple(every.names[i] for i in at), 3)
    by_surface = wording(Surface(prose, str), variants)["cost"]
    assert by_surface.value == pytest.approx(2.0)
    assert by_surface.interval.low > 1.9
    by_content = wording(Surface(prose, plainly), variants)["cost"]
    assert by_content.n == by_surface.n > 20
    assert by_content.value == 0.0
    facts = by_surface.detail.facts["cost by way"]
    assert all("n = " in facts[name] for name in ("contractions", "frames"))


def test_a_run_makes_the_variants_of_real_texts() -> None:
    prose = pydoc()
    model = Ngram(order=5)
    model.fit(prose, Training(0))
    variants = LOOKS[Variants](Ngrams(), prose.take("held_out", 60))
    assert variants.names[:4] == ("typos", "case", "whitespace", "equivalents")
    assert variants.names[4:] == ("contractions", "numbers", "frames", "lists")
    assert variants.severity == SPOILED_BY
    assert [len(way) for way in variants.spoiled] == [60] * 8
    found = wording(model, variants)
    assert set(found["cost"].detail.facts["cost by way"]) == set(variants.names)
    assert found["cost"].n >= 55
