"""Evidence, item lists and learned states as one safetensors file each: tensors for arrays, JSON for the rest."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from genbench.core import evidence
from genbench.core.errors import ResultsError, RunBroken
from genbench.results.lines import sync_folder

KINDS: dict[str, type] = {kind.__name__: kind for kind in evidence.KINDS if kind is not evidence.Energy}


def write_evidence(path: Path, made: Any) -> None:
    """Writes evidence, a list of items (arrays or strings) or an (arrays, meta) state, all or nothing."""
    tensors: dict[str, np.ndarray] = {}
    tree = _flatten(made, tensors)
    # asarray, as ascontiguousarray would give an array without dimensions one
    raw = save({name: np.asarray(t, order="C") for name, t in tensors.items()}, {"tree": json.dumps(tree)})
    write_whole(path, raw)


def read_evidence(path: Path) -> Any:
    """What was written. `ResultsError` where the file is no such thing."""
    try:
        with safe_open(path, framework="np") as handle:
            tree = json.loads(handle.metadata()["tree"])
            return _unflatten(tree, handle)
    except Exception as error:
        raise ResultsError(f"{path} holds no readable evidence: {error}") from error


def write_whole(path: Path, raw: bytes) -> None:
    """Writes to a temporary name, flushes and renames: the file is whole or absent. `RunBroken` on a full disk."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new.open("wb") as handle:
            handle.write(raw)
            handle.flush()
            os.fsync(handle.fileno())
        new.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise RunBroken(f"{path} cannot be written: {error}") from error


def _flatten(value: Any, tensors: dict[str, np.ndarray]) -> Any:
    """Plain JSON with each array replaced by the name of its tensor."""
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            raise ResultsError("an array of objects cannot be kept; use numbers or strings")
        name = str(len(tensors))
        tensors[name] = value
        return {"~": "tensor", "name": name}
    if type(value).__name__ in KINDS and type(value) is KINDS[type(value).__name__]:
        return {"~": type(value).__name__, "fields": {k: _flatten(v, tensors) for k, v in vars(value).items()}}
    if isinstance(value, list | tuple):
        stacked = _stackable(value)
        if stacked is not None:
            return {"~": "stack", "of": _flatten(stacked, tensors)}
        return {"~": type(value).__name__, "of": [_flatten(v, tensors) for v in value]}
    if isinstance(value, Mapping):
        return {"~": "map", "of": {str(k): _flatten(v, tensors) for k, v in value.items()}}
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ResultsError(
        f"a {type(value).__name__} cannot be kept as evidence; outputs are uint8 arrays [height width c] or strings"
    )


def _stackable(value: list[Any] | tuple[Any, ...]) -> np.ndarray | None:
    """Equal arrays in a list are kept as one tensor."""
    if len(value) < 2 or not isinstance(value, list) or not all(isinstance(v, np.ndarray) for v in value):
        return None
    first = value[0]
    same = all(v.shape == first.shape and v.dtype == first.dtype for v in value)
    return np.stack(value) if same and first.dtype != object else None


def _unflatten(tree: Any, handle: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    kind = tree["~"]
    if kind == "tensor":
        return handle.get_tensor(tree["name"])
    if kind == "stack":
        return list(_unflatten(tree["of"], handle))
    if kind == "map":
        return {k: _unflatten(v, handle) for k, v in tree["of"].items()}
    if kind in ("list", "tuple"):
        whole = [_unflatten(v, handle) for v in tree["of"]]
        return whole if kind == "list" else tuple(whole)
    return KINDS[kind](**{k: _unflatten(v, handle) for k, v in tree["fields"].items()})
