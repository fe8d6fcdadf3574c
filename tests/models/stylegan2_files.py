"""Checkpoints as NVIDIA's and rosinality's programs write them, made of a generator of ours: their public layouts."""

from __future__ import annotations

import contextlib
import pickle
import sys
import types
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genbench.models._stylegan2 import Generator

KERNEL = torch.outer(torch.tensor([1.0, 3.0, 3.0, 1.0]), torch.tensor([1.0, 3.0, 3.0, 1.0])) / 64


class EasyDict(dict):
    """dnnlib.util.EasyDict, which keyword arguments are kept in."""


class Persistent(nn.Module):
    """An object that is pickled as persistence.py does it: a call with the class's name, source and attributes."""

    def __init__(self, class_name: str, **attributes: Any) -> None:
        super().__init__()
        self._class_name = class_name
        self._init_args = ()
        self._init_kwargs = EasyDict(attributes)
        for name, value in attributes.items():
            setattr(self, name, value)

    def __reduce__(self) -> Any:
        meta = {
            "type": "class", "version": 6, "module_src": "import os\nos.system('false')\n",
            "class_name": self._class_name, "state": dict(self.__dict__),
        }  # fmt: skip
        return sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj, (meta,), None


@contextlib.contextmanager
def nvidia_modules() -> Iterator[None]:
    """The modules that the names in such a pickle belong to; gone again when it is written."""

    def _reconstruct_persistent_obj(meta: Any) -> Any:
        raise AssertionError("a pickle was run")

    names = ("torch_utils", "torch_utils.persistence", "dnnlib", "dnnlib.util")
    for name in names:
        sys.modules[name] = types.ModuleType(name)
    _reconstruct_persistent_obj.__module__ = "torch_utils.persistence"
    _reconstruct_persistent_obj.__qualname__ = "_reconstruct_persistent_obj"
    sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj = _reconstruct_persistent_obj
    sys.modules["dnnlib.util"].EasyDict = EasyDict
    EasyDict.__module__ = "dnnlib.util"
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]


def parameter(tensor: Tensor) -> nn.Parameter:
    return nn.Parameter(tensor.detach().clone(), requires_grad=False)


def _dense(ours: Any, activation: str) -> Persistent:
    layer = Persistent("FullyConnectedLayer", activation=activation, weight_gain=ours.gain, bias_gain=ours.multiplier)
    layer.weight, layer.bias = parameter(ours.weight), parameter(ours.bias)
    return layer


def _buffers(module: nn.Module, **tensors: Tensor) -> None:
    for name, tensor in tensors.items():
        module.register_buffer(name, tensor.detach().clone())


def nvidia_network(ours: Generator) -> Persistent:
    """G_ema. Their convolutions keep weights as used, ours as equalized; everything else is equal."""
    plan = ours.plan
    mapping = Persistent("MappingNetwork", z_dim=plan.latent, c_dim=plan.classes, num_layers=plan.depth)
    for i, layer in enumerate(ours.mapping.layers):
        mapping.add_module(f"fc{i}", _dense(layer, "lrelu"))
    if ours.mapping.embed is not None:
        mapping.add_module("embed", _dense(ours.mapping.embed, "linear"))
    _buffers(mapping, w_avg=ours.mapping.average)
    synthesis = Persistent("SynthesisNetwork", img_resolution=plan.shape[1], num_fp16_res=0)
    for i in range(len(plan.planes)):
        side = 4 * 2**i
        block = Persistent("SynthesisBlock", resolution=side, architecture="skip")
        _buffers(block, resample_filter=KERNEL)
        if i == 0:
            block.const = parameter(ours.constant)
        for k, name in [(0, "conv1")] if i == 0 else [(2 * i - 1, "conv0"), (2 * i, "conv1")]:
            convolution = ours.convolutions[k].convolution
            layer = Persistent("SynthesisLayer", activation="lrelu", conv_clamp=plan.clamp, use_noise=True)
            _buffers(layer, resample_filter=KERNEL, noise_const=torch.randn(side, side))
            layer.affine = _dense(convolution.style, "linear")
            weight = (convolution.weight * convolution.gain).to(memory_format=torch.channels_last)
            layer.weight, layer.bias = parameter(weight), parameter(convolution.bias)
            layer.noise_strength = parameter(ours.convolutions[k].strength)
            block.add_module(name, layer)
        colours = Persistent("ToRGBLayer", conv_clamp=plan.clamp)
        colours.affine = _dense(ours.read_outs[i].style, "linear")
        colours.weight, colours.bias = parameter(ours.read_outs[i].weight), parameter(ours.read_outs[i].bias)
        block.add_module("torgb", colours)
        synthesis.add_module(f"b{side}", block)
    network = Persistent("Generator", z_dim=plan.latent, c_dim=plan.classes, img_channels=plan.shape[0])
    network.synthesis, network.mapping = synthesis, mapping
    return network


def write_nvidia(path: Path, ours: Generator, **more: Any) -> Path:
    network = nvidia_network(ours)
    whole = {"training_set_kwargs": EasyDict(path="faces.zip"), "G": None, "D": None, "G_ema": network, **more}
    with nvidia_modules(), path.open("wb") as handle:
        pickle.dump(whole, handle)
    return path


def rosinality_state(ours: Generator) -> OrderedDict[str, Tensor]:
    state: OrderedDict[str, Tensor] = OrderedDict()

    def modulated(name: str, convolution: Any) -> None:
        state[f"{name}.weight"] = convolution.weight[None]
        state[f"{name}.modulation.weight"] = convolution.style.weight
        state[f"{name}.modulation.bias"] = convolution.style.bias

    for i, layer in enumerate(ours.mapping.layers, start=1):
        state[f"style.{i}.weight"], state[f"style.{i}.bias"] = layer.weight, layer.bias
    state["input.input"] = ours.constant[None]
    for k, layer in enumerate(ours.convolutions):
        name = "conv1" if k == 0 else f"convs.{k - 1}"
        modulated(f"{name}.conv", layer.convolution)
        state[f"{name}.noise.weight"] = layer.strength[None]
        state[f"{name}.activate.bias"] = layer.convolution.bias
        if k % 2:
            state[f"{name}.conv.blur.kernel"] = 4 * KERNEL
        side = 4 * 2 ** ((k + 1) // 2)
        state[f"noises.noise_{k}"] = torch.randn(1, 1, side, side)
    for i, read_out in enumerate(ours.read_outs):
        name = "to_rgb1" if i == 0 else f"to_rgbs.{i - 1}"
        modulated(f"{name}.conv", read_out)
        state[f"{name}.bias"] = read_out.bias[None, :, None, None]
        if i:
            state[f"{name}.upsample.kernel"] = 4 * KERNEL
    return OrderedDict((name, tensor.detach().clone()) for name, tensor in state.items())
