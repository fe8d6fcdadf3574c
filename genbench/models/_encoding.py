"""What an encoder reads in continuous inputs, and how they move it: `Encodes` for families that have one."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


class ReadsLatents:
    """Asks the family's own `_read` for values and for gradients; inputs are [n c h w] in [0, 1], as to the network."""

    device: str

    def encode_latents(
        self, x: Float[np.ndarray, "n ..."]
    ) -> tuple[Float[np.ndarray, "n d"], Float[np.ndarray, "n d"]]:
        with torch.inference_mode():
            mean, deviation = self._read(self._inputs(x))
        return mean.cpu().double().numpy(), deviation.cpu().double().numpy()

    def latent_distance(
        self, x: Float[np.ndarray, "n ..."], z: Float[np.ndarray, "n d"]
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n ..."]]:
        inputs = self._inputs(x).requires_grad_(True)
        moved = self._read(inputs)[0] - self._inputs(z)
        distance = moved.square().sum(dim=1)
        (gradient,) = torch.autograd.grad(distance.sum(), inputs)
        return distance.detach().cpu().double().numpy(), gradient.cpu().double().numpy()

    def _inputs(self, x: Float[np.ndarray, "..."]) -> Tensor:
        return torch.from_numpy(np.asarray(x, np.float32)).to(self.device)

    def _read(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """[n c h w] -> mean and deviation [n d] of the latents held possible."""
        raise NotImplementedError
