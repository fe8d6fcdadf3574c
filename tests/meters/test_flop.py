"""Operations counted against what is known by hand, and against torch's own counter."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from genbench.meters.flop import FlopCount


def counted(work) -> FlopCount:
    with FlopCount() as clock:
        work()
    return clock


def test_a_linear_layer_forward_and_back() -> None:
    net, x = nn.Linear(20, 30), torch.randn(7, 20)
    forward = 2 * 7 * 20 * 30
    assert counted(lambda: net(x)).flop == forward
    assert counted(lambda: net(x).sum().backward()).flop == 2 * forward  # and the gradient of the weights
    x.requires_grad_()
    assert counted(lambda: net(x).sum().backward()).flop == 3 * forward  # and that of the inputs


def test_a_convolution_forward_and_back() -> None:
    net, x = nn.Conv2d(3, 5, 3, stride=2, padding=1), torch.randn(2, 3, 8, 8)
    forward = 2 * (2 * 5 * 4 * 4) * (3 * 3 * 3)
    assert counted(lambda: net(x)).flop == forward
    assert counted(lambda: net(x).sum().backward()).flop == 2 * forward


def test_attention_is_counted_on_a_cpu_too() -> None:
    q, k, v = (torch.randn(2, 4, 10, 8, requires_grad=True) for _ in range(3))
    forward = 2 * (2 * 2 * 4 * 10 * 10 * 8)  # scores, and the mean of values they weigh
    clock = counted(lambda: F.scaled_dot_product_attention(q, k, v))
    assert (clock.flop, clock.uncounted) == (forward, set())
    both = counted(lambda: F.scaled_dot_product_attention(q, k, v).sum().backward())
    assert both.flop == forward + 5 * forward // 2  # going back makes five such products, one of them the scores anew
    assert both.uncounted == set()


@pytest.mark.parametrize("learns", [True, False])
def test_a_recurrent_layer(learns: bool) -> None:
    net, x = nn.LSTM(6, 5, batch_first=True), torch.randn(3, 11, 6)
    forward = 2 * 3 * 11 * 4 * 5 * (6 + 5)
    with torch.set_grad_enabled(learns):
        clock = counted(lambda: net(x))
    assert clock.uncounted == set()
    assert clock.flop == forward


def test_what_is_not_differentiated_is_counted_the_same() -> None:
    net, x = nn.Sequential(nn.Linear(20, 30), nn.ReLU(), nn.Linear(30, 4)), torch.randn(7, 20)
    with torch.inference_mode():
        assert counted(lambda: net(x)).flop == 2 * 7 * (20 * 30 + 30 * 4)
        assert counted(lambda: torch.einsum("ni,io->no", x, torch.randn(20, 3))).flop == 2 * 7 * 20 * 3


def test_it_agrees_with_torchs_own_counter_on_a_small_network() -> None:
    net = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 64, 10))
    x, y = torch.randn(4, 1, 8, 8), torch.randint(0, 10, (4,))
    with FlopCounterMode(display=False) as theirs:
        F.cross_entropy(net(x), y).backward()
    assert counted(lambda: F.cross_entropy(net(x), y).backward()).flop == theirs.get_total_flops() > 0


def test_a_gradient_penalty_is_counted_where_torchs_own_counter_breaks() -> None:
    net = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 1))

    def penalty() -> None:
        x = torch.randn(3, 6, requires_grad=True)
        (slope,) = torch.autograd.grad(net(x).sum(), x, create_graph=True)
        slope.square().sum().backward()

    with pytest.raises(RuntimeError, match="leaf node"), FlopCounterMode(display=False):
        penalty()
    layers = 2 * 3 * (6 * 5 + 5 * 1)
    assert counted(penalty).flop > 3 * layers  # forward, back to the inputs, and back through that


def test_a_heavy_operation_without_a_formula_is_named_and_elementwise_work_is_free() -> None:
    a = torch.eye(4) * 2
    clock = counted(lambda: torch.linalg.cholesky(a))
    assert clock.flop == 0
    assert any("cholesky" in name for name in clock.uncounted)
    free = counted(lambda: F.interpolate(torch.sigmoid(torch.randn(1, 1, 4, 4)), scale_factor=2, mode="bilinear"))
    assert (free.flop, free.uncounted) == (0, set())


def test_counting_changes_no_output_and_ends_with_its_block() -> None:
    net, x = nn.Linear(4, 4), torch.randn(2, 4)
    plain = net(x).detach().numpy()
    with FlopCount() as clock:
        same = net(x).detach().numpy()
    net(x)
    assert np.array_equal(plain, same)
    assert clock.flop == 2 * 2 * 4 * 4
