"""The transformer: cached steps equal whole windows, what is drawn is what is scored, and neighbours change nothing."""

from __future__ import annotations

from collections.abc import Sequence

import byte_checks
import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from genbench.core.chance import sample_seeds, stream
from genbench.core.data import Dataset
from genbench.core.errors import ModelError
from genbench.core.model import Completer, Density, Fittable, Persistent, Placeable, Sampler, Training
from genbench.data.pydoc import pydoc
from genbench.models._bytes import END, START, SYMBOLS
from genbench.models.gpt import Gpt, Net, _rotated
from genbench.models.ngram import Ngram

SEEDS = sample_seeds(0, 40, "gpt")
SIZE = {"width": 64, "layers": 2, "heads": 4}


@pytest.fixture(scope="module")
def prose() -> Dataset:
    return pydoc()


@pytest.fixture(scope="module")
def gpt(prose: Dataset) -> Gpt:
    torch.set_num_threads(1)
    model = Gpt(**SIZE, steps=150)
    model.fit(prose, Training(0))
    return model


def like(model: Gpt, **settings: float) -> Gpt:
    """The same weights under other settings of reading and drawing."""
    other = Gpt(**SIZE, **settings)  # type: ignore[arg-type]
    other.restore(*model.state())
    return other


def untrained(**settings: int) -> Gpt:
    torch.manual_seed(0)
    model = Gpt(width=16, layers=2, heads=2, **settings)
    model.net = Net(16, 2, 2)
    for parameter in model.net.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model


def following(model: Gpt, symbols: Sequence[int]) -> torch.Tensor:
    """Logits [SYMBOLS] of what follows, by the rule of the windows and without a memory."""
    half, read = model.context // 2, len(symbols)
    begin = half * -(-max(0, read - model.context) // half)  # a full window begins anew from its later half
    assert model.net is not None
    with torch.inference_mode():
        return model.net(torch.tensor([symbols[begin:]]))[0, -1].double()


def first_shares(model: Gpt) -> np.ndarray:
    return following(model, [START]).softmax(dim=0).numpy()


def test_it_has_the_capabilities_it_names(gpt: Gpt) -> None:
    for capability in (Sampler, Density, Completer, Fittable, Persistent, Placeable):
        assert isinstance(gpt, capability)


def test_it_learns_held_out_prose_far_better_than_counts_of_pairs(gpt: Gpt, prose: Dataset) -> None:
    held_out, bits = prose.take("held_out", 150), []
    for order in (1, 2):
        ngram = Ngram(order=order)
        ngram.fit(prose, Training(0))
        bits.append(-ngram.log_prob(held_out).nats.sum())
    own = -gpt.log_prob(held_out).nats.sum()
    assert own < 0.7 * bits[0]
    assert own < 0.9 * bits[1]


def test_what_comes_later_changes_nothing_before() -> None:
    net = untrained().net
    assert net is not None
    symbols = torch.randint(0, SYMBOLS, (2, 30), generator=torch.Generator().manual_seed(0))
    other = symbols.clone()
    other[:, 20:] = (other[:, 20:] + 7) % SYMBOLS
    with torch.inference_mode():
        a, b = net(symbols), net(other)
    torch.testing.assert_close(a[:, :20], b[:, :20])
    assert (a[:, 20:] - b[:, 20:]).abs().max() > 0.1


def test_step_by_step_with_a_memory_equals_all_at_once() -> None:
    net = untrained().net
    assert net is not None
    symbols = torch.randint(0, SYMBOLS, (3, 25), generator=torch.Generator().manual_seed(1))
    memory = net.memory(3, 25)
    with torch.inference_mode():
        opening = net(symbols[:, :9], memory)
        steps = [net(symbols[:, i : i + 1], memory) for i in range(9, 25)]
        torch.testing.assert_close(torch.cat([opening, *steps], dim=1), net(symbols), atol=1e-4, rtol=1e-4)


def test_attention_sees_distances_not_places() -> None:
    """Rotary positions: the same scores between queries and keys wherever the window stands."""
    q, k = torch.randn(2, 1, 1, 6, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    scores = []
    for start in (0, 50):
        angles = torch.arange(start, start + 6)[:, None] * torch.tensor([1.0, 0.3, 0.1, 0.01])
        turned = [_rotated(x, angles.cos(), angles.sin()) for x in (q, k)]
        scores.append(turned[0] @ turned[1].transpose(2, 3))
    torch.testing.assert_close(scores[0], scores[1], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("context", [2, 7, 16])
def test_each_symbol_is_scored_once_in_its_window(context: int) -> None:
    """Against a plain loop over symbols, for texts around and far beyond the window."""
    model = untrained(context=context)
    items = ["", "a", "b" * (context - 1), "abcdefghijklmnop"[:context], "é" * context, "The quick brown fox." * 3]
    expected = []
    for item in items:
        symbols = [START, *item.encode(), END]
        said = [following(model, symbols[:i]).log_softmax(dim=0)[symbols[i]] for i in range(1, len(symbols))]
        expected.append(float(sum(said)))
    found = model.log_prob(items)
    np.testing.assert_allclose(found.nats, expected, rtol=1e-4)
    assert found.counts["token"].tolist() == [len(item.encode()) + 1 for item in items]
    assert found.facts["window"] == context


@pytest.mark.parametrize("prompt", ["", "The function ", "A prompt that is longer than the window itself is"])
def test_generation_beyond_the_window_equals_recomputation_without_a_memory(gpt: Gpt, prompt: str) -> None:
    model = like(gpt, context=16, longest=70, temperature=0.7)
    for seed, text in zip(SEEDS[:4], model.complete([prompt] * 4, SEEDS[:4])):
        symbols, chances = [START, *prompt.encode()], stream(seed, "gpt").random(70)
        own = len(symbols)
        for chance in chances:
            p = (following(model, symbols) / 0.7).softmax(dim=0).numpy()
            symbols.append(int(np.searchsorted(p.cumsum() / p.sum(), chance, side="right")))
            if symbols[-1] == END:
                break
        made = symbols[own:-1] if symbols[-1] == END else symbols[own:]
        assert text == bytes(made).decode("utf-8", "replace")


def test_first_symbols_follow_the_probabilities(gpt: Gpt) -> None:
    n, p = 1600, first_shares(gpt)
    drawn = [text.encode()[0] if text else END for text in like(gpt, longest=1).sample(sample_seeds(3, n))]
    often = [s for s in range(128) if n * p[s] >= 8]
    assert len(often) > 5
    found = [drawn.count(s) for s in often]
    expected = [n * p[s] for s in often]
    assert chisquare([*found, n - sum(found)], [*expected, n - sum(expected)]).pvalue > 0.01


def test_temperature_sharpens_and_zero_is_greedy(gpt: Gpt) -> None:
    n, p = 800, first_shares(gpt)
    best = chr(int(p.argmax()))
    sharp = p**2 / (p**2).sum()
    share = np.mean([text == best for text in like(gpt, longest=1, temperature=0.5).sample(sample_seeds(4, n))])
    assert share == pytest.approx(sharp.max(), abs=4 * np.sqrt(sharp.max() / n))
    assert sharp.max() > p.max() + 0.05
    greedy = like(gpt, longest=30, temperature=0.0).sample(SEEDS[:5])
    assert len(set(greedy)) == 1
    assert greedy[0].startswith(best)


def test_top_k_and_top_p_cut_the_tail(gpt: Gpt) -> None:
    p, seeds = first_shares(gpt), sample_seeds(5, 320)
    order = np.argsort(-p)
    assert {ord(t) for t in like(gpt, longest=1, top_k=3).sample(seeds)} == set(order[:3].tolist())
    nucleus = order[: int(np.searchsorted(p[order].cumsum(), 0.6)) + 1]
    assert {ord(t) for t in like(gpt, longest=1, top_p=0.6).sample(seeds)} == set(nucleus.tolist())
    top = p[order[:4]] / p[order[:4]].sum()  # top-p acts within what top-k left
    both = order[: int(np.searchsorted(top.cumsum(), 0.6)) + 1]
    assert {ord(t) for t in like(gpt, longest=1, top_k=4, top_p=0.6).sample(seeds)} == set(both.tolist())
    assert len(set(like(gpt, longest=20, top_k=1).sample(SEEDS))) == 1


def test_a_sample_is_its_seed_alone(gpt: Gpt) -> None:
    byte_checks.each_sample_is_its_seed_alone(like(gpt, longest=120), SEEDS)


def test_neighbours_change_no_bit_of_the_logits(gpt: Gpt) -> None:
    byte_checks.no_neighbour_changes_a_bit(like(gpt, longest=60), SEEDS, lambda made: made[:, -1])


def test_a_completion_goes_on_from_its_prompt_and_heeds_no_neighbour(gpt: Gpt) -> None:
    model = like(gpt, longest=40)
    byte_checks.each_completion_heeds_its_own_prompt(model, SEEDS)
    goes_on = [text.startswith("n") for text in model.complete(["The functio"] * 40, SEEDS)]
    assert sum(goes_on) > 20


def test_bytes_that_are_no_text_are_replaced_and_the_longest_is_kept() -> None:
    made = untrained(longest=25).sample(SEEDS)
    assert any("�" in text for text in made)
    assert [text.encode().decode() for text in made] == made
    assert max(map(len, made)) <= 25


def test_a_restored_and_placed_model_is_the_same(gpt: Gpt, prose: Dataset) -> None:
    again = Gpt(**SIZE, steps=150)
    again.place("cpu")
    again.restore(*gpt.state())
    items = prose.take("held_out", 5)
    np.testing.assert_array_equal(again.log_prob(items).nats, gpt.log_prob(items).nats)
    assert again.sample(SEEDS[:3]) == gpt.sample(SEEDS[:3])


def test_a_restored_model_goes_where_it_was_placed(gpt: Gpt) -> None:
    again = Gpt(**SIZE)
    again.place("meta")
    again.restore(*gpt.state())
    assert again.net is not None
    assert {p.device.type for p in again.net.parameters()} == {"meta"}


def test_the_same_seed_trains_the_same_model(prose: Dataset) -> None:
    models = [Gpt(width=16, layers=1, heads=2, steps=6, longest=30) for _ in range(3)]
    ticks = [model.fit(prose, Training(seed)).ticks for model, seed in zip(models, (7, 7, 8))]
    assert ticks[0] == ticks[1] != ticks[2]
    assert models[0].sample(SEEDS[:4]) == models[1].sample(SEEDS[:4])


def test_training_stops_early_and_keeps_the_best(prose: Dataset) -> None:
    model = Gpt(width=16, layers=1, heads=2, steps=150, rate=1.0, patience=2)
    history = model.fit(prose, Training(0))
    assert "not improved 2 times" in history.ended
    assert len(history.ticks) < 15
    found = model.log_prob(prose.take("held_out", 96))
    kept = -found.nats.sum() / found.counts["token"].sum()
    assert kept == pytest.approx(min(tick.losses["held_out"] for tick in history.ticks), rel=1e-6)


def test_texts_longer_than_the_window_are_learnt_from_too(prose: Dataset) -> None:
    model = Gpt(width=16, layers=1, heads=2, steps=4, context=32)
    assert len(model.fit(prose, Training(0)).ticks) == 4


def test_presets_are_settings_it_takes() -> None:
    for preset in Gpt.__genbench__.presets.values():  # type: ignore[attr-defined]
        assert Gpt(**preset).plan.steps == preset["steps"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"width": 30, "heads": 4}, "multiple of 2 x heads"),
        ({"context": 1}, "context is at least 2"),
        ({"top_p": 0.0}, "top_p"),
        ({"temperature": -1.0}, "temperature"),
    ],
)
def test_settings_without_meaning_are_refused(settings: dict[str, float], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        Gpt(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("context", [7, 16, 288])
def test_a_continuation_is_scored_behind_its_context_alone(context: int) -> None:
    model = untrained(context=context)
    contexts, continuations = ["The fox", "", "The fox", "x" * 40], [" jumps over it", "abc", "", "é"]
    found = model.log_prob_given(contexts, continuations)
    for before, after, nats in zip(contexts, continuations, found.nats):
        symbols, wanted = [START, *before.encode()], 0.0
        for byte in after.encode():
            wanted += float(following(model, symbols).log_softmax(dim=0)[byte])
            symbols.append(byte)
        assert nats == pytest.approx(wanted, rel=1e-4, abs=1e-6)
    assert found.counts["byte"].tolist() == found.counts["token"].tolist() == [14, 3, 1, 2]
    assert found.facts["eos"] == "not scored"
