"""Inception-v3 with the weights of the FID paper: the one lens whose Fréchet distance may be called FID."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from genbench.core.data import Item
from genbench.core.digest import file_digest
from genbench.core.errors import LensError, suggestion
from genbench.core.lens import lens
from genbench.core.places import FileOrAddress
from genbench.lenses.image._folded import Folded
from genbench.lenses.image._inception import Inception as Network
from genbench.lenses.image._sizing import Resize, squared
from genbench.lenses.image._surface import ImageSurface

SHA256_PREFIX = "6726825d"  # pt_inception-2015-12-05-6726825d.pth, as published with pytorch-fid
SIDE = 299
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@lens(
    modality="image",
    cites=["Heusel et al. 2017, arXiv:1706.08500", "Parmar et al. 2021, arXiv:2104.11222 (resizing)"],
    titles={
        "quality.frechet.distance": "FID",
        "quality.frechet_infinity.distance": "FID-infinity",
        "quality.kernel.mmd2": "KID",
    },
)
class Inception(ImageSurface):
    """The 2,048 pooled features of Inception-v3 with the FID weights, from your file or URL, checked by SHA-256.

    weights: path or https URL of pt_inception-2015-12-05-6726825d.pth. Any other file is refused, so that no other
    distance can be printed as FID.
    resize: "clean" as clean-fid does, "tensorflow" as the original graph and torch-fidelity do; their distances differ.
    precision: "bfloat16" is about twice as fast on CPUs that have it, and moves features by 4e-3 of their norm. Both
    are settings, so they stand in every score's provenance, and scores that differ in them are not compared.
    """

    def __init__(
        self, *, weights: FileOrAddress, resize: Resize = "clean", precision: Literal["float32", "bfloat16"] = "float32"
    ) -> None:
        self.weights = weights
        self.resize: Resize = resize
        self.precision = precision
        self.device = "cpu"
        self._net: Network | None = None
        self._fast: Folded | None = None

    def place(self, device: str) -> None:
        """Where the network works; called before it is loaded."""
        self.device = device

    def identity(self) -> str:
        """The weights' own digest prefix: no others are ever used."""
        return SHA256_PREFIX

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        return self.embedded([self.prepared(item) for item in items])

    def prepared(self, item: Item) -> Float[np.ndarray, "299 299 3"]:
        """float32 in 0..255 of the network's size: the part of the work that threads can do ahead."""
        return squared(item, SIDE, self.resize)

    def embedded(self, rows: Sequence[np.ndarray]) -> Float[np.ndarray, "n d"]:
        """Features of prepared images."""
        x = torch.from_numpy(np.stack(rows)).to(self.device).permute(0, 3, 1, 2)
        # The graph's own scale, as torch-fidelity and clean-fid have it too; pytorch-fid has 2 x / 255 - 1.
        made: np.ndarray = self._folded()(x.sub_(128.0).div_(128.0)).cpu().numpy().astype(np.float64)
        return made

    def last_layer(self) -> Tensor:
        """[1008 2048] weights that make class logits of features; the Inception Score leaves its bias out."""
        return self._loaded().fc.weight.detach()

    def _folded(self) -> Folded:
        if self._fast is None:
            self._fast = Folded(self._loaded(), dtype=DTYPES[self.precision], device=self.device)
        return self._fast

    def _loaded(self) -> Network:
        if self._net is None:
            path = self._file()
            if not (found := file_digest(path)).startswith(SHA256_PREFIX):
                raise LensError(
                    f"{path} is not the FID network: SHA-256 {found[:16]}..., wanted {SHA256_PREFIX}...; "
                    "for another network use the lens image.hf, whose distance is not called FID"
                )
            self._net = network(torch.load(path, map_location="cpu", weights_only=True))
        return self._net

    def _file(self) -> Path:
        if self.weights.startswith("https://"):
            kept = Path(torch.hub.get_dir()) / "checkpoints" / Path(urlsplit(self.weights).path).name
            if not kept.exists():
                kept.parent.mkdir(parents=True, exist_ok=True)
                try:
                    torch.hub.download_url_to_file(self.weights, str(kept), hash_prefix=SHA256_PREFIX, progress=False)
                except (OSError, RuntimeError) as error:
                    raise LensError(f"image.inception: cannot fetch {self.weights}: {error}") from error
            return kept
        if "://" in self.weights:
            raise LensError(f"image.inception: weights come from a path or over https, got {self.weights!r}")
        path = Path(self.weights).expanduser()
        if not path.is_file():
            beside = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
            raise LensError(f"no file {self.weights!r} with the FID weights{suggestion(path.name, beside)}")
        return path


def network(published: Mapping[str, Tensor]) -> Network:
    """The network with a published state dict, in which batch norms may lack their unused count of batches."""
    net = Network()
    missing, unexpected = net.load_state_dict(dict(published), strict=False)
    if unexpected or (missing := [name for name in missing if not name.endswith("num_batches_tracked")]):
        raise LensError(f"not the state dict of the FID network: lacks {missing[:3]}, has besides {unexpected[:3]}")
    return net.eval()
