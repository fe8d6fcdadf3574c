"""Making items: from seeds, from latents, from captions, from other items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from genbench.core.data import Item


@runtime_checkable
class Sampler(Protocol):
    """One item per seed; item i depends on seeds[i] alone, never on its neighbours in the batch."""

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]: ...


@runtime_checkable
class Perturbable(Protocol):
    """The items of `sample(seeds)` with their latents moved: z' = sqrt(1 - strength^2) z + strength e."""

    def sample_near(self, seeds: Sequence[int], strength: float) -> Sequence[Item]: ...


@runtime_checkable
class Decodes(Protocol):
    """Makes outputs x [n ...] of given latents z [n d], standard normal where it samples: within [0, 1], unrounded."""

    def latents(self) -> int:
        """d, how many numbers a latent has."""
        ...

    def decode_latents(self, z: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n ..."]: ...


@runtime_checkable
class Interpolates(Protocol):
    """Outputs on the way from one latent to another: floats as a lens's `Arrays` has them, rounded and clipped nowhere.

    spaces: the names of its latent spaces: "z", whose points `sample` draws, and "w" where it has one behind that.
    interpolate: output i lies at places[i] in [0, 1] of the way from the latent of starts[i] to that of ends[i]; all
    other chance is that of starts[i]. In z the way is an arc, in w a straight line.
    """

    def spaces(self) -> tuple[str, ...]: ...

    def interpolate(
        self, starts: Sequence[int], ends: Sequence[int], places: Float[np.ndarray, " n"], space: str
    ) -> Float[np.ndarray, "n ..."]: ...


@runtime_checkable
class Truncates(Protocol):
    """The items of `sample(seeds)` with their latents drawn to psi times their distance from the average one.

    psi stands in the place of the truncation that the model samples with: 1 is none, at 0 all items are of one latent.
    """

    def sample_truncated(self, seeds: Sequence[int], psi: float) -> Sequence[Item]: ...


@runtime_checkable
class Illustrator(Protocol):
    """One item for each caption; item i depends on captions[i] and seeds[i] alone."""

    def illustrate(self, captions: Sequence[str], seeds: Sequence[int]) -> Sequence[Item]: ...


@runtime_checkable
class Translator(Protocol):
    """Maps each item to an item of another domain."""

    def translate(self, items: Sequence[Item]) -> Sequence[Item]: ...


@runtime_checkable
class Returns(Protocol):
    """A translator that also goes back: of what `translate` made, the cycle."""

    def translate_back(self, items: Sequence[Item]) -> Sequence[Item]: ...


@runtime_checkable
class Between(Protocol):
    """A translator between two groups of its data: their names, (from, to), known once it is fitted.

    It is given held-out items of the first, and its outputs are compared with real items of the second.
    """

    def between(self) -> tuple[str, str]: ...


@runtime_checkable
class Reproduces(Protocol):
    """Its own version of each item: encoded and decoded, or the nearest that a search of its latents finds.

    `reproduction` says in words which.
    """

    def reproduce(self, items: Sequence[Item]) -> Sequence[Item]: ...

    def reproduction(self) -> str: ...
