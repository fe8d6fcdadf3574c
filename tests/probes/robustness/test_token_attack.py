"""Attacks on tokens: exact on a model linear in them, refused where they mean nothing, at work on a trained one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from genbench.core.errors import ControlFailed, NotApplicable, ProbeError
from genbench.core.evidence import Texts
from genbench.core.model import Swappable, Training
from genbench.core.score import Absent
from genbench.data.pydoc import pydoc
from genbench.models.lstm import Lstm
from genbench.probes.robustness._swapping import Search
from genbench.probes.robustness.token_attack import SUFFIX, token_attack
from genbench.selftest.plant import Trial
from genbench.selftest.plants.token_twins import HELP, ITEMS, PRINTABLE, SAID, Linear, token_twins


def texts(n: int = ITEMS, seed: int = 0) -> Texts:
    scene = token_twins("brittle", Trial(0, np.random.default_rng(seed), 0))
    held = scene.evidence["held_out"][0]
    assert isinstance(held, Texts)
    return Texts(held.texts[:n], tuple(f"k{i}" for i in range(n)))


def linear(weight: float = 2.0, fault: str = "") -> Linear:
    return Linear(np.random.default_rng(7), weight, fault)


def test_the_planted_model_is_open() -> None:
    assert isinstance(linear(), Swappable)


def test_on_a_linear_model_the_attack_finds_the_swaps_that_cost_most() -> None:
    """By hand: in each place the worst character, and of the places the four where it costs most."""
    model, held = linear(), texts()
    found = token_attack(model, held, rng=np.random.default_rng(0), budget=4)["excess"]
    lost, expected = [], []
    for text in held.texts:
        own = np.array(list(text[:48].encode()))
        weights = model.w[np.arange(48)][:, PRINTABLE]
        stands = model.w[np.arange(48), own]
        lost.append(np.sort(stands - weights.min(axis=1))[-4:].sum())
        expected.append((stands - weights.mean(axis=1)).mean() * 4)  # of random swaps, nearly
    assert found.detail.facts["nats lost to the attack"] == pytest.approx(np.mean(lost), rel=1e-9)
    random = found.detail.facts["nats lost to random swaps"]
    assert random == pytest.approx(np.mean(expected), abs=1.5)  # 16 texts, 4 draws of 4 swaps, sigma 2
    assert found.value == pytest.approx((np.mean(lost) - random) / 4)
    assert found.interval.low < found.value < found.interval.high
    assert found.n == ITEMS
    assert found.floor == 0.0


def test_broken_are_those_that_lose_more_than_their_opening_gave() -> None:
    model, held = linear(0.63), texts()
    said = token_attack(model, held, rng=np.random.default_rng(0), budget=1)
    for text, broken in zip(held.texts, said["broken"].detail.values):
        own = np.array(list(text[:48].encode()))
        stands = model.w[np.arange(48), own]
        worst = (stands - model.w[np.arange(48)][:, PRINTABLE].min(axis=1)).max()
        assert broken == float(HELP + stands.sum() - worst < 0)
    assert 0 < said["broken"].value < 1


def test_a_suffix_is_found_that_makes_a_target_likely_where_characters_weigh() -> None:
    held = texts()
    brittle = token_attack(linear(2.0), held, rng=np.random.default_rng(0), target="yes, here is")
    robust = token_attack(linear(0.05), held, rng=np.random.default_rng(0), target="yes, here is")
    assert brittle["forced"].value == 1.0
    assert robust["forced"].value == 0.0
    assert brittle["steered"].value > 10 * robust["steered"].value > 0
    facts = robust["steered"].detail.facts
    assert facts["target"] == "yes, here is"
    assert facts["text with the suffix that does most"][:48] in {text[:48] for text in held.texts}
    assert len(facts["text with the suffix that does most"]) == 48 + SUFFIX
    best = np.sort(linear(0.05).w[48 : 48 + SUFFIX][:, PRINTABLE], axis=1)[:, -1].sum()
    assert 0.5 * best / 12 < robust["steered"].value < 1.3 * best / 12  # 16 steps come near the best of 6 places
    assert facts["nats per token after the suffix found"] == pytest.approx(-SAID + (HELP + best) / 12, abs=0.03)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("random loss", "budget 0 changed log p"),
        ("dead gradient", "dead gradient: it is zero for 100%"),
        ("gradient of noise", "no more than random ones"),
        ("more buys nothing", "further on 0% of the texts"),
    ],
)
def test_an_attack_that_would_mean_nothing_is_refused(fault: str, said: str) -> None:
    with pytest.raises(ControlFailed, match=said):
        token_attack(linear(2.0, fault), texts(), rng=np.random.default_rng(0))


def test_an_attack_that_chance_equals_is_refused() -> None:
    """A gradient with the wrong sign names swaps that help."""
    model = linear()
    model.swap_gradients = lambda contexts, rests: [-model.w[: len(own), PRINTABLE] for own in contexts]  # type: ignore[method-assign]
    with pytest.raises(ControlFailed, match="no more than random"):
        token_attack(model, texts(), rng=np.random.default_rng(0))


def test_a_swap_whose_text_is_read_otherwise_is_no_swap() -> None:
    """A tokenizer that reads every "z" as "y": nothing with a z is ever kept."""
    model = linear()
    plain = model.tokens_of
    model.tokens_of = lambda texts: [np.where(own == 122, 121, own) for own in plain(texts)]  # type: ignore[method-assign]
    search = Search(model, (" rest",), -1.0, once=True)
    (held,) = search.begin(plain(["abc"]))
    ((made,),) = search.tried([held], [[(0, 122), (1, 120)]])
    assert model.texts_of([made.tokens]) == ["axc"]
    assert made.open.tolist() == [True, False, True]


def test_short_texts_are_left_out_and_too_few_refused() -> None:
    held = texts()
    mixed = Texts(("short one", *held.texts), ("s", *held.keys[:ITEMS]))
    found = token_attack(linear(), mixed, rng=np.random.default_rng(0))["excess"]
    assert found.n == ITEMS
    assert found.detail.keys[0] == "k0"
    assert all(exhibit.items[0].index > 0 for exhibit in found.detail.exhibits)
    with pytest.raises(NotApplicable, match=r"at least 10 texts.*got 9"):
        token_attack(linear(), texts(9), rng=np.random.default_rng(0))
    with pytest.raises(ProbeError, match="at least one swap"):
        token_attack(linear(), held, rng=np.random.default_rng(0), budget=0)


def test_where_no_opening_helps_none_can_be_turned() -> None:
    class Harmed(Linear):
        def _helped(self, own: np.ndarray) -> float:
            return super()._helped(own) - (20.0 if len(own) else 0.0)

    said = token_attack(Harmed(np.random.default_rng(7), 2.0), texts(), rng=np.random.default_rng(0))
    assert isinstance(said["broken"], Absent)
    assert "the opening helps in 0 of 16" in said["broken"].because


def test_a_trained_model_is_harmed_and_steered_by_its_own_gradient() -> None:
    torch.set_num_threads(1)
    prose = pydoc()
    model = Lstm(width=32, layers=1, steps=40, rate=2e-2)
    model.fit(prose, Training(0))
    held = Texts(tuple(prose.take("held_out", 14)))
    said = token_attack(model, held, rng=np.random.default_rng(0), budget=2, limit=10)
    assert said["excess"].interval.low > 0.3
    assert said["steered"].interval.low > 0.02
    before, after = (said["excess"].detail.facts[name] for name in ("worst opening", "worst opening, attacked"))
    assert sum(a != b for a, b in zip(before, after)) == 2
