"""Floating-point operations that torch carries out, counted one operation at a time by the shapes it is given.

Formulas are torch's own (`torch.utils.flop_counter`), and ours for what it leaves out. A product of an [m k] and a
[k n] matrix is 2 m k n operations; convolutions, attention and recurrent layers are sums of such products. Elementwise
work (activations, norms, optimizers) is not counted, as is the custom.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry, sdpa_backward_flop_count, sdpa_flop_count

# Words of an operation's name that tell of products; one of these without a formula is named as not counted.
HEAVY = frozenset(
    (
        "conv",
        "conv1d",
        "conv2d",
        "conv3d",
        "convolution",
        "mm",
        "bmm",
        "matmul",
        "linear",
        "einsum",
        "cdist",
        "fft",
        "rnn",
        "lstm",
        "gru",
        "attention",
        "cholesky",
        "solve",
        "inv",
        "svd",
        "eigh",
        "qr",
    )
)
LIGHT = frozenset({"_thnn_fused_lstm_cell", "_thnn_fused_gru_cell"})  # elementwise, whatever their names say


class FlopCount(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts while it is entered, forward and backward passes alike; nothing that is computed changes.

    flop: operations so far. uncounted: heavy operations without a formula, by name. torch's own counter is not used, as
    the hooks by which it tells modules apart refuse the gradient penalties of adversarial training.
    """

    supports_higher_order_operators = True

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.flop = 0
        self.uncounted: set[str] = set()

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        formula = formulas().get(getattr(func, "_overloadpacket", func))
        if formula is None and _composite(func):
            with self:
                return func.decompose(*args, **kwargs)
        made = func(*args, **kwargs)
        if formula is None:
            name = str(getattr(func, "_opname", func))
            if HEAVY & set(name.split("_")) and name not in LIGHT:
                self.uncounted.add(name)
            return made
        try:
            self.flop += int(formula(*args, **kwargs, out_val=made))
        except Exception:  # a signature of another version; what is computed must not suffer from being counted
            self.uncounted.add(str(getattr(func, "_opname", func)))
        return made


@functools.cache
def formulas() -> dict[Any, Callable[..., int]]:
    """From an operation to what its arguments and output say it takes."""
    aten = torch.ops.aten
    return {
        **flop_registry,
        aten._scaled_dot_product_flash_attention_for_cpu: _attention,
        aten._scaled_dot_product_flash_attention_for_cpu_backward: _attention_backward,
        aten.mkldnn_rnn_layer: _recurrent,
        aten.mkldnn_rnn_layer_backward: lambda *args, **kwargs: 2 * _recurrent(*args, **kwargs),
        aten.mkldnn_linear: lambda x, weight, *rest, **kwargs: 2 * x.numel() * weight.shape[0],
        aten.mv: lambda matrix, vector, **kwargs: 2 * matrix.numel(),
        aten.dot: lambda a, b, **kwargs: 2 * a.numel(),
    }


def _attention(query: Any, key: Any, value: Any, *rest: Any, **kwargs: Any) -> int:
    return int(sdpa_flop_count(query.shape, key.shape, value.shape))  # type: ignore[no-untyped-call]


def _attention_backward(grad: Any, query: Any, key: Any, value: Any, *rest: Any, **kwargs: Any) -> int:
    shapes = (grad.shape, query.shape, key.shape, value.shape)
    return int(sdpa_backward_flop_count(*shapes))  # type: ignore[no-untyped-call]


def _recurrent(x: Any, weight_x: Any, weight_h: Any, *rest: Any, **kwargs: Any) -> int:
    """One layer in one direction: at each of T steps of B sequences, a product with each of its two matrices."""
    steps = x.numel() // x.shape[-1]
    return int(2 * steps * (weight_x.numel() + weight_h.numel()))


@functools.cache
def _composite(func: Any) -> bool:
    """Whether it is made of other operations, and comes here whole as nothing is differentiated."""
    if not isinstance(func, OpOverload) or func is torch.ops.prim.device.default:
        return False
    return bool(func.has_kernel_for_dispatch_key(torch._C.DispatchKey.CompositeImplicitAutograd))
