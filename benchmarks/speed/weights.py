"""A state dict of the FID network in its published layout, with random values of a fixed seed: the common case."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np


def random_state(shapes: Iterable[tuple[str, tuple[int, ...]]], seed: int = 0) -> dict[str, Any]:
    """Convolutions by He et al. 2015, so that no layer's values vanish or explode; batch norms far from 1 and 0.

    shapes: name and shape of every tensor. Float32 torch tensors; counts of batches, which nobody uses, are 0.
    """
    import torch

    rng = np.random.default_rng(seed)
    made = {}
    for name, shape in sorted(shapes):
        if name.endswith("num_batches_tracked"):
            made[name] = torch.zeros((), dtype=torch.int64)
            continue
        if name.endswith("conv.weight"):
            values = rng.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape)
        elif name.endswith(("running_var", "bn.weight")):
            values = rng.uniform(0.5, 1.5, shape)
        else:
            values = rng.normal(0, 0.1 if "bn" in name else 0.02, shape)
        made[name] = torch.from_numpy(values.astype(np.float32))
    return made


def write_random_state(path: Path, seed: int = 0) -> Path:
    """Writes them for the network that GenBench has, whose names are the published ones."""
    import torch

    from genbench.lenses.image._inception import Inception

    layout = [(name, tuple(tensor.shape)) for name, tensor in Inception().state_dict().items()]
    torch.save(random_state(layout, seed), path)
    return path
