"""The masked model: it learns to fill in, says nothing of whole texts, and Gibbs draws follow its conditionals."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from genbench.core.chance import sample_seeds
from genbench.core.data import Dataset, Pair
from genbench.core.errors import ModelError, NotApplicable
from genbench.core.model import (
    Completer,
    Conditional,
    Contrasts,
    Density,
    Fittable,
    Persistent,
    Placeable,
    Sampler,
    Training,
)
from genbench.data.pydoc import pydoc
from genbench.models._drawing import Drawing
from genbench.models._gibbs import Begun, Gibbs, filled
from genbench.models._pieces import CLOSE, FIRST_WORD, MASK, OPEN, PAD, Pieces, learned_pieces
from genbench.models.bert import Bert

SEEDS = sample_seeds(0, 24, "bert")
SIZE = {"width": 48, "layers": 2, "heads": 2, "words": 800}


@pytest.fixture(scope="module")
def prose() -> Dataset:
    return pydoc()


@pytest.fixture(scope="module")
def bert(prose: Dataset) -> Bert:
    torch.set_num_threads(1)
    model = Bert(**SIZE, steps=150, rate=6e-3)
    model.fit(prose, Training(0))
    return model


def writing(bert: Bert) -> Bert:
    """The same weights, for texts of few lengths and one sweep."""
    other = Bert(**SIZE, sweeps=1)
    other.restore(*bert.state())
    other.lengths = np.array([9, 14, 30])
    return other


def test_it_has_the_capabilities_it_names_and_is_no_density(bert: Bert) -> None:
    for can in (Sampler, Completer, Contrasts, Fittable, Persistent, Placeable):
        assert isinstance(bert, can)
    for cannot in (Density, Conditional):
        assert not isinstance(bert, cannot)


def test_it_fills_in_held_out_prose_better_than_counts_of_tokens_or_than_before(bert: Bert, prose: Dataset) -> None:
    held_out = prose.take("held_out", 15)
    counts = np.ones(len(bert.pieces))
    for text in prose.take("train"):
        np.add.at(counts, bert.tokens_of(text)[1:-1], 1)
    order_0 = sum(np.log(counts[bert.tokens_of(text)[1:-1]] / counts.sum()).sum() for text in held_out)
    before = Bert(**SIZE)
    before.restore(*bert.state())
    assert before.net is not None
    torch.manual_seed(0)
    for weight in before.net.parameters():
        torch.nn.init.normal_(weight, std=0.02)
    own = bert.pseudo_log_likelihood(held_out)
    assert own.nats.sum() > 0.9 * order_0
    assert own.nats.sum() > 0.8 * before.pseudo_log_likelihood(held_out).nats.sum()
    assert "no probability of a text" in own.definition


def test_a_pair_is_scored_over_what_it_shares(bert: Bert) -> None:
    """Against one mask at a time by hand; equal sentences tie, as do those that share their frame alone."""
    pair = Pair("The value of the object is used.", "The name of the object is used.")
    found = bert.contrast([pair, Pair(pair.first, pair.first), Pair("x", "y")])
    for text, score in ((pair.first, found.first[0]), (pair.second, found.second[0])):
        tokens, wanted = bert.tokens_of(text), 0.0
        others = bert.tokens_of(pair.second if text == pair.first else pair.first)
        differs = next(i for i, (a, b) in enumerate(zip(tokens, others)) if a != b)
        assert sum(a != b for a, b in zip(tokens, others)) == 1
        for place in range(1, len(tokens) - 1):
            if place != differs:
                hidden = torch.tensor([tokens])
                hidden[0, place] = MASK
                with torch.inference_mode():
                    logits = bert.logits_at(hidden, torch.ones_like(hidden), torch.tensor([place]))
                wanted += float(logits[0].double().log_softmax(0)[tokens[place]])
        assert score == pytest.approx(wanted, abs=1.1e-3)
    assert found.first[1] == found.second[1]
    assert found.first[2] == found.second[2] == 0.0


def test_padding_and_neighbours_change_no_answer(bert: Bert) -> None:
    texts = ["The value is used.", "x", "If the object has a method, it is called with the name as its argument."]
    together = bert.pseudo_log_likelihood(texts).nats
    alone = [bert.pseudo_log_likelihood([text]).nats[0] for text in texts]
    np.testing.assert_allclose(together, alone, rtol=1e-4)


class Table:
    """Two free tokens a, b in {0, 1, 2} with a known joint distribution, as a model that fills in."""

    mask, longest, uncased = 3, 8, False
    joint = np.array([[0.3, 0.05, 0.05], [0.02, 0.2, 0.08], [0.1, 0.1, 0.1]])

    def tokens_of(self, text: str) -> list[int]:
        return [4, *map(int, text), 5]

    def logits_at(self, symbols: torch.Tensor, seen: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        rows = []
        for row, place in zip(symbols.tolist(), places.tolist()):
            table = self.joint if place == 1 else self.joint.T  # [asked, other]
            other = row[3 - place] if place in (1, 2) else self.mask
            p = table.sum(1) if other == self.mask else table[:, other]
            rows.append([*np.log(p / p.sum()), 0.0, 0.0, 0.0])
        return torch.tensor(rows)


@pytest.mark.parametrize("sweeps", [1, 3])
def test_gibbs_sampling_draws_from_the_joint_whose_conditionals_it_is_given(sweeps: int) -> None:
    """Filling from masks by true marginals and conditionals is exact at once, and sweeps leave it so."""
    n = 3000
    begun = [Begun([4, 3, 3, 5], [1, 2], seed) for seed in sample_seeds(1, n)]
    rows = filled(Table(), begun, Gibbs(Drawing(1.0, 0, 1.0, 8), sweeps, (3, 4, 5), 5), "table")
    found = np.zeros((3, 3))
    for row in rows:
        found[row[1], row[2]] += 1
    assert chisquare(found.ravel(), n * Table.joint.ravel()).pvalue > 0.01


def test_a_sample_is_its_seed_alone(bert: Bert) -> None:
    model = writing(bert)
    together = model.sample(SEEDS)
    assert [*model.sample(SEEDS[:1]), *model.sample(SEEDS[1:8]), *model.sample(SEEDS[8:])] == together
    assert len(set(together)) == len(SEEDS)
    lengths = [len(bert.tokens_of(text)) for text in together]
    assert 10 < np.mean(lengths) < 30


def test_a_completion_holds_its_prompt_fixed_and_heeds_no_neighbour(bert: Bert) -> None:
    prompts = ["The function", "", "x" * 99]
    model = writing(bert)
    together = model.complete(prompts, SEEDS[:3])
    assert together == [model.complete([p], [s])[0] for p, s in zip(prompts, SEEDS)]
    assert all(text and not text.startswith(p) for text, p in zip(together, ("The function", "The", "x" * 9)))


def test_words_and_bytes_spell_every_text() -> None:
    pieces = learned_pieces(["the cat sat", "the cat is there", "on a mat"], 10)
    assert pieces.words == [" cat", "the"]
    for text in ("the cat", "a  zebra\n\t— naïve ☃ the", "", " ", "x" * 9):
        tokens = pieces.tokens_of(text)
        assert pieces.text_of(tokens) == text
        assert (tokens[0], tokens[-1]) == (OPEN, CLOSE)
    assert pieces.tokens_of("the cat") == [OPEN, FIRST_WORD + 1, FIRST_WORD, CLOSE]
    assert Pieces([]).text_of([MASK, 97, PAD, 0xFF]) == "a�"


def test_a_restored_model_is_the_same(bert: Bert, prose: Dataset) -> None:
    again = Bert(**SIZE)
    again.place("cpu")
    again.restore(*bert.state())
    texts = prose.take("held_out", 3)
    np.testing.assert_array_equal(again.pseudo_log_likelihood(texts).nats, bert.pseudo_log_likelihood(texts).nats)
    assert again.lengths.tolist() == bert.lengths.tolist()
    assert writing(again).sample(SEEDS[:3]) == writing(bert).sample(SEEDS[:3])


def test_the_same_seed_trains_the_same_model(prose: Dataset) -> None:
    models = [Bert(width=16, layers=1, heads=2, words=50, context=24, steps=5) for _ in range(3)]
    ticks = [model.fit(prose, Training(seed)).ticks for model, seed in zip(models, (7, 7, 8))]
    assert ticks[0] == ticks[1] != ticks[2]
    with pytest.raises(NotApplicable, match="reads at most 24 tokens at once"):
        models[0].pseudo_log_likelihood(["x" * 60])


def test_presets_are_settings_it_takes() -> None:
    for preset in Bert.__genbench__.presets.values():  # type: ignore[attr-defined]
        assert Bert(**preset).plan.steps == preset["steps"]


@pytest.mark.parametrize("settings", [{"width": 30, "heads": 4}, {"context": 3}, {"sweeps": 0}, {"masked": 1.0}])
def test_settings_without_meaning_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ModelError, match="bert: width is a multiple of heads"):
        Bert(**settings)  # type: ignore[arg-type]
