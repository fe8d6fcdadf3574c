"""A StyleGAN2 that others have trained (Karras et al. 2020, arXiv:1912.04958), from its checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from genbench.core.chance import stream
from genbench.core.data import Item
from genbench.core.digest import file_digest
from genbench.core.errors import ModelError
from genbench.core.model import family
from genbench.core.places import File
from genbench.models._stylegan2 import Generator
from genbench.models._stylegan2_files import load_generator
from genbench.models._tensors import near, noise, to_items


@family(
    modality="image",
    cites=[
        "Karras et al. 2020, arXiv:1912.04958 (StyleGAN2)",
        "Karras et al. 2020, arXiv:2006.06676 (StyleGAN2-ADA, whose .pkl is read)",
    ],
)
class Stylegan2Checkpoint:
    """A trained StyleGAN2: NVIDIA's .pkl (stylegan2-ada-pytorch, stylegan3) or rosinality's .pt, by path.

    No code of the file is run and no class of it imported: a file that asks for more than tensors is refused. Sizes
    are inferred. psi: truncation (1: none). label: the class that a generator of classes draws; by default each seed
    has its own, all alike likely. Noise inputs are drawn anew for each seed, as in training. The file's
    discriminator is not read, so membership is not asked through it.
    """

    def __init__(self, *, path: File, psi: float = 1.0, label: int | None = None) -> None:
        if not 0 <= psi <= 1:
            raise ModelError(f"stylegan2_checkpoint: psi lies between 0 and 1, got {psi}")
        self.path, self.psi, self.label = path, psi, label
        self.device = "cpu"
        self._generator: Generator | None = None

    def identity(self) -> str:
        """Digest of the file."""
        return file_digest(self._file())

    def place(self, device: str) -> None:
        self.device = device
        if self._generator is not None:
            self._generator.to(device)

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return self._made(noise(seeds, self.generator.plan.latent), seeds, self.psi)

    def sample_near(self, seeds: Sequence[int], strength: float) -> Sequence[Item]:
        return self._made(near(seeds, strength, self.generator.plan.latent), seeds, self.psi)

    def sample_truncated(self, seeds: Sequence[int], psi: float) -> Sequence[Item]:
        return self._made(noise(seeds, self.generator.plan.latent), seeds, psi)

    def spaces(self) -> tuple[str, ...]:
        return "z", "w"

    def interpolate(
        self, starts: Sequence[int], ends: Sequence[int], places: Float[np.ndarray, " n"], space: str
    ) -> Float[np.ndarray, "n ..."]:
        return self.generator.between((starts, ends, places), space, self.psi, self._labels(starts))

    @property
    def generator(self) -> Generator:
        """The network, loaded when it is first needed."""
        if self._generator is None:
            self._generator = load_generator(self._file()).to(self.device)
            classes = self._generator.plan.classes
            if self.label is not None and not 0 <= self.label < classes:
                raise ModelError(
                    f"stylegan2_checkpoint: {self.path!r} knows {classes} classes; there is no {self.label}"
                )
        return self._generator

    def _made(self, z: Tensor, seeds: Sequence[int], psi: float) -> list[Item]:
        return list(to_items(self.generator.drawn(z, seeds, psi, self._labels(seeds))))

    def _labels(self, seeds: Sequence[int]) -> Tensor | None:
        classes = self.generator.plan.classes
        if not classes:
            return None
        drawn = [stream(seed, "label").integers(classes) if self.label is None else self.label for seed in seeds]
        return torch.tensor([int(label) for label in drawn], dtype=torch.long)

    def _file(self) -> Path:
        found = Path(self.path).expanduser()
        if not found.is_file():
            raise ModelError(f"stylegan2_checkpoint: there is no file {self.path!r}")
        return found
