"""StyleGAN2 checkpoints as others write them: NVIDIA's .pkl and rosinality's .pt, never run."""

from __future__ import annotations

import argparse
import math
import pickle
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genbench.core.errors import ModelError
from genbench.models._stylegan2 import BLUR, Generator, Plan, blur_kernel
from genbench.models._tensors import noise
from genbench.models._unpickle import Record, read_inert
from genbench.models._unpickle_values import Refused, asked

PERSISTENT = "torch_utils.persistence._reconstruct_persistent_obj"
TORCH_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"  # the number that PyTorch's files before its archives begin with
MOST_MODULES = 5000
SHOWN = 6
INFLATED = 16  # how much larger than its file a checkpoint may be; PyTorch does not compress
SHORT = ("truncated", "EOF", "byte size", "central directory")  # how PyTorch says that bytes are missing
DRAWS = 4096  # of w, where the file keeps no average


@dataclass
class Tree:
    """A saved network: tensors by dotted name, and the plain settings of each of its modules."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)


def _nvidia_names(resolutions: int, depth: int, classes: bool) -> dict[str, str]:
    """{our name: NVIDIA's} of every tensor of a generator."""
    names = {"constant": "synthesis.b4.const"}
    for i in range(depth):
        names |= _pair(f"mapping.layers.{i}", f"mapping.fc{i}")
    if classes:
        names |= _pair("mapping.embed", "mapping.embed")
    for k in range(2 * resolutions - 1):
        theirs = f"synthesis.b{4 * 2 ** ((k + 1) // 2)}.conv{(k + 1) % 2}"
        names |= _pair(f"convolutions.{k}.convolution", theirs)
        names |= _pair(f"convolutions.{k}.convolution.style", f"{theirs}.affine")
        names[f"convolutions.{k}.strength"] = f"{theirs}.noise_strength"
    for i in range(resolutions):
        names |= _pair(f"read_outs.{i}", f"synthesis.b{4 * 2**i}.torgb")
        names |= _pair(f"read_outs.{i}.style", f"synthesis.b{4 * 2**i}.torgb.affine")
    return names


def _rosinality_names(resolutions: int, depth: int, classes: bool) -> dict[str, str]:
    """{our name: rosinality's}; that program knows no classes, and its mapping begins with a normalization."""
    names = {"constant": "input.input"}
    for i in range(depth):
        names |= _pair(f"mapping.layers.{i}", f"style.{i + 1}")
    for k in range(2 * resolutions - 1):
        theirs = "conv1" if k == 0 else f"convs.{k - 1}"
        names[f"convolutions.{k}.convolution.weight"] = f"{theirs}.conv.weight"
        names[f"convolutions.{k}.convolution.bias"] = f"{theirs}.activate.bias"
        names |= _pair(f"convolutions.{k}.convolution.style", f"{theirs}.conv.modulation")
        names[f"convolutions.{k}.strength"] = f"{theirs}.noise.weight"
    for i in range(resolutions):
        theirs = "to_rgb1" if i == 0 else f"to_rgbs.{i - 1}"
        names[f"read_outs.{i}.weight"] = f"{theirs}.conv.weight"
        names[f"read_outs.{i}.bias"] = f"{theirs}.bias"
        names |= _pair(f"read_outs.{i}.style", f"{theirs}.conv.modulation")
    return names


@dataclass(frozen=True)
class Layout:
    """How one program names the parts of a generator.

    depth: matches the number of a layer of the mapping, the first being `first`. ignored: tensors that we have no use
    for (fixed noise); kernels: filters, which must be the paper's.
    """

    who: str
    names: Callable[[int, int, bool], dict[str, str]]
    depth: str
    first: int
    ignored: re.Pattern[str]
    kernels: re.Pattern[str]


NVIDIA = Layout(
    "NVIDIA", _nvidia_names, r"mapping\.fc(\d+)\.", 0, re.compile(r"mapping\.w_avg|.*\.noise_const"),
    re.compile(r".*\.resample_filter"),
)  # fmt: skip
ROSINALITY = Layout(
    "rosinality", _rosinality_names, r"style\.(\d+)\.", 1, re.compile(r"noises\.noise_\d+"), re.compile(r".*\.kernel")
)


def _pair(ours: str, theirs: str) -> dict[str, str]:
    return {f"{ours}.{part}": f"{theirs}.{part}" for part in ("weight", "bias")}


def load_generator(path: Path) -> Generator:
    """The averaged generator of a checkpoint. `ModelError` says what the file is instead, lacks, or asks for."""
    try:
        with path.open("rb") as handle:
            head = handle.read(64)
        if head[:2] == b"PK" or TORCH_MAGIC in head:
            return _rosinality(path).eval().requires_grad_(False)
        if head[:1] == b"\x80":
            return _nvidia(read_inert(path.read_bytes())).eval().requires_grad_(False)
    except Refused as error:
        raise ModelError(f"stylegan2_checkpoint: {str(path)!r} {error}") from error
    except OSError as error:
        raise ModelError(f"stylegan2_checkpoint: cannot read {str(path)!r}: {error}") from error
    raise ModelError(
        f"stylegan2_checkpoint: {str(path)!r} is neither NVIDIA's pickle (.pkl) nor a checkpoint of PyTorch's (.pt)"
    )


def _nvidia(found: Any) -> Generator:
    """stylegan2-ada-pytorch and, with its StyleGAN2 configuration, stylegan3."""
    parts = found if isinstance(found, list | tuple) else [found]
    if any(isinstance(part, Record) and part.name.module.startswith("dnnlib.tflib") for part in parts):
        raise Refused("holds networks of TensorFlow; NVIDIA's legacy.py of stylegan2-ada-pytorch converts them")
    if not isinstance(found, dict) or "G_ema" not in found:
        keys = ", ".join(str(key)[:40] for key in found) if isinstance(found, dict) else type(found).__name__
        raise Refused(f"holds no G_ema, the averaged generator, but {keys}")
    tree = _walked(found["G_ema"])
    if "synthesis.input.freqs" in tree.tensors:
        raise Refused("is a generator of StyleGAN3's own (alias-free) architecture; only StyleGAN2's is read")
    for name, settings in tree.settings.items():
        wanted = "linear" if name.rpartition(".")[2] in ("affine", "embed") else "lrelu"
        if (said := settings.get("activation", wanted)) != wanted:
            raise Refused(f"has the activation {str(said)[:40]!r} in {name}; StyleGAN2's is {wanted!r}")
    resolutions = _count(tree.tensors, r"synthesis\.b(\d+)\.", lambda side: int(math.log2(max(side, 4))) - 1)
    clamp = tree.settings.get("synthesis.b4.conv1", {}).get("conv_clamp")
    multiplier = tree.settings.get("mapping.fc0", {}).get("bias_gain", 0.01)
    for name, number in (("bias_gain", multiplier), ("conv_clamp", 1.0 if clamp is None else clamp)):
        if not isinstance(number, int | float) or not 1e-6 < number < 1e6:
            raise Refused(f"says that {name} is {str(number)[:40]}")
    generator = _built(tree.tensors, NVIDIA, resolutions, multiplier=float(multiplier), clamp=clamp)
    for layer in generator.convolutions:  # theirs are used as they are, ours times 1 / sqrt(fan-in)
        convolution = layer.get_submodule("convolution")
        convolution.get_parameter("weight").data.div_(float(convolution.gain))  # type: ignore[arg-type]
    return _averaged(generator, tree.tensors.get("mapping.w_avg"))


def _rosinality(path: Path) -> Generator:
    """The .pt of rosinality's stylegan2-pytorch: `g_ema` beside whatever else its training keeps."""
    found = _opened(path)
    if not isinstance(found, Mapping):
        raise Refused(f"holds a {type(found).__name__}, not the parts of a checkpoint by name")
    weights = found if "input.input" in found else found.get("g_ema")
    if not isinstance(weights, Mapping):
        raise Refused(f"holds no g_ema, the averaged generator, but {', '.join(str(key)[:40] for key in found)[:300]}")
    tensors = {str(name): tensor for name, tensor in weights.items() if isinstance(tensor, Tensor)}
    resolutions = 1 + (1 + _count(tensors, r"convs\.(\d+)\.", lambda index: index + 1)) // 2
    average = found.get("latent_avg")
    generator = _built(tensors, ROSINALITY, resolutions, multiplier=0.01, clamp=None)
    return _averaged(generator, average if isinstance(average, Tensor) else None)


def _opened(path: Path) -> Any:
    """`torch.load` of tensors alone. Of other classes only the plain namespace that rosinality keeps."""
    if path.open("rb").read(2) == b"PK":
        try:
            size = sum(part.file_size for part in zipfile.ZipFile(path).infolist())
        except zipfile.BadZipFile as error:
            raise Refused("is cut short: the table at the end of the archive is missing") from error
        if size > INFLATED * path.stat().st_size:
            raise Refused(f"would grow to {size:,} bytes when read, far beyond its own size")
    try:
        with torch.serialization.safe_globals([argparse.Namespace]):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # on damaged input PyTorch raises what it likes
        line = asked(error)
        if isinstance(error, pickle.UnpicklingError) and "truncated" not in line:
            raise Refused(f"holds more than tensors, so it is not read: {line}") from error
        short = isinstance(error, EOFError) or any(sign in line for sign in SHORT)
        raise Refused(f"is {'cut short' if short else 'damaged'}: {line}") from error


def _walked(root: Any) -> Tree:
    """All tensors of a saved network, by the names that its modules have in one another."""
    tree, waiting = Tree(), [("", root)]
    while waiting:
        prefix, record = waiting.pop()
        if len(tree.settings) > MOST_MODULES:
            raise Refused(f"holds more than {MOST_MODULES:,} modules, or one that holds itself")
        state = _attributes(record, prefix)
        tree.settings[prefix] = {k: v for k, v in state.items() if isinstance(v, str | int | float | None)}
        for group in ("_parameters", "_buffers"):
            for name, value in _entries(state, group):
                if isinstance(value, Tensor):
                    tree.tensors[f"{prefix}.{name}".lstrip(".")] = value
        waiting += [(f"{prefix}.{name}".lstrip("."), part) for name, part in _entries(state, "_modules")]
    return tree


def _attributes(record: Any, prefix: str) -> dict[Any, Any]:
    """Of a saved module. NVIDIA's are calls with the source of their class, which is not looked at, beside them."""
    if isinstance(record, Record):
        meta = record.args[0] if str(record.name) == PERSISTENT and len(record.args) == 1 else None
        state = meta.get("state") if isinstance(meta, dict) else record.state
        if isinstance(state, dict):
            return state
    raise Refused(f"holds a {type(record).__name__} without a state where {prefix or 'G_ema'}, a network, should be")


def _entries(state: Mapping[Any, Any], group: str) -> Iterator[tuple[str, Any]]:
    parts = state.get(group)
    if isinstance(parts, dict):
        yield from ((str(name), value) for name, value in parts.items() if value is not None)


def _count(tensors: Mapping[str, Tensor], pattern: str, count: Callable[[int], int]) -> int:
    numbers = [int(match.group(1)[:6]) for name in tensors if (match := re.match(pattern, name))]
    return count(max(numbers)) if numbers else 0


def _built(
    tensors: Mapping[str, Tensor], layout: Layout, resolutions: int, *, multiplier: float, clamp: float | None
) -> Generator:
    """Our generator in the sizes that the tensors have, with their numbers; what is missing or too many is named."""
    depth = _count(tensors, layout.depth, lambda last: last + 1 - layout.first)
    resolutions, depth = max(resolutions, 1), max(depth, 1)
    if resolutions > 11 or depth > 64:
        raise Refused(f"would have {resolutions} resolutions and {depth} layers of mapping, which no StyleGAN2 has")
    names = layout.names(resolutions, depth, "mapping.embed.weight" in tensors)
    if missing := sorted(set(names.values()) - set(tensors)):
        raise Refused(f"is no whole StyleGAN2 generator in {layout.who}'s layout: it lacks {_listed(missing)}")
    own = set(names.values())
    extra = [name for name in tensors if name not in own and not layout.ignored.fullmatch(name)]
    if strange := sorted(name for name in extra if not layout.kernels.fullmatch(name)):
        raise Refused(f"holds more than a StyleGAN2 generator in {layout.who}'s layout: {_listed(strange)}")
    for name in extra:
        _check_kernel(name, tensors[name])
    at = {ours: tensors[theirs] for ours, theirs in names.items()}
    embed = at.get("mapping.embed.weight")
    planes = tuple(at[f"convolutions.{2 * i}.convolution.bias"].numel() for i in range(resolutions))
    style, side = at["convolutions.0.convolution.style.weight"].shape[-1], 4 * 2 ** (resolutions - 1)
    plan = Plan(
        (at["read_outs.0.bias"].numel(), side, side), planes,
        latent=at["mapping.layers.0.weight"].shape[-1] - (0 if embed is None else embed.shape[0]), style=style,
        depth=depth, classes=0 if embed is None else embed.shape[-1], multiplier=multiplier,
        clamp=None if clamp is None else float(clamp),
    )  # fmt: skip
    if math.prod((max(planes), style)) > 2**26 or plan.latent < 1:
        raise Refused(f"has sizes no StyleGAN2 has: planes {planes}, latent {plan.latent}, style {style}")
    with torch.device("meta"):
        wanted = Generator(plan).state_dict()
    _check_shapes(at, wanted, names)
    generator = Generator(plan)
    shaped = {ours: tensor.float().reshape(wanted[ours].shape) for ours, tensor in at.items()}
    generator.load_state_dict({**shaped, "mapping.average": torch.zeros(style)})
    return generator


def _check_shapes(at: Mapping[str, Tensor], wanted: Mapping[str, Tensor], names: Mapping[str, str]) -> None:
    """Shapes agree but for sides of length 1, which the two programs put in different places."""
    for ours, tensor in at.items():
        got, need = ([side for side in x.shape if side != 1] for x in (tensor, wanted[ours]))
        if got != need or not tensor.is_floating_point():
            raise Refused(
                f"has {names[ours]} as {tensor.dtype} {list(tensor.shape)}; {list(wanted[ours].shape)} is wanted"
            )
        if not torch.isfinite(tensor).all():
            raise Refused(f"has a number in {names[ours]} that is not finite")


def _check_kernel(name: str, kernel: Tensor) -> None:
    kernel = kernel.float()
    if kernel.shape != (4, 4) or not torch.allclose(kernel / kernel.sum(), blur_kernel(1.0)[0, 0], atol=1e-4):
        raise Refused(f"resamples by another filter than {[int(tap) for tap in BLUR]} in {name}")


def _averaged(generator: Generator, average: Tensor | None) -> Generator:
    """With its mean w, for truncation: as kept, or of 4,096 draws."""
    mapping = generator.mapping
    if average is not None and average.numel() == mapping.average.numel():
        mapping.average.copy_(average.float().reshape(-1))
        return generator
    with torch.inference_mode():
        labels = torch.arange(DRAWS) % generator.plan.classes if generator.plan.classes else None
        mapping.average.copy_(mapping(noise(range(DRAWS), generator.plan.latent), labels).mean(dim=0))
    return generator


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(name[:80] for name in names[:SHOWN]) + more
