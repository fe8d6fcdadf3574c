"""Gradients at tokens: equal to finite differences in every open family, and silent about what is not read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hf_models
import numpy as np
import pytest
import torch

from genbench.core.model import Conditional, Swappable
from genbench.models.gpt import Gpt
from genbench.models.gpt import Net as GptNet
from genbench.models.hf import Hf
from genbench.models.lstm import Lstm
from genbench.models.lstm import Net as LstmNet
from genbench.models.ngram import Ngram

CONTEXT, REST = "Qzwx", " then jumps"  # each letter of the context stands there once and nowhere else


def gpt() -> Gpt:
    torch.manual_seed(0)
    model = Gpt(width=16, layers=2, heads=2, context=64)
    model.net = GptNet(16, 2, 2).eval().double()
    _wild(model.net)
    return model


def lstm() -> Lstm:
    torch.manual_seed(0)
    model = Lstm(width=12, layers=2, dropout=0.5)
    model.net = LstmNet(12, 2, 0.5).eval().double()
    _wild(model.net)
    return model


def hf(folder: Path) -> Hf:
    net = hf_models.tiny("llama")
    net.save_pretrained(folder)
    hf_models.byte_tokenizer(bos="<s>").save_pretrained(folder)
    model = Hf(path=str(folder))
    model._loaded().net.double()
    return model


def _wild(net: torch.nn.Module) -> None:
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.3)


def table_of(model: Any) -> torch.Tensor:
    """The rows [tables V d] by which tokens enter."""
    if isinstance(model, Gpt):
        return model.net.embed.data
    return (model.net.embed if isinstance(model, Lstm) else model._model.net.get_input_embeddings()).weight.data[None]


@pytest.mark.parametrize("kind", ["gpt", "lstm", "hf"])
def test_the_gradient_is_that_of_finite_differences(kind: str, tmp_path: Path) -> None:
    """A token that stands once is moved a little towards another: log p changes by h (g[new] - g[old])."""
    model = {"gpt": gpt, "lstm": lstm, "hf": lambda: hf(tmp_path)}[kind]()
    assert isinstance(model, Swappable)
    tokens = model.tokens_of([CONTEXT])[0]
    swaps = model.swaps()
    (slope,) = model.swap_gradients([tokens], [REST])
    assert slope.shape == (len(tokens), len(swaps))
    table, h = table_of(model), 3e-3
    new = int(np.flatnonzero(swaps == model.tokens_of(["k"])[0][0])[0])
    for place, token in enumerate(tokens.tolist()):
        old = int(np.flatnonzero(swaps == token)[0])
        kept, ends = table[:, token].clone(), []
        for sign in (1, -1):
            table[:, token] = kept + sign * h * (table[:, swaps[new]] - kept)
            ends.append(model.log_prob_given([CONTEXT], [REST]).nats[0])
            table[:, token] = kept
        told = slope[place, new] - slope[place, old]
        assert (ends[0] - ends[1]) / (2 * h) == pytest.approx(told, rel=5e-3, abs=5e-3)  # scores are sums of float32
        assert abs(told) > 1e-3


@pytest.mark.parametrize("make", [gpt, lstm])
def test_neighbours_change_no_gradient_and_a_wide_text_keeps_its_shape(make: Any) -> None:
    model = make()
    contexts = model.tokens_of(["The fox", "A", "é and more words than the others"])
    together = model.swap_gradients(contexts, [" runs", " b", " x"])
    for own, context, after in zip(together, contexts, [" runs", " b", " x"]):
        np.testing.assert_allclose(own, model.swap_gradients([context], [after])[0], rtol=1e-9, atol=1e-12)
        assert own.shape == (len(context), 95)
    assert model.texts_of(contexts) == ["The fox", "A", "é and more words than the others"]


def test_what_the_model_no_longer_sees_has_no_gradient(tmp_path: Path) -> None:
    long = "x" * 100
    for model, seen in ((gpt(), 64 - 4), (hf(tmp_path), 48 - 4)):
        (slope,) = model.swap_gradients(model.tokens_of([long]), [" abcd"])
        assert slope.shape[0] == 100
        assert not slope[: 100 - seen].any()
        assert np.abs(slope[100 - seen :]).max(axis=1).min() > 0


def test_tokens_that_no_text_yields_are_not_put_in(tmp_path: Path) -> None:
    model = hf(tmp_path)
    texts = model.texts_of([np.array([i]) for i in model.swaps()])
    assert [own.tolist() for own in model.tokens_of(texts)] == [[i] for i in model.swaps()]
    assert (
        len(texts) == 94
    )  # printable ASCII but the blank; all other tokens are bytes of longer characters, or special
    assert not set(model.swaps().tolist()) & set(model._loaded().tokenizer.all_special_ids)


def test_a_model_of_counts_is_not_open() -> None:
    model = Ngram(order=2)
    assert isinstance(model, Conditional)
    assert not isinstance(model, Swappable)
