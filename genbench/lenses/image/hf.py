"""Any vision model of transformers, by path."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from genbench.core.data import Item
from genbench.core.digest import tree_digest
from genbench.core.errors import LensError, MissingExtra
from genbench.core.lens import lens
from genbench.lenses.image._surface import ImageSurface, resized_to

IMAGENET_MEAN, IMAGENET_SPREAD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


@lens(modality="image", cites=["Stein et al. 2023, arXiv:2306.04675, on DINOv2 and CLIP as embeddings"])
class Hf(ImageSurface):
    """The pooled output of a vision model of transformers (DINOv2, CLIP, ViT ...) from a local folder or the hub.

    Images are resized as clean-fid does, then normalized with the means and spreads that lie beside the model. Weights
    are read from safetensors alone, and no code that comes with a model is run.
    """

    def __init__(self, *, path: str) -> None:
        self.path = path
        self.device = "cpu"
        self._loaded: tuple[Any, Preparation] | None = None
        self._pools = True  # false where a checkpoint lacks its pooler, which would then be one drawn at random

    def place(self, device: str) -> None:
        """Where the network works; called before it is loaded."""
        self.device = device

    def identity(self) -> str:
        """Digest of the folder on disk; a hub id stands for itself."""
        return tree_digest(Path(self.path)) if Path(self.path).exists() else self.path

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        model, prepared = self._model()
        side, channels = prepared.side, len(prepared.mean)
        rows = [(resized_to(item, side, side, channels) / 255.0 - prepared.mean) / prepared.spread for item in items]
        x = torch.from_numpy(np.stack(rows).astype(np.float32).transpose(0, 3, 1, 2).copy()).to(self.device)
        with torch.inference_mode():
            out = model(pixel_values=x)
        pooled = getattr(out, "pooler_output", None) if self._pools else None
        if pooled is None:
            pooled = out.last_hidden_state[:, 0]  # [n t d] -> [n d], the class token
        made: np.ndarray = pooled.float().cpu().numpy().reshape(len(items), -1).astype(np.float64)
        return made

    def _model(self) -> tuple[Any, Preparation]:
        if self._loaded is None:
            try:
                from transformers import AutoModel
            except ImportError as error:
                raise MissingExtra("transformers", "hf") from error
            try:
                whole, found = AutoModel.from_pretrained(self.path, use_safetensors=True, output_loading_info=True)
                prepared = _preparation(self.path, whole.config)
            except (OSError, ValueError, KeyError) as error:
                raise LensError(f"image.hf cannot load a vision model from {self.path!r}: {error}") from error
            # A model of pictures and texts (CLIP, SigLIP) holds its vision tower under this name.
            model = getattr(whole, "vision_model", whole)
            missing = sorted(name for name in found["missing_keys"] if "text_model" not in name)
            if lost := [name for name in missing if "pooler" not in name]:
                raise LensError(f"{self.path!r} lacks weights of its own model, {lost[:3]}: no lens can be made of it")
            self._pools = not missing
            self._loaded = (model.to(self.device).eval(), prepared)
        return self._loaded


@dataclass(frozen=True)
class Preparation:
    """How a model wants its images: side x side, and per channel (x / 255 - mean) / spread."""

    side: int
    mean: np.ndarray
    spread: np.ndarray


def _preparation(path: str, config: Any) -> Preparation:
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
