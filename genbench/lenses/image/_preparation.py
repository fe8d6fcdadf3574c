"""How a vision model of transformers wants its images, as the files beside it say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from genbench.core.data import Item
from genbench.lenses.image._surface import resized_to

IMAGENET_MEAN, IMAGENET_SPREAD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


@dataclass(frozen=True)
class Preparation:
    """How a model wants its images: side x side, and per channel (x / 255 - mean) / spread."""

    side: int
    mean: np.ndarray
    spread: np.ndarray

    def prepare(self, items: Sequence[Item]) -> Float[np.ndarray, "n c h w"]:
        """float32, resized as clean-fid does: antialiased, in floats, the whole image, without a crop."""
        channels = len(self.mean)
        rows = [(resized_to(item, self.side, self.side, channels) / 255.0 - self.mean) / self.spread for item in items]
        return np.stack(rows).astype(np.float32).transpose(0, 3, 1, 2).copy()


def preparation(path: str, config: Any) -> Preparation:
    """From `preprocessor_config.json` beside the model; where it has none, the model's own size and ImageNet's colours.

    Read as JSON, since building the processor itself would ask for torchvision.
    """
    from transformers.utils.hub import cached_file

    file = cached_file(path, "preprocessor_config.json", _raise_exceptions_for_missing_entries=False)
    said: dict[str, Any] = json.loads(Path(file).read_text(encoding="utf-8")) if file else {}
    vision = getattr(config, "vision_config", config)
    cropped = said["crop_size"] if said.get("do_center_crop", True) and said.get("crop_size") else said.get("size")
    side = _side(cropped) or _side(getattr(vision, "image_size", None)) or 224
    channels = int(getattr(vision, "num_channels", 3))
    normalized = said.get("do_normalize", True)
    mean = said.get("image_mean", IMAGENET_MEAN) if normalized else [0.0] * channels
    spread = said.get("image_std", IMAGENET_SPREAD) if normalized else [1.0] * channels
    return Preparation(side, np.asarray(mean[:channels], np.float64), np.asarray(spread[:channels], np.float64))


def _side(size: Any) -> int:
    """Pixels of a side from 224, [224, 224], {"height": 224, "width": 224} or {"shortest_edge": 224}; 0 if none."""
    if isinstance(size, dict):
        size = size.get("height", size.get("shortest_edge", 0))
    if isinstance(size, (list, tuple)):
        size = size[0]
    return int(size or 0)
