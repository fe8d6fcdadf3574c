"""Any vision model of transformers, by path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from genbench.core.data import Item
from genbench.core.digest import tree_digest
from genbench.core.errors import LensError, MissingExtra
from genbench.core.lens import lens
from genbench.lenses.image._surface import ImageSurface, coloured, resize_float


@lens(modality="image", cites=["Stein et al. 2023, arXiv:2306.04675, on DINOv2 and CLIP as embeddings"])
class Hf(ImageSurface):
    """The pooled output of a vision model of transformers (DINOv2, CLIP, ViT ...) from a local folder or the hub.

    Images are resized as clean-fid does, then normalized with the means and spreads of the model's own processor.
    """

    def __init__(self, *, path: str, device: str = "cpu") -> None:
        self.path, self.device = path, device
        self._loaded: tuple[Any, int, np.ndarray, np.ndarray] | None = None

    def identity(self) -> str:
        """Digest of the weights on disk; a hub id stands for itself."""
        return tree_digest(Path(self.path)) if Path(self.path).exists() else self.path

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        model, side, mean, spread = self._model()
        rows = [(coloured(resize_float(np.asarray(i), side)) / 255.0 - mean) / spread for i in items]
        x = torch.from_numpy(np.stack(rows).astype(np.float32).transpose(0, 3, 1, 2)).to(self.device)
        with torch.inference_mode():
            out = model(pixel_values=x)
        pooled = getattr(out, "pooler_output", None)
        if pooled is None:
            pooled = out.last_hidden_state[:, 0]
        rows_out: np.ndarray = pooled.float().cpu().numpy().reshape(len(items), -1).astype(np.float64)
        return rows_out

    def _model(self) -> tuple[Any, int, np.ndarray, np.ndarray]:
        if self._loaded is None:
            try:
                from transformers import AutoConfig, AutoModel, CLIPVisionModel
            except ImportError as error:
                raise MissingExtra("transformers", "hf") from error
            try:
                config = AutoConfig.from_pretrained(self.path)
                cls: Any = CLIPVisionModel if config.model_type in ("clip", "clip_vision_model") else AutoModel
                model = cls.from_pretrained(self.path, use_safetensors=True).to(self.device).eval()
            except (OSError, ValueError) as error:
                raise LensError(f"image.hf cannot load a vision model from {self.path!r}: {error}") from error
            side = int(getattr(model.config, "image_size", 224))
            self._loaded = (model, side, *_normalization(self.path))
        return self._loaded


def _normalization(path: str) -> tuple[np.ndarray, np.ndarray]:
    """Per-channel mean and spread of the model's processor; ImageNet's where it has none."""
    from transformers import AutoImageProcessor

    try:
        processor: Any = AutoImageProcessor.from_pretrained(path)  # type: ignore[no-untyped-call]
        return np.asarray(processor.image_mean), np.asarray(processor.image_std)
    except (OSError, ValueError, AttributeError, ImportError):
        return np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
