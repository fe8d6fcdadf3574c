"""A family's ways between the latents of its samples: it says what a latent is and what becomes of one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from genbench.models._paths import arc, doubled, exact


class FollowsArcs:
    """`Interpolates` for families that make samples of normal latents, in one space "z", without other chance.

    The way is an arc between the latents of two samples, and is followed by the family's own `_drawn` with its network
    in double precision. So a way begins and ends at the samples of its seeds, but for their rounding to grey levels.
    """

    device: str

    def spaces(self) -> tuple[str, ...]:
        return ("z",)

    def interpolate(
        self, starts: Sequence[int], ends: Sequence[int], places: Float[np.ndarray, " n"], space: str
    ) -> Float[np.ndarray, "n ..."]:
        z = arc(starts, ends, places, *self._latent_shape())
        with doubled(self._fitted()) as net, torch.inference_mode():
            return exact(self._drawn(z.to(next(net.parameters()).dtype).to(self.device)))

    def _latent_shape(self) -> tuple[int, ...]:
        """The shape of one sample's latent, as it is given to `noise`."""
        raise NotImplementedError

    def _drawn(self, z: Tensor) -> Tensor:
        """Latents [n *shape] -> images [n c h w], meant to lie in [0, 1] and rounded nowhere, at the precision of z."""
        raise NotImplementedError

    def _fitted(self) -> nn.Module:
        """The network that `_drawn` uses."""
        raise NotImplementedError
