"""Packed linear layers: the same products, and only where they may stand in for plain ones."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from genbench.models import _packed
from genbench.models._packed import LinearGelu, pack

if not _packed.has_onednn():
    pytest.skip("this build of torch has no oneDNN", allow_module_level=True)


class Doubled(nn.Linear):
    """Does more than a linear layer does."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(x)


def plain(layer: nn.Linear, x: torch.Tensor) -> torch.Tensor:
    return F.linear(x, layer.weight, layer.bias)


@pytest.mark.parametrize("shape", [(40,), (1, 40), (5, 40), (3, 7, 40), (0, 40)])
@pytest.mark.parametrize("bias", [True, False])
def test_products_are_those_of_the_plain_layer(shape: tuple[int, ...], bias: bool) -> None:
    torch.manual_seed(0)
    layer, x = nn.Linear(40, 24, bias=bias), torch.randn(shape)
    assert pack(nn.Sequential(layer)) == 1
    with torch.inference_mode():
        made = layer(x)
        torch.testing.assert_close(made, plain(layer, x), rtol=1e-5, atol=1e-5)
    assert made.shape == (*shape[:-1], 24)


def test_gpt_2s_layer_whose_weight_lies_the_other_way_round_is_known() -> None:
    layer: Any = pytest.importorskip("transformers").pytorch_utils.Conv1D(24, 40)
    x = torch.randn(2, 5, 40).transpose(0, 1)  # not contiguous, which the plain one does not even take
    wanted = layer(x.contiguous())
    assert pack(nn.ModuleList([layer])) == 1
    with torch.no_grad():
        torch.testing.assert_close(layer(x), wanted.detach(), rtol=1e-5, atol=1e-5)


def test_gpt_2s_activation_in_one_pass_is_the_same_function() -> None:
    activation: Any = pytest.importorskip("transformers.activations").NewGELUActivation()
    x = torch.linspace(-6, 6, 200)
    wanted = activation(x)
    pack(nn.Sequential(activation))
    torch.testing.assert_close(activation(x), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(40,), (3, 7, 40), (0, 40)])
def test_an_activation_taken_with_its_product_is_the_same_function(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    layer, x = LinearGelu(40, 24), 4 * torch.randn(shape)
    wanted = F.gelu(plain(layer, x), approximate="tanh")
    torch.testing.assert_close(layer(x), wanted, rtol=0, atol=0)
    assert pack(nn.Sequential(layer)) == 1
    torch.testing.assert_close(layer(x), wanted, rtol=1e-6, atol=1e-6)  # with gradients, the plain way
    with torch.inference_mode():
        torch.testing.assert_close(layer(x), wanted, rtol=1e-5, atol=2e-6)


def test_what_does_more_or_is_of_another_precision_is_left_alone() -> None:
    net = nn.Sequential(Doubled(8, 8), nn.Linear(8, 8).bfloat16())
    before = [layer.forward for layer in net]
    assert pack(net) == 0
    assert [layer.forward for layer in net] == before


def test_gradients_and_other_precisions_go_the_plain_way() -> None:
    layer = nn.Linear(8, 4)
    pack(nn.Sequential(layer))
    x = torch.randn(3, 8, requires_grad=True)
    layer(x).sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad, layer.weight.sum(0).expand(3, 8).detach())
    layer.double()
    with torch.no_grad():
        assert layer(torch.randn(3, 8).double()).dtype == torch.float64


def test_a_net_too_great_to_hold_twice_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_packed, "LARGEST", 8 * 8 * 4 - 1)
    assert pack(nn.Sequential(nn.Linear(8, 8))) == 0


def test_a_tied_head_is_packed_beside_the_embedding_it_shares() -> None:
    net = nn.ModuleDict({"embed": nn.Embedding(9, 8), "head": nn.Linear(8, 9, bias=False)})
    net["head"].weight = net["embed"].weight
    assert pack(net) == 1
    x = torch.randn(2, 8)
    with torch.inference_mode():
        torch.testing.assert_close(net["head"](x), x @ net["embed"].weight.T, rtol=1e-5, atol=1e-5)
        assert net["embed"](torch.tensor([3])).shape == (1, 8)
