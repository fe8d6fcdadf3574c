"""Arrays and tensors out of the parts that a pickle gives; never larger than the bytes that are there."""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genbench.core.errors import ModelError

DTYPE = re.compile(r"[<>|=]?(?:b1|[iu][1248]|f[248])")


class Refused(ModelError):
    """A pickle that asks for more than data, or is damaged."""


@dataclass(eq=False)
class Dtype:
    """A NumPy number type: its letter and size, and then its byte order."""

    code: str


@dataclass(eq=False)
class Array:
    """A NumPy array, empty until the pickle gives its bytes."""

    value: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False)


def sizes_of(shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, tuple) or not all(type(side) is int and 0 <= side < 2**40 for side in shape):
        raise Refused("holds an array whose shape is none")
    return shape


def array_of(data: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    """A view of the pickle's own bytes, if there are exactly as many as the shape says."""
    if not isinstance(data, bytes | bytearray) or not isinstance(dtype, Dtype) or order not in ("C", "F"):
        raise Refused("holds an array that is not made of plain numbers")
    flat = np.frombuffer(data, dtype=np.dtype(dtype.code))
    shape = sizes_of(shape)
    if math.prod(shape) != flat.size:
        raise Refused(f"holds an array of shape {shape} with {flat.size} numbers")
    whole: np.ndarray = flat.reshape(shape, order="F" if order == "F" else "C")
    return whole


def storage_of(raw: Any) -> Any:
    """A tensor's numbers, in PyTorch's own format before its archives, read by PyTorch's own restricted unpickler."""
    if not isinstance(raw, bytes) or raw[:2] == b"PK":
        raise Refused("holds the numbers of a tensor in another way than PyTorch's")
    try:
        storage = torch.load(io.BytesIO(raw), map_location="cpu", weights_only=True)
    except Exception as error:  # on damaged input PyTorch raises what it likes, AssertionError among them
        raise Refused(f"holds a tensor that PyTorch cannot read safely: {asked(error)}") from error
    if not isinstance(storage, torch.storage.TypedStorage):
        raise Refused(f"holds a {type(storage).__name__} where a tensor's numbers should be")
    return storage


def asked(error: Exception) -> str:
    """What PyTorch's own restricted unpickler was asked for, or else its message, in one line."""
    found = re.search(r"GLOBAL ([\w.]+)|class `?([\w.]+)", str(error))
    line = (str(error).splitlines() or [type(error).__name__])[0][:200]
    return f"it asks for {found.group(1) or found.group(2)}, which was not called" if found else line


def tensor_of(storage: Any, offset: Any, size: Any, stride: Any, *rest: Any) -> Tensor:
    """A tensor on its storage; never larger than that, so that a stride of 0 cannot make gigabytes of one number."""
    size, stride = sizes_of(size), sizes_of(stride)
    if not isinstance(storage, torch.storage.TypedStorage) or type(offset) is not int or len(size) != len(stride):
        raise Refused("holds a tensor that is not made of plain numbers")
    raw = storage._untyped_storage
    numbers = raw.nbytes() // storage.dtype.itemsize
    last = offset + sum((side - 1) * step for side, step in zip(size, stride, strict=True))
    if offset < 0 or math.prod(size) > numbers or (math.prod(size) and last >= numbers):
        raise Refused(f"holds a tensor of shape {size} with {numbers} numbers")
    flat = torch.empty(0, dtype=storage.dtype).set_(raw, 0, (numbers,), (1,))
    made: Tensor = flat.as_strided(size, stride, offset)
    return made


def dtype_of(code: Any, *rest: Any) -> Dtype:
    if not isinstance(code, str) or not DTYPE.fullmatch(code):
        raise Refused("holds an array of something else than numbers")
    return Dtype(code)
