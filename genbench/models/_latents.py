"""A generator of images from normal latents, beside who judged it, once trained; how they learn is their family's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from genbench.core.data import Item
from genbench.core.evidence import Verdicts
from genbench.models._pyramid import Down, Up
from genbench.models._tensors import arrays_of, load_arrays, near, noise, outputs_at, to_items
from genbench.models._ways import FollowsArcs


class FromLatents(FollowsArcs):
    """Samples, decodes, follows and keeps the network `generator`: z [n latent] -> x [n c h w] in [0, 1].

    Beside it the `critic` of the last step is kept, x [n c h w] -> one number each: it has seen the training items.
    """

    def __init__(self, breadth: int, latent: int) -> None:
        self.breadth, self.latent = breadth, latent
        self.device = "cpu"
        self.generator: Up | None = None
        self.critic: Down | None = None

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return self._made(noise(seeds, self.latent))

    def sample_near(self, seeds: Sequence[int], strength: float) -> Sequence[Item]:
        return self._made(near(seeds, strength, self.latent))

    def latents(self) -> int:
        return self.latent

    def decode_latents(self, z: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n ..."]:
        return outputs_at(z, self._fitted(), self.device)

    def place(self, device: str) -> None:
        self.device = device
        if self.generator is not None:
            self._both().to(device)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        return arrays_of(self._both()), {"shape": list(self._fitted().shape)}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        channels, height, width = meta["shape"]
        self.generator = Up((channels, height, width), self.breadth, self.latent).eval()
        self.critic = Down((channels, height, width), self.breadth, outputs=1).eval()
        load_arrays(self._both(), arrays)
        self._both().to(self.device)

    def _made(self, z: Tensor) -> list[np.ndarray]:
        with torch.inference_mode():
            return to_items(self._drawn(z.to(self.device)))

    def _latent_shape(self) -> tuple[int, ...]:
        return (self.latent,)

    def _drawn(self, z: Tensor) -> Tensor:
        x: Tensor = self._fitted()(z)
        return x

    def _judged(self, x: Tensor, definition: str) -> Verdicts:
        """What the critic says of x [n c h w] in [0, 1]."""
        with torch.inference_mode():
            said: Tensor = self._both()["critic"](x.to(self.device))
        return Verdicts(said.flatten().cpu().double().numpy(), definition)

    def _both(self) -> nn.ModuleDict:
        assert self.critic is not None, "fit or restore the model first"
        return nn.ModuleDict({"generator": self._fitted(), "critic": self.critic})

    def _fitted(self) -> Up:
        assert self.generator is not None, "fit or restore the model first"
        return self.generator
