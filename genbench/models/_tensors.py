"""Between items and tensors, and noise that belongs to a seed, not to a place in a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from genbench.core.chance import stream
from genbench.core.data import Item
from genbench.core.errors import ModelError


def to_tensor(items: Sequence[Item], family: str, shape: tuple[int, int, int] | None = None) -> Tensor:
    """Images uint8 [h w c] of one shape -> float32 [n c h w] in [0, 1].

    `ModelError` for anything else, and where a fitted model's `shape` (c, h, w) is another.
    """
    arrays = [np.asarray(item) for item in items]
    shapes = {a.shape for a in arrays}
    if len(shapes) != 1 or arrays[0].ndim != 3 or any(a.dtype != np.uint8 for a in arrays):
        found = " and ".join(sorted({f"{a.dtype}{list(a.shape)}" for a in arrays})[:3]) or "no items"
        raise ModelError(f"{family} wants uint8 images [height width channels] of one shape, got {found}")
    x: Tensor = torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).float() / 255.0
    if shape is not None and x.shape[1:] != shape:
        raise ModelError(f"{family} was fitted on images [channels height width] {shape}, got {tuple(x.shape[1:])}")
    return x


def to_items(x: Tensor) -> list[np.ndarray]:
    """float [n c h w] in [0, 1] -> uint8 images [h w c]."""
    whole: np.ndarray = (x.detach().clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    return list(np.ascontiguousarray(whole))


def outputs_at(
    z: Float[np.ndarray, "n d"], generator: Callable[[Tensor], Tensor], device: str
) -> Float[np.ndarray, "n ..."]:
    """What a generator makes of latents, within [0, 1] and unrounded: [n c h w]."""
    with torch.inference_mode():
        x = generator(torch.from_numpy(np.asarray(z, np.float32)).to(device))
    return np.asarray(x.clamp(0, 1).cpu().double().numpy())


def noise(seeds: Sequence[int], *shape: int, purpose: object = "latent") -> Tensor:
    """Standard normal float32 [len(seeds) *shape], row i from seeds[i] alone; other purposes give independent draws.

    Drawn by NumPy: torch's CPU generator keeps 32 bits of a seed, so among 50,000 samples two would likely be twins.
    """
    rows = np.empty((len(seeds), *shape), dtype=np.float32)
    for i, seed in enumerate(seeds):
        rows[i] = stream(seed, purpose).standard_normal(shape, dtype=np.float32)
    return torch.from_numpy(rows)


def near(seeds: Sequence[int], strength: float, *shape: int) -> Tensor:
    """The noise of these seeds, moved: sqrt(1 - s^2) z + s e, which is standard normal again."""
    moved: Tensor = (1 - strength**2) ** 0.5 * noise(seeds, *shape) + strength * noise(seeds, *shape, purpose="moved")
    return moved


def finest(x: Tensor) -> Tensor:
    """float64 where x lies; float32 on a device that has none (Apple's)."""
    return x if x.device.type == "mps" else x.double()


def batches(n: int, size: int, steps: int, seed: int) -> Iterator[Tensor]:
    """`steps` batches of indices below n, by epochs in fresh order."""
    rng = stream(seed, "batches")
    order = rng.permutation(n)
    for _ in range(steps):
        if len(order) < min(size, n):
            order = np.concatenate([order, rng.permutation(n)])
        yield torch.from_numpy(order[:size])
        order = order[size:]


def arrays_of(module: nn.Module) -> dict[str, np.ndarray]:
    """A module's parameters and buffers as arrays on the CPU."""
    return {name: tensor.detach().cpu().numpy() for name, tensor in module.state_dict().items()}


def load_arrays(module: nn.Module, arrays: Mapping[str, np.ndarray]) -> None:
    module.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in arrays.items()})
