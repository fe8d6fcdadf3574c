"""The recurrent model: the equations by hand, what is drawn is what is scored, and neighbours change nothing."""

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
from genbench.models.lstm import PIECE, ROWS, Lstm, Net
from genbench.models.ngram import Ngram

SEEDS = sample_seeds(0, 40, "lstm")
SIZE = {"width": 64, "layers": 1}


@pytest.fixture(scope="module")
def prose() -> Dataset:
    return pydoc()


@pytest.fixture(scope="module")
def lstm(prose: Dataset) -> Lstm:
    torch.set_num_threads(1)
    model = Lstm(**SIZE, steps=200, rate=1e-2)
    model.fit(prose, Training(0))
    return model


def like(model: Lstm, **settings: float) -> Lstm:
    """The same weights under other settings of drawing."""
    other = Lstm(**SIZE, **settings)  # type: ignore[arg-type]
    other.restore(*model.state())
    return other


def untrained(**settings: int) -> Lstm:
    torch.manual_seed(0)
    model = Lstm(width=12, layers=2, dropout=0.5, **settings)
    model.net = Net(12, 2, 0.5).eval()
    for parameter in model.net.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return model


def by_hand(net: Net, symbols: Sequence[int]) -> np.ndarray:
    """Log-probabilities [t SYMBOLS] after each symbol, by the equations, one symbol and one layer at a time."""
    w = {name: array.detach().double().numpy() for name, array in net.named_parameters()}
    layers, d = net.lstm.num_layers, net.lstm.hidden_size
    h, c, said = np.zeros((layers, d)), np.zeros((layers, d)), []
    for symbol in symbols:
        x = w["embed.weight"][symbol]
        for k in range(layers):
            gates = w[f"lstm.weight_ih_l{k}"] @ x + w[f"lstm.bias_ih_l{k}"]
            gates += w[f"lstm.weight_hh_l{k}"] @ h[k] + w[f"lstm.bias_hh_l{k}"]
            i, f, g, o = gates.reshape(4, d)
            c[k] = c[k] / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
            x = h[k] = np.tanh(c[k]) / (1 + np.exp(-o))
        logits = w["read.weight"] @ x + w["read.bias"]
        said.append(logits - np.log(np.exp(logits).sum()))
    return np.array(said)


def net_of(model: Lstm) -> Net:
    assert model.net is not None
    return model.net


def test_it_has_the_capabilities_it_names(lstm: Lstm) -> None:
    for capability in (Sampler, Density, Completer, Fittable, Persistent, Placeable):
        assert isinstance(lstm, capability)


def test_it_learns_held_out_prose_better_than_counts_of_bytes_or_than_before(lstm: Lstm, prose: Dataset) -> None:
    held_out = prose.take("held_out", 150)
    order_0 = Ngram(order=1)
    order_0.fit(prose, Training(0))
    before = Lstm(**SIZE)
    before.net = Net(64, 1, 0.0)
    own = -lstm.log_prob(held_out).nats.sum()
    assert own < 0.75 * -order_0.log_prob(held_out).nats.sum()
    assert own < 0.5 * -before.log_prob(held_out).nats.sum()


def test_log_probabilities_are_those_of_the_equations() -> None:
    """For texts that are short, empty, alike in a batch, and longer than a piece that is read at once."""
    model = untrained()
    items = ["", "a", "é€", "The quick brown fox.", "ab" * PIECE]
    wanted = []
    for item in items:
        symbols = [START, *item.encode(), END]
        said = by_hand(net_of(model), symbols[:-1])
        wanted.append(said[np.arange(len(said)), symbols[1:]].sum())
    found = model.log_prob(items)
    np.testing.assert_allclose(found.nats, wanted, rtol=1e-5)
    assert found.counts["token"].tolist() == [len(item.encode()) + 1 for item in items]
    assert found.facts == {"window": "none", "bos": "given, not scored", "eos": "scored"}
    assert not found.bound


def test_a_continuation_is_scored_behind_its_context_alone() -> None:
    model = untrained()
    contexts, continuations = ["The fox", "", "The fox", "x" * PIECE], [" jumps", "abc", "", "é"]
    wanted = []
    for before, after in zip(contexts, continuations):
        symbols = [START, *before.encode(), *after.encode()]
        said = by_hand(net_of(model), symbols)
        places = range(len(before.encode()), len(symbols) - 1)
        wanted.append(sum(said[p, symbols[p + 1]] for p in places))
    found = model.log_prob_given(contexts, continuations)
    np.testing.assert_allclose(found.nats, wanted, rtol=1e-5, atol=1e-9)
    assert found.counts["byte"].tolist() == found.counts["token"].tolist() == [6, 3, 1, 2]


def test_probabilities_sum_to_one_over_all_short_texts() -> None:
    """Of a model that knows two bytes and the end: all texts up to 9 bytes, and what is left of longer ones."""
    model = untrained()
    with torch.no_grad():
        net_of(model).read.bias[[s for s in range(SYMBOLS) if s not in (97, 98, END)]] = -60.0
        net_of(model).read.bias[END] += 2.0
    texts = [""]
    for text in texts:
        texts += [text + "a", text + "b"] if len(text) < 9 else []
    short = np.exp(model.log_prob(texts).nats)
    longest = [text for text in texts if len(text) == 9]
    ended = np.exp(model.log_prob(longest).nats)
    reached = np.exp(model.log_prob_given([""] * len(longest), longest).nats)
    assert short.sum() + (reached - ended).sum() == pytest.approx(1.0, abs=1e-5)
    assert short.sum() > 0.8


def test_first_symbols_follow_the_probabilities(lstm: Lstm) -> None:
    n = 1600
    p = np.exp(by_hand(net_of(lstm), [START])[0])
    drawn = [text.encode()[0] if text else END for text in like(lstm, longest=1).sample(sample_seeds(3, n))]
    often = [s for s in range(128) if n * p[s] >= 8]
    assert len(often) > 5
    found, expected = [drawn.count(s) for s in often], [n * p[s] for s in often]
    assert chisquare([*found, n - sum(found)], [*expected, n - sum(expected)]).pvalue > 0.01


def test_what_is_written_is_drawn_step_by_step_from_what_is_scored(lstm: Lstm) -> None:
    model, prompt = like(lstm, longest=40, temperature=0.7, top_k=30), "The function "
    for seed, text in zip(SEEDS[:3], model.complete([prompt] * 3, SEEDS[:3])):
        symbols, chances = [START, *prompt.encode()], stream(seed, "lstm").random(40)
        own = len(symbols)
        for chance in chances:
            p = np.exp(by_hand(net_of(model), symbols)[-1] / 0.7)
            p[np.argsort(-p)[30:]] = 0
            symbols.append(int(np.searchsorted(p.cumsum() / p.sum(), chance, side="right")))
            if symbols[-1] == END:
                break
        made = symbols[own:-1] if symbols[-1] == END else symbols[own:]
        assert text == bytes(made).decode("utf-8", "replace")


def test_a_sample_is_its_seed_alone(lstm: Lstm) -> None:
    byte_checks.each_sample_is_its_seed_alone(like(lstm, longest=80), SEEDS)


def test_neighbours_change_no_bit_of_the_logits(lstm: Lstm) -> None:
    byte_checks.no_neighbour_changes_a_bit(like(lstm, longest=40), SEEDS, lambda made: made[0][:, -1])


def test_a_completion_goes_on_from_its_prompt(lstm: Lstm) -> None:
    model = like(lstm, longest=30)
    byte_checks.each_completion_heeds_its_own_prompt(model, SEEDS)
    assert len(set(like(lstm, longest=20, temperature=0.0).sample(SEEDS[:5]))) == 1


def test_a_restored_and_placed_model_is_the_same(lstm: Lstm, prose: Dataset) -> None:
    again = Lstm(**SIZE)
    again.place("cpu")
    again.restore(*lstm.state())
    items = prose.take("held_out", 2 * ROWS)
    np.testing.assert_array_equal(again.log_prob(items).nats, lstm.log_prob(items).nats)
    assert again.sample(SEEDS[:3]) == lstm.sample(SEEDS[:3])


def test_the_same_seed_trains_the_same_model_and_dropout_is_for_learning_only(prose: Dataset) -> None:
    models = [Lstm(width=16, layers=2, dropout=0.5, steps=6, longest=30, context=32) for _ in range(3)]
    ticks = [model.fit(prose, Training(seed)).ticks for model, seed in zip(models, (7, 7, 8))]
    assert ticks[0] == ticks[1] != ticks[2]
    assert models[0].sample(SEEDS[:4]) == models[1].sample(SEEDS[:4])
    items = prose.take("held_out", 4)
    np.testing.assert_array_equal(models[0].log_prob(items).nats, models[0].log_prob(items).nats)


def test_training_stops_early_and_keeps_the_best(prose: Dataset) -> None:
    model = Lstm(width=16, layers=1, steps=90, batch=8, rate=3.0, patience=2)
    history = model.fit(prose, Training(0))
    assert "not improved 2 times" in history.ended
    found = model.log_prob(prose.take("held_out", 96))
    kept = -found.nats.sum() / found.counts["token"].sum()
    assert kept == pytest.approx(min(tick.losses["held_out"] for tick in history.ticks), rel=1e-6)


def test_presets_are_settings_it_takes() -> None:
    for preset in Lstm.__genbench__.presets.values():  # type: ignore[attr-defined]
        assert Lstm(**preset).plan.steps == preset["steps"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"width": 0}, "width and layers are at least 1"),
        ({"context": 1}, "context at least 2"),
        ({"dropout": 1.0}, "dropout below 1"),
        ({"top_p": 0.0}, "top_p"),
        ({"longest": 0}, "longest is at least 1"),
    ],
)
def test_settings_without_meaning_are_refused(settings: dict[str, float], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        Lstm(**settings)  # type: ignore[arg-type]
