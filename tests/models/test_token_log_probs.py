"""Single tokens: they sum to the text's log-probability, and mean and deviation are those of the whole distribution."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
import torch
from hf_models import byte_tokenizer, tiny

from genbench.core.evidence import TokenLogProbs
from genbench.core.model import TokenDensity
from genbench.models._bytes import END, START, encode
from genbench.models._token_stats import stats_of
from genbench.models.gpt import Gpt
from genbench.models.hf import Hf
from genbench.models.lstm import Lstm

TEXTS = ["Once upon a time.", "Hi", "", "The cat sat on a mat. " * 9, "café ☃"]


def sharpened(net):
    """Random weights, enlarged so that what is said depends on what was read."""
    with torch.no_grad():
        for weight in net.parameters():
            weight.copy_(0.3 * torch.randn_like(weight))
    return net.eval()


def byte_models():
    torch.manual_seed(0)
    gpt, lstm = Gpt(width=16, layers=1, heads=2, context=48), Lstm(width=12)
    gpt.net, lstm.net = sharpened(gpt_net(gpt)), sharpened(lstm._built())
    return {"gpt": gpt, "lstm": lstm}


def gpt_net(model):
    from genbench.models.gpt import Net

    return Net(model.width, model.layers, model.heads)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    made = byte_models()
    for kind in ("gpt2", "gemma2"):  # gemma2 has no plain head, so its logits come row by row
        place = tmp_path_factory.mktemp(kind)
        tiny(kind).save_pretrained(place)
        byte_tokenizer(bos="<s>").save_pretrained(place)
        made[kind] = Hf(path=str(place), window=32, stride=16)
    return made


def of_item(said: TokenLogProbs, i: int) -> np.ndarray:
    own = slice(said.offsets[i], said.offsets[i + 1])
    return np.stack([said.nats[own], said.means[own], said.deviations[own]], axis=1)


@pytest.mark.parametrize("name", ["gpt", "lstm", "gpt2", "gemma2"])
def test_tokens_sum_to_the_text_and_do_not_depend_on_the_batch(name, models):
    model = models[name]
    assert isinstance(model, TokenDensity)
    said, whole = model.token_log_probs(TEXTS), model.log_prob(TEXTS)
    assert len(said) == len(TEXTS)
    assert [of_item(said, i)[:, 0].sum() for i in range(len(TEXTS))] == pytest.approx(whole.nats.tolist(), abs=2e-3)
    lengths = np.diff(said.offsets)
    assert lengths.tolist() == said.counts["token"].tolist()
    assert [n for n, text in zip(lengths, TEXTS, strict=True) if text] == [
        n for n, text in zip(whole.counts["token"], TEXTS, strict=True) if text
    ]
    assert dict(said.facts) == dict(whole.facts)
    assert said.counts["zlib"].tolist() == [len(zlib.compress(text.encode())) for text in TEXTS]
    assert (said.deviations >= 0).all()
    for i, text in enumerate(TEXTS):
        assert of_item(model.token_log_probs([text]), 0) == pytest.approx(of_item(said, i), abs=1e-3)


def by_hand(logits, targets):
    """In float64, the second moment less the square of the first."""
    said = logits.double().log_softmax(-1)
    p = said.exp()
    mean = (p * said).sum(-1)
    deviation = ((p * said**2).sum(-1) - mean**2).clamp_min(0).sqrt()
    return torch.stack([said.gather(-1, targets[:, None])[:, 0], mean, deviation], dim=1).numpy()


def test_mean_and_deviation_are_those_of_all_symbols(models):
    text = TEXTS[0]
    symbols = torch.tensor([START, *encode(text), END])
    with torch.no_grad():
        gpt = models["gpt"].net(symbols[None, :-1])[0]
        lstm = models["lstm"].net(symbols[None, :-1])[0][0]
    for name, logits in (("gpt", gpt), ("lstm", lstm)):
        found = of_item(models[name].token_log_probs([text]), 0)
        assert found == pytest.approx(by_hand(logits, symbols[1:]), abs=1e-4), name
    for name in ("gpt2", "gemma2"):
        causal = models[name]._loaded()
        tokens = torch.tensor(causal.tokens_of(text))
        with torch.no_grad():
            logits = causal.net(tokens[None]).logits[0, :-1]
        assert of_item(models[name].token_log_probs([text]), 0) == pytest.approx(by_hand(logits, tokens[1:]), abs=1e-4)


def test_two_symbols_and_a_sure_one():
    # p = 3/4, 1/4: mean = sum p log p, deviation = sqrt(p q) |log p - log q|
    found = stats_of(torch.tensor([[3.0, 1.0]]).log(), torch.tensor([1]))[0].tolist()
    mean = 0.75 * np.log(0.75) + 0.25 * np.log(0.25)
    assert found == pytest.approx([np.log(0.25), mean, np.sqrt(3 / 16) * np.log(3), 2.0], abs=1e-6)
    sure = stats_of(torch.tensor([[0.0, -torch.inf, -1e4]]), torch.tensor([0]))[0].tolist()
    assert sure == [0.0, 0.0, 0.0, 1.0]


def test_a_rank_is_one_more_than_how_many_are_likelier():
    logits = torch.tensor([[0.5, 2.0, -1.0, 2.0], [9.0, 9.0, 9.0, 9.0]])
    ranks = [stats_of(logits, torch.full((2,), v))[:, 3].tolist() for v in range(4)]
    assert ranks == [[3.0, 1.0], [1.0, 1.0], [4.0, 1.0], [1.0, 1.0]]


@pytest.mark.parametrize("name", ["gpt", "lstm", "gpt2", "gemma2"])
def test_the_likeliest_token_ranks_first_and_ranks_fall_with_likelihood(name, models):
    said = models[name].token_log_probs(TEXTS)
    assert said.ranks is not None
    assert len(said.ranks) == len(said.nats)
    # r - 1 tokens are likelier, so r p <= 1; and whoever has more than half is first
    assert (said.ranks * np.exp(said.nats) <= 1 + 1e-5).all()
    assert (said.ranks[said.nats > np.log(0.5)] == 1).all()
