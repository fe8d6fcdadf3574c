"""Attention by blocks: the same values as by the formula, nothing of what comes later, and only where it pays."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from genbench.models import _attention
from genbench.models._attention import LEAST, MOST_BLOCKS, causal
from genbench.models._packed import has_onednn

if not has_onednn():
    pytest.skip("this build of torch has no oneDNN", allow_module_level=True)


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)


def drawn(n: int, h: int, t: int, e: int) -> list[Tensor]:
    """Queries, keys and values as a decoder cuts them from one product: no two of a head's rows lie together."""
    torch.manual_seed(t)
    return [part.view(n, t, h, e).transpose(1, 2) for part in torch.randn(n, t, 3 * h * e).chunk(3, dim=2)]


def by_the_formula(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    scores = queries.double() @ keys.double().transpose(2, 3) / math.sqrt(queries.shape[3])
    return scores.masked_fill(torch.ones(scores.shape[2:], dtype=torch.bool).triu(1), -torch.inf).softmax(3) @ (
        values.double()
    )


@pytest.mark.parametrize(("n", "h", "t", "e"), [(1, 3, LEAST, 16), (2, 2, 513, 8), (1, 2, 1024, 24), (1, 1, 2100, 5)])
def test_values_are_those_of_the_formula(n: int, h: int, t: int, e: int) -> None:
    given = drawn(n, h, t, e)
    with torch.inference_mode():
        made = causal(*given)
    assert made.shape == (n, h, t, e)
    torch.testing.assert_close(made.double(), by_the_formula(*given), rtol=0, atol=2e-6)


def test_what_comes_later_does_not_move_a_bit() -> None:
    queries, keys, values = drawn(1, 2, 600, 8)
    with torch.inference_mode():
        before = causal(queries, keys, values)
        keys, values = keys.clone(), values.clone()
        keys[:, :, 300:], values[:, :, 300:] = 50.0, -7.0
        after = causal(queries, keys, values)
    torch.testing.assert_close(after[:, :, :300], before[:, :, :300], rtol=0, atol=0)
    assert (after[:, :, 300:] != before[:, :, 300:]).any()


def test_a_long_text_has_no_more_shapes_than_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, product = set(), _attention._product

    def noted(x: Tensor, y: Tensor) -> Tensor:
        seen.add((x.shape, y.shape))
        return product(x, y)

    monkeypatch.setattr(_attention, "_product", noted)
    with torch.inference_mode():
        causal(*drawn(2, 2, 4000, 4))
    assert len(seen) == 2 * MOST_BLOCKS


@pytest.mark.parametrize("why", ["short", "threads", "gradients", "precision"])
def test_torchs_own_serves_where_blocks_do_not_pay_or_are_not_known(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = drawn(1, 2, LEAST - (why == "short"), 8)
    with torch.inference_mode():
        wanted = causal(*given)

    def refused(*_: Tensor) -> Tensor:
        raise AssertionError("blocks")

    monkeypatch.setattr(_attention, "_by_blocks", refused)
    if why == "threads":
        monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    if why == "precision":
        given = [part.bfloat16() for part in given]
    with torch.set_grad_enabled(why == "gradients"):
        made = causal(*given).detach().float()
    near = 0.03 if why == "precision" else 2e-6
    torch.testing.assert_close(made, wanted, rtol=0, atol=near)
    if why == "short":
        with pytest.raises(AssertionError, match="blocks"), torch.inference_mode():
            causal(*drawn(1, 2, LEAST, 8))
