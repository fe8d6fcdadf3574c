"""Any text classifier of transformers, by path: of toxicity, of refusals, of sentiment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from genbench.core.data import Item
from genbench.core.digest import digest, file_digest, named_or_tree_digest
from genbench.core.errors import LensError, MissingExtra
from genbench.core.evidence import Annotations
from genbench.core.lens import lens
from genbench.core.places import File, FolderOrHubId
from genbench.lenses.text._hashing import counted, projected
from genbench.lenses.text._labelled import confusion, labelled
from genbench.lenses.text._surface import TextSurface

BATCH = 16


@lens(modality="text", cites=["Wolf et al. 2020, doi:10.18653/v1/2020.emnlp-demos.6 (transformers)"])
class HfClassifier(TextSurface):
    """The likeliest class of each text, with all probabilities, by a sequence classifier from a folder or the hub.

    called: what its classes are to be called, such as {"LABEL_1": "toxic"}; two may be joined under one name. A model
    of several labels at once (sigmoid) has the classes of its labels and "none" beside them, the labels' probabilities
    scaled to leave "none" that of their absence. labelled: a CSV file of labelled texts (columns text and label) on
    which its mistakes are counted; without it they are unknown, and it is taken as it counts. longest: tokens a text is
    cut at. Weights are read from safetensors alone, and no code that comes with a model is run.
    """

    def __init__(
        self, *, path: FolderOrHubId, called: dict[str, str] | None = None, labelled: File = "", longest: int = 512
    ) -> None:
        self.path, self.called = str(Path(path).expanduser()), called or {}
        self.labelled, self.longest = labelled, longest
        self.device = "cpu"
        self._loaded: tuple[Any, Any] | None = None
        self._counted: np.ndarray | None = None

    def place(self, device: str) -> None:
        """Where the network works; called before it is loaded."""
        self.device = device

    def identity(self) -> str:
        """Digest of the folder on disk (a hub id stands for itself) and of the labelled file."""
        return digest(
            named_or_tree_digest(self.path), file_digest(Path(self.labelled).expanduser()) if self.labelled else ""
        )

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        return projected(counted(items), 128)

    def annotate(self, items: Sequence[Item]) -> Annotations:
        """The likeliest class of each text, the probabilities of all, and the confusion where a file is named."""
        names, shares = self._judged(items)
        if self.labelled and self._counted is None:
            texts, true = labelled(Path(self.labelled).expanduser(), names, self.called)
            self._counted = confusion(true, self._judged(texts)[1].argmax(axis=1).tolist(), names)
        return Annotations(shares.argmax(axis=1).astype(np.int64), names, self._counted, (), shares)

    def _judged(self, items: Sequence[Item]) -> tuple[tuple[str, ...], Float[np.ndarray, "n k"]]:
        """(names, probabilities [n k]) with classes of one name added up."""
        tokenizer, model = self._model()
        config = model.config
        own = [str(config.id2label[i]) for i in range(config.num_labels)]
        if unknown := [name for name in self.called if name not in own]:
            raise LensError(f"text.hf_classifier: {self.path!r} has no class {unknown[0]!r}; it has {', '.join(own)}")
        several = getattr(config, "problem_type", None) == "multi_label_classification" or len(own) == 1
        rows = []
        for start in range(0, len(items), BATCH):
            texts = [str(item) for item in items[start : start + BATCH]]
            tokens = tokenizer(
                texts, padding=True, truncation=True, max_length=self.longest, return_tensors="pt"
            ).to(self.device)  # fmt: skip
            with torch.inference_mode():
                logits = model(**tokens).logits.float().cpu().numpy().astype(np.float64)  # [b k]
            rows.append(_apart(logits) if several else _softmax(logits))
        given = np.concatenate(rows) if rows else np.zeros((0, len(own) + several))
        classes = [self.called.get(name, name) for name in [*own, *(["none"] if several else [])]]
        names = tuple(dict.fromkeys(classes))
        joined = np.zeros((len(given), len(names)))
        for column, name in enumerate(classes):
            joined[:, names.index(name)] += given[:, column]
        return names, joined

    def _model(self) -> tuple[Any, Any]:
        if self._loaded is None:
            try:
                from transformers import AutoModelForSequenceClassification, AutoTokenizer
            except ImportError as error:
                raise MissingExtra("transformers", "hf") from error
            try:
                tokenizer = AutoTokenizer.from_pretrained(self.path)
                model, found = AutoModelForSequenceClassification.from_pretrained(
                    self.path, use_safetensors=True, output_loading_info=True
                )
            except (OSError, ValueError, KeyError) as error:
                raise LensError(f"text.hf_classifier cannot load a classifier from {self.path!r}: {error}") from error
            if lost := sorted(found["missing_keys"]):
                raise LensError(f"{self.path!r} lacks weights of its own model, {lost[:3]}: it is no classifier")
            self._loaded = (tokenizer, model.to(self.device).eval())
        return self._loaded


def _softmax(logits: Float[np.ndarray, "n k"]) -> Float[np.ndarray, "n k"]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _apart(logits: Float[np.ndarray, "n k"]) -> Float[np.ndarray, "n m"]:
    """[n k+1] of labels that may hold at once: none by the most likely label's absence, the rest shared among them."""
    each = 1 / (1 + np.exp(-logits))
    some = each.max(axis=1, keepdims=True)
    return np.concatenate([each / each.sum(axis=1, keepdims=True) * some, 1 - some], axis=1)
