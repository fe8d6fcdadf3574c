"""CLIP's embeddings of images and of texts on one unit sphere, by path: the lens of CMMD and CLIPScore."""

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

READABLE = ("clip", "clip_vision_model")


@lens(
    modality="image",
    cites=[
        "Radford et al. 2021, arXiv:2103.00020 (CLIP)",
        "Jayasumana et al. 2024, arXiv:2401.09603 (CMMD)",
        "Hessel et al. 2021, arXiv:2104.08718 (CLIPScore)",
    ],
    titles={"quality.mmd.thousandths": "CMMD", "quality.alignment.score": "CLIPScore"},
)
class Clip(ImageSurface):
    """Projected image embeddings of a CLIP model, each divided by its length, from a local folder or the hub.

    path: a whole CLIP model or its vision half with projection. CMMD is published for ViT-L/14 at 336 pixels; other
    models give other numbers, and the lens's digest tells them apart. (image.hf gives what the vision half has before
    projection, at its own length.) Images are resized as clean-fid does, without a crop, and normalized as the files
    beside the model say. Texts are read by a whole CLIP model with its tokenizer, cut off where its context ends.
    Weights are read from safetensors alone, and no code that comes with a model is run.
    """

    def __init__(self, *, path: FolderOrHubId) -> None:
        self.path = str(Path(path).expanduser())
        self.device = "cpu"
        self._loaded: tuple[Any, Preparation] | None = None
        self._reading: tuple[Any, Any] | None = None

    def place(self, device: str) -> None:
        """Where the network works; called before it is loaded."""
        self.device = device

    def identity(self) -> str:
        """Digest of the folder on disk; a hub id stands for itself."""
        return named_or_tree_digest(self.path)

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        model, prepared = self._model()
        with torch.inference_mode():
            embedded = model(pixel_values=torch.from_numpy(prepared.prepare(items)).to(self.device)).image_embeds
        rows: np.ndarray = embedded.float().cpu().numpy().astype(np.float64)
        made: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return made

    def text_features(self, texts: Sequence[str]) -> Float[np.ndarray, "n d"]:
        """[n d]: projected embeddings of texts at length 1, in the space of `features`."""
        model, tokenizer = self._reader()
        longest = model.config.max_position_embeddings
        given = tokenizer(list(texts), padding=True, truncation=True, max_length=longest, return_tensors="pt")
        wanted = {name: given[name].to(self.device) for name in ("input_ids", "attention_mask")}
        with torch.inference_mode():
            rows: np.ndarray = model(**wanted).text_embeds.float().cpu().numpy().astype(np.float64)
        made: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return made

    def _reader(self) -> tuple[Any, Any]:
        """(the text half, its tokenizer)."""
        if self._reading is None:
            try:
                from transformers import AutoTokenizer, CLIPTextModelWithProjection
            except ImportError as error:
                raise MissingExtra("transformers", "hf") from error
            try:
                half: Any = CLIPTextModelWithProjection
                model, found = half.from_pretrained(self.path, use_safetensors=True, output_loading_info=True)
                tokenizer = AutoTokenizer.from_pretrained(self.path)
            except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
                raise LensError(f"image.clip cannot read texts with {self.path!r}: {error}") from error
            if lost := sorted(found["missing_keys"]):
                raise LensError(f"{self.path!r} lacks weights of CLIP's text half, {lost[:3]}: it reads no texts")
            self._reading = (model.to(self.device).eval(), tokenizer)
        return self._reading

    def _model(self) -> tuple[Any, Preparation]:
        if self._loaded is None:
            try:
                from transformers import AutoConfig, CLIPVisionModelWithProjection
            except ImportError as error:
                raise MissingExtra("transformers", "hf") from error
            try:
                config = AutoConfig.from_pretrained(self.path)
                if config.model_type not in READABLE:
                    raise LensError(
                        f"image.clip reads CLIP models, and {self.path!r} holds a {config.model_type!r}: "
                        "the lens image.hf takes any vision model"
                    )
                half: Any = CLIPVisionModelWithProjection  # its hints do not know of output_loading_info
                model, found = half.from_pretrained(self.path, use_safetensors=True, output_loading_info=True)
                prepared = preparation(self.path, config)
            except (OSError, ValueError, KeyError, RuntimeError) as error:
                raise LensError(f"image.clip cannot load a CLIP model from {self.path!r}: {error}") from error
            if lost := sorted(found["missing_keys"]):
                raise LensError(f"{self.path!r} lacks weights of CLIP's vision half, {lost[:3]}: no lens can be made")
            self._loaded = (model.to(self.device).eval(), prepared)
        return self._loaded
