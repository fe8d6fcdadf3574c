"""The class probabilities of the FID paper's Inception-v3: what the Inception Score is made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from genbench.core.data import Item
from genbench.core.evidence import Annotations
from genbench.core.lens import lens
from genbench.core.places import FileOrAddress
from genbench.lenses.image._sizing import Resize
from genbench.lenses.image._surface import ImageSurface
from genbench.lenses.image.inception import Inception

CLASSES = 1008
BATCH = 32  # images that are in memory at 299 x 299 at once


@lens(
    modality="image",
    cites=["Salimans et al. 2016, arXiv:1606.03498", "Szegedy et al. 2015, arXiv:1512.00567"],
    titles={"quality.classifier_score.score": "Inception Score"},
)
class InceptionClasses(ImageSurface):
    """Probabilities of 1,008 ImageNet outputs by Inception-v3 with the FID weights; the one lens of an Inception Score.

    p = softmax(W f), f the 2,048 pooled features of the lens image.inception, W the last layer without its bias: so
    the TensorFlow graph computes it that the score was published with. A lens of its own, since these classes say
    nothing of the groups in the data: nobody has tried the annotator on them, its confusion counts are all 0, and
    probes that need to know its mistakes refuse it. weights, resize: as for image.inception; published scores, and
    torch-fidelity's, resize as "tensorflow".
    """

    def __init__(self, *, weights: FileOrAddress, resize: Resize = "tensorflow") -> None:
        self.inception = Inception(weights=weights, resize=resize)

    def place(self, device: str) -> None:
        """Where the network works; called before it is loaded."""
        self.inception.place(device)

    def identity(self) -> str:
        """The weights' own digest prefix: no others are ever used."""
        return self.inception.identity()

    def annotate(self, items: Sequence[Item]) -> Annotations:
        """The likeliest class of each item, and the probabilities of all."""
        parts = [self._probabilities(items[start : start + BATCH]) for start in range(0, len(items), BATCH)]
        p = np.concatenate(parts) if parts else np.zeros((0, CLASSES))
        names = tuple(f"Inception class {i}" for i in range(CLASSES))
        untried = np.zeros((CLASSES, CLASSES), np.int8)
        return Annotations(p.argmax(axis=1), names, untried, probabilities=p)

    def _probabilities(self, items: Sequence[Item]) -> np.ndarray:
        features = torch.from_numpy(self.inception.features(items))  # [n 2048]
        with torch.inference_mode():
            last = self.inception.last_layer().cpu().double()  # [1008 2048]
            made: np.ndarray = torch.softmax(features @ last.T, dim=1).numpy()
        return made
