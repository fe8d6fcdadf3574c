"""Any vision model of transformers, by path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from genbench.core.data import Item
from genbench.core.digest import named_or_tree_digest
from genbench.core.errors import LensError, MissingExtra
from genbench.core.lens import lens
from genbench.core.places import FolderOrHubId
from genbench.lenses.image._preparation import Preparation, preparation
from genbench.lenses.image._surface import ImageSurface


@lens(modality="image", cites=["Stein et al. 2023, arXiv:2306.04675, on DINOv2 and CLIP as embeddings"])
class Hf(ImageSurface):
    """The pooled output of a vision model of transformers (DINOv2, CLIP, ViT ...) from a local folder or the hub.

    Images are resized as clean-fid does, then normalized with the means and spreads that lie beside the model. Weights
    are read from safetensors alone, and no code that comes with a model is run.
    """

    def __init__(self, *, path: FolderOrHubId) -> None:
        self.path = str(Path(path).expanduser())
        self.device = "cpu"
        self._loaded: tuple[Any, Preparation] | None = None
        self._pools = True  # false where a checkpoint lacks its pooler, which would then be one drawn at random

    def place(self, device: str) -> None:
        """Where the network works; called before it is loaded."""
        self.device = device

    def identity(self) -> str:
        """Digest of the folder on disk; a hub id stands for itself."""
        return named_or_tree_digest(self.path)

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        model, prepared = self._model()
        x = torch.from_numpy(prepared.prepare(items)).to(self.device)
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
                prepared = preparation(self.path, whole.config)
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
