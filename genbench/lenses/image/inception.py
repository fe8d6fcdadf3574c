"""Inception-v3 with the weights of the FID paper: the one lens whose Fréchet distance may be called FID."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from genbench.core.data import Item
from genbench.core.digest import file_digest
from genbench.core.errors import LensError, suggestion
from genbench.core.lens import lens
from genbench.lenses.image._inception import Inception as Network
from genbench.lenses.image._surface import ImageSurface, resized_to

SHA256_PREFIX = "6726825d"  # pt_inception-2015-12-05-6726825d.pth, as published with pytorch-fid
SIDE = 299


@lens(
    modality="image",
    cites=["Heusel et al. 2017, arXiv:1706.08500", "Parmar et al. 2021, arXiv:2104.11222 (resizing)"],
    titles={"quality.frechet.distance": "FID", "quality.kernel.mmd2": "KID"},
)
class Inception(ImageSurface):
    """The 2,048 pooled features of Inception-v3 with the FID weights, from your file or URL, checked by SHA-256.

    weights: path or https URL of pt_inception-2015-12-05-6726825d.pth. Any other file is refused, so that no other
    distance can be printed as FID.
    """

    def __init__(self, *, weights: str) -> None:
        self.weights = weights
        self.device = "cpu"
        self._net: Network | None = None

    def place(self, device: str) -> None:
        """Where the network works; called before it is loaded."""
        self.device = device

    def identity(self) -> str:
        """The weights' own digest prefix: no others are ever used."""
        return SHA256_PREFIX

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        rows = np.stack([resized_to(item, SIDE, SIDE, 3) for item in items]) / np.float32(127.5) - np.float32(1)
        x = torch.from_numpy(np.ascontiguousarray(rows.transpose(0, 3, 1, 2))).to(self.device)
        net = self._loaded()
        with torch.inference_mode():
            made: np.ndarray = net(x.contiguous(memory_format=torch.channels_last)).cpu().numpy().astype(np.float64)
            return made

    def _loaded(self) -> Network:
        if self._net is None:
            path = self._file()
            if not (found := file_digest(path)).startswith(SHA256_PREFIX):
                raise LensError(
                    f"{path} is not the FID network: SHA-256 {found[:16]}..., wanted {SHA256_PREFIX}...; "
                    "for another network use the lens image.hf, whose distance is not called FID"
                )
            self._net = network(torch.load(path, map_location="cpu", weights_only=True)).to(self.device)
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
