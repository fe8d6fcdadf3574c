"""The n-gram model: the paper's formulas counted out by hand, sums to one, and draws that follow its probabilities."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chisquare

from genbench.core.chance import sample_seeds
from genbench.core.data import Dataset
from genbench.core.errors import ModelError
from genbench.core.model import Completer, Density, Fittable, Persistent, Sampler, TokenDensity, Training
from genbench.data.pydoc import pydoc
from genbench.models._bytes import END, START, SYMBOLS
from genbench.models.ngram import Ngram
from genbench.results.evidence_files import read_evidence, write_evidence

SEEDS = sample_seeds(0, 40, "ngram")
RHYME = [
    "the cat sat on the mat", "the rat sat on the cat", "that cat is fat", "a mat is flat", "the fat cat ate the rat",
    "at that the bat sat", "the hat, the mat and the bat", "a rat is a rat", "that is that", "zebra",
]  # fmt: skip


def texts(items: list[str]) -> Dataset:
    index = np.arange(len(items))
    splits = {"train": index, "held_out": index}
    return Dataset("texts", "text", items, splits, tuple(map(str, index)), "", "CC0", "written here")


def fitted(items: list[str], order: int) -> Ngram:
    model = Ngram(order=order)
    model.fit(texts(items), Training(0))
    return model


@pytest.fixture(scope="module")
def prose() -> Dataset:
    return pydoc()


@pytest.fixture(scope="module")
def ngram(prose: Dataset) -> Ngram:
    model = Ngram()
    model.fit(prose, Training(0))
    return model


def bits_per_byte(model: Ngram, items: list[str]) -> float:
    found = model.log_prob(items)
    return float(-found.nats.sum() / found.counts["byte"].sum() / np.log(2))


class ByHand:
    """Chen and Goodman's modified Kneser-Ney from dictionaries of grams; counts adjusted as Heafield et al. 2013 do."""

    def __init__(self, items: list[str], order: int) -> None:
        self.order = order
        raw: Counter[tuple[int, ...]] = Counter()
        for item in items:
            symbols = (START, *item.encode(), END)
            for end in range(2, len(symbols) + 1):
                raw.update(symbols[end - m : end] for m in range(1, order + 1) if m <= end)
        before = defaultdict(set)
        for gram in raw:
            before[gram[1:]].add(gram[0])
        self.adjusted = {g: n if len(g) == order or g[0] == START else len(before[g]) for g, n in raw.items()}
        self.discounts = {m: self.estimated(m) for m in range(1, order + 1)}

    def estimated(self, m: int) -> tuple[float, float, float]:
        n1, n2, n3, n4 = (sum(len(g) == m and a == i for g, a in self.adjusted.items()) for i in (1, 2, 3, 4))
        if min(n1, n2, n3, n4) == 0:
            return 0.5, 1.0, 1.5
        y = n1 / (n1 + 2 * n2)
        d = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
        return d if min(d) > 0 else (0.5, 1.0, 1.5)

    def p(self, symbol: int, context: tuple[int, ...]) -> float:
        below = self.p(symbol, context[1:]) if context else 1 / SYMBOLS
        followers = {
            g[-1]: a for g, a in self.adjusted.items() if len(g) == len(context) + 1 and g[:-1] == context
        }  # fmt: skip
        if not followers:
            return below
        d1, d2, d3 = self.discounts[len(context) + 1]
        discount = {1: d1, 2: d2}
        total = sum(followers.values())
        left = sum(discount.get(a, d3) for a in followers.values()) / total
        a = followers.get(symbol, 0)
        return (a - discount.get(a, d3) if a else 0) / total + left * below

    def nats(self, item: str) -> float:
        symbols = (START, *item.encode(), END)
        ends = range(1, len(symbols))
        return float(sum(np.log(self.p(symbols[e], symbols[max(0, e - self.order + 1) : e])) for e in ends))


def test_it_has_the_capabilities_it_names(ngram: Ngram) -> None:
    for capability in (Sampler, Density, TokenDensity, Completer, Fittable, Persistent):
        assert isinstance(ngram, capability)


@pytest.mark.parametrize("order", [1, 2, 3, 4, 6])
def test_it_is_the_papers_formula(order: int) -> None:
    by_hand = ByHand(RHYME, order)
    items = ["the cat sat on the mat", "that zebra", "", "x", "the the the", "é€"]
    np.testing.assert_allclose(fitted(RHYME, order).log_prob(items).nats, [by_hand.nats(i) for i in items], rtol=1e-10)


def test_the_formula_was_tried_with_estimated_and_with_fallback_discounts() -> None:
    discounts = ByHand(RHYME, 4).discounts
    assert any(d == (0.5, 1.0, 1.5) for d in discounts.values())
    assert any(d != (0.5, 1.0, 1.5) for d in discounts.values())


@pytest.mark.parametrize("context", ["", "the c", "never seen, qqq", "\x00\x01"])
def test_probabilities_sum_to_one_and_none_is_zero(ngram: Ngram, context: str) -> None:
    before = ([START] * 5 + list(context.encode()))[-5:]
    windows = np.array([[*before, symbol] for symbol in range(SYMBOLS)])
    p = ngram.probability(windows)
    assert p.sum() == pytest.approx(1.0, abs=1e-12)
    assert (p > 0).all()


def test_unseen_bytes_are_alike_and_possible() -> None:
    nats = fitted(RHYME, 3).log_prob(["Q", "#", "\x07", "the cat Q"]).nats
    assert np.isfinite(nats).all()
    assert nats[0] == nats[1] == nats[2]


def test_what_it_draws_follows_its_probabilities() -> None:
    """Whole texts of a tiny model: how often each came, against exp(log_prob)."""
    model = fitted(["ab", "ab", "abc", "a", "ba", "bb", "abab", "c", "ca", "ab", "ab"], 3)
    n = 20_000
    drawn = Counter(model.sample(sample_seeds(1, n)))
    likely = [text for text, _ in drawn.most_common(60) if "�" not in text]
    expected = n * np.exp(model.log_prob(likely).nats)
    likely, expected = [t for t, e in zip(likely, expected) if e >= 8], expected[expected >= 8]
    assert len(likely) > 12
    found = [drawn[text] for text in likely]
    assert chisquare([*found, n - sum(found)], [*expected, n - expected.sum()]).pvalue > 0.01


def test_an_unseen_context_still_draws_from_what_is_known() -> None:
    model = fitted(RHYME, 4)
    continued = model.complete(["#### never"] * 300, sample_seeds(2, 300))
    p = np.exp(model.log_prob(["#### never", "#### neverthe"]).nats)
    assert (p > 0).all()
    assert sum(text[:1] in set("".join(RHYME)) for text in continued) > 240


def test_longer_contexts_predict_held_out_prose_better(prose: Dataset, ngram: Ngram) -> None:
    held_out = prose.take("held_out")
    bits = []
    for order in (1, 2, 4):
        model = Ngram(order=order)
        model.fit(prose, Training(0))
        bits.append(bits_per_byte(model, held_out))
    bits.append(bits_per_byte(ngram, held_out))
    assert bits == sorted(bits, reverse=True)
    assert bits[-1] < 0.45 * bits[0]
    assert bits_per_byte(ngram, prose.take("train")) < bits[-1] - 0.2


def test_each_text_is_scored_by_itself_in_nats_with_its_units(ngram: Ngram) -> None:
    items = ["The module is used.", "", "naïve words — here"]
    together = ngram.log_prob(items)
    np.testing.assert_array_equal(together.nats, [ngram.log_prob([item]).nats[0] for item in items])
    assert together.counts["byte"].tolist() == [19, 1, len(items[2].encode())]
    assert together.counts["token"].tolist() == [20, 1, len(items[2].encode()) + 1]


@pytest.mark.parametrize("order", [1, 2, 3, 6])
def test_what_is_said_of_each_symbol_is_the_papers_formula(order: int) -> None:
    """log p, mean, deviation and rank of every symbol in its place, from all 257 probabilities counted out by hand."""
    by_hand, items = ByHand(RHYME, order), ["the cat", "", "zQ"]
    found = fitted(RHYME, order).token_log_probs(items)
    wanted = []
    for item in items:
        symbols = (START, *item.encode(), END)
        for at in range(1, len(symbols)):
            context = symbols[max(0, at - order + 1) : at]
            p = np.array([by_hand.p(v, context) for v in range(SYMBOLS)])
            mean = float(np.sum(p * np.log(p)))
            rank = 1 + int(np.sum(p > p[symbols[at]] * (1 + 1e-12)))
            wanted.append([np.log(p[symbols[at]]), mean, np.sqrt(np.sum(p * (np.log(p) - mean) ** 2)), rank])
    said = np.column_stack([found.nats, found.means, found.deviations, found.ranks])
    np.testing.assert_allclose(said, wanted, rtol=1e-9)
    assert found.offsets.tolist() == [0, 8, 9, 12]


def test_symbols_sum_to_their_text_whatever_the_block(
    ngram: Ngram, prose: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [*map(str, prose.take("held_out", 30)), "", "naïve \ud800 \x00"]
    whole, said = ngram.log_prob(items), ngram.token_log_probs(items)
    sums = np.add.reduceat(said.nats, said.offsets[:-1])
    np.testing.assert_allclose(sums, whole.nats, rtol=1e-12)
    np.testing.assert_array_equal(said.counts["token"], whole.counts["token"])
    assert dict(said.facts) == dict(whole.facts)
    assert said.ranks is not None
    assert (said.ranks * np.exp(said.nats) <= 1 + 1e-12).all()  # r - 1 symbols are likelier
    monkeypatch.setattr("genbench.models.ngram.BLOCK", 100)
    again = ngram.token_log_probs(items)
    for field in ("nats", "means", "deviations", "ranks"):
        np.testing.assert_array_equal(getattr(again, field), getattr(said, field))
    assert len(ngram.token_log_probs([]).nats) == 0


def test_a_sample_is_its_seed_alone(ngram: Ngram) -> None:
    together = ngram.sample(SEEDS)
    assert [*ngram.sample(SEEDS[:7]), *ngram.sample(SEEDS[7:8]), *ngram.sample(SEEDS[8:])] == together
    assert ngram.sample(SEEDS[::-1]) == together[::-1]
    assert len(set(together)) > 35


def test_a_completion_goes_on_from_its_prompt_and_heeds_no_neighbour(ngram: Ngram) -> None:
    prompts = ["The functio", "If the obj", "", "Exceptions are rais", "x" * 900]
    together = ngram.complete(prompts, SEEDS[:5])
    assert together == [ngram.complete([p], [s])[0] for p, s in zip(prompts, SEEDS)]
    goes_on = [text.startswith("n") for text in ngram.complete(["The functio"] * 40, SEEDS)]
    assert sum(goes_on) > 35


def test_a_text_ends_at_the_longest() -> None:
    model = Ngram(order=2, longest=5)
    model.fit(texts(["abababababababababab", "ba" * 30]), Training(0))
    made = model.sample(SEEDS)
    assert max(len(text.encode()) for text in made if "�" not in text) == 5


def test_bytes_that_are_no_text_are_replaced() -> None:
    """A model without context mixes the bytes of its characters."""
    made = fitted(["€é€é€", "é€ü"], 1).sample(SEEDS)
    assert any("�" in text for text in made)
    assert [text.encode().decode() for text in made] == made


def test_a_restored_model_is_the_same_and_its_file_is_small(ngram: Ngram, prose: Dataset, tmp_path: Path) -> None:
    write_evidence(tmp_path / "state", list(ngram.state()))
    assert (tmp_path / "state").stat().st_size < 10 * sum(len(text) for text in prose.take("train"))
    again = Ngram()
    again.restore(*read_evidence(tmp_path / "state"))
    items = prose.take("held_out", 50)
    np.testing.assert_array_equal(again.log_prob(items).nats, ngram.log_prob(items).nats)
    assert again.sample(SEEDS) == ngram.sample(SEEDS)


def test_presets_are_settings_it_takes() -> None:
    for preset in Ngram.__genbench__.presets.values():  # type: ignore[attr-defined]
        model = Ngram(**preset)
        model.fit(texts(RHYME), Training(0))
        assert model.log_prob(["the cat"]).nats[0] < 0


def test_an_order_below_one_is_refused() -> None:
    with pytest.raises(ModelError, match="at least 1, got 0"):
        Ngram(order=0)


def test_a_continuation_is_scored_behind_its_context_alone(ngram: Ngram) -> None:
    """Byte by byte with the probabilities themselves; a whole text's log p is that of its bytes and then its end."""
    contexts, continuations = ["The func", "", "naïve", "x"], ["tion is", "abc", "", " é"]
    found = ngram.log_prob_given(contexts, continuations)
    for before, after, nats in zip(contexts, continuations, found.nats):
        wanted, symbols = 0.0, [START] * 5 + list(before.encode())
        for byte in after.encode():
            wanted += float(np.log(ngram.probability(np.array([[*symbols[-5:], byte]])))[0])
            symbols.append(byte)
        assert nats == pytest.approx(wanted, abs=1e-9)
        end = float(np.log(ngram.probability(np.array([[*symbols[-5:], END]])))[0])
        begun = float(ngram.log_prob_given([""], [before]).nats[0])
        assert ngram.log_prob([before + after]).nats[0] == pytest.approx(begun + nats + end, abs=1e-9)
    assert found.counts["byte"].tolist() == found.counts["token"].tolist() == [7, 3, 1, 3]
