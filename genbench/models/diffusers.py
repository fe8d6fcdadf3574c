"""Any image pipeline of the package diffusers, from a folder on disk."""

from __future__ import annotations

import importlib.util
import inspect
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from PIL import Image

from genbench.core.data import Item
from genbench.core.digest import tree_digest
from genbench.core.errors import MissingExtra, ModelError
from genbench.core.model import family
from genbench.core.places import Folder

Precision: TypeAlias = Literal["float32", "bfloat16", "float16"]
LIBRARIES = frozenset({"diffusers", "transformers"})
INDEX = "model_index.json"


@family(modality="image", cites=["von Platen et al. 2022, github.com/huggingface/diffusers"])
class Diffusers:
    """A pipeline that `save_pretrained` of diffusers wrote to a folder; nothing is loaded before it is needed.

    One with a tokenizer illustrates captions, and its samples illustrate `prompt`; another's samples are of its noise.
    steps: of denoising, 0 for the pipeline's own number. guidance_scale: below 0 for its own. size: images are resized
    to size x size, 0 keeps them. Item i has a generator of its own, seeded by seeds[i]. Weights are read from
    safetensors alone; code that lies in the folder, and components of other packages, are refused by name.
    """

    def __init__(
        self, *, path: Folder, steps: int = 0, guidance_scale: float = -1.0, prompt: str = "",
        dtype: Precision = "float32", size: int = 0,
    ) -> None:  # fmt: skip
        if steps < 0 or size < 0:
            raise ModelError(f"diffusers: steps and size are at least 0, got {steps} and {size}")
        self.path, self.steps, self.guidance_scale, self.prompt = path, steps, guidance_scale, prompt
        self.dtype, self.size = dtype, size
        self.device = "cpu"
        self._pipeline: Any = None

    def unwrap(self) -> Any:
        """This, or one that illustrates captions as well."""
        if self.stands_for() is Diffusers:
            return self
        return Captioned(
            path=self.path, steps=self.steps, guidance_scale=self.guidance_scale, prompt=self.prompt,
            dtype=self.dtype, size=self.size,
        )  # fmt: skip

    def stands_for(self) -> type:
        """Read from the index alone, without diffusers."""
        return Captioned if self.index.get("tokenizer", [None])[0] else Diffusers

    def identity(self) -> str:
        """Digest of the folder."""
        return tree_digest(self.folder)

    @property
    def folder(self) -> Path:
        return Path(self.path).expanduser()

    @cached_property
    def index(self) -> dict[str, Any]:
        """What the folder says it holds. `ModelError` where it is no pipeline, or asks for code other than known."""
        try:
            found: Any = json.loads((self.folder / INDEX).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(
                f"diffusers: {self.path!r} is no folder with a readable {INDEX}: {type(error).__name__}; give one that "
                "save_pretrained wrote (pipelines are not fetched from a hub)"
            ) from error
        name = found.get("_class_name") if isinstance(found, dict) else None
        if not isinstance(name, str) or not name.isidentifier():
            raise ModelError(f"diffusers: {self.path!r} names the pipeline {name!r}; code of the folder is not run")
        for part, kind in found.items():
            if isinstance(kind, list) and (len(kind) != 2 or not all(_plain(word) for word in kind)):
                raise ModelError(f"diffusers: {self.path!r} asks for {kind} as its {part}")
        return dict(found)

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return self._drawn([self.prompt] * len(seeds), seeds)

    def place(self, device: str) -> None:
        self.device = device
        if self._pipeline is not None:
            self._pipeline.to(device)

    def _drawn(self, captions: Sequence[str], seeds: Sequence[int]) -> list[np.ndarray]:
        if not len(seeds):
            return []
        pipeline = self._loaded()
        given: dict[str, Any] = {"generator": [own_generator(seed) for seed in seeds], "output_type": "np"}
        if "prompt" in inspect.signature(pipeline.__call__).parameters:
            given["prompt"] = list(captions)
        else:
            given["batch_size"] = len(seeds)
        if self.steps:
            given["num_inference_steps"] = self.steps
        if self.guidance_scale >= 0:
            given["guidance_scale"] = self.guidance_scale
        try:
            with torch.inference_mode():
                images = np.asarray(pipeline(**given).images, dtype=np.float32)  # [n h w c] in [0, 1]
        except (TypeError, ValueError) as error:
            raise ModelError(
                f"diffusers: {type(pipeline).__name__} does not make images of {', '.join(given)}: {error}"
            ) from error
        if images.ndim != 4 or not np.isfinite(images).all():
            raise ModelError(f"diffusers: {self.path!r} made {images.shape}, finite: {bool(np.isfinite(images).all())}")
        items = np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)
        return [_resized(item, self.size) for item in items]

    def _loaded(self) -> Any:
        """The pipeline, on its device. `MissingExtra` where diffusers is absent, `ModelError` for all else."""
        if self._pipeline is None:
            index = self.index
            if importlib.util.find_spec("diffusers") is None:
                raise MissingExtra("diffusers", "diffusers")
            if index.get("tokenizer", [None])[0] and importlib.util.find_spec("transformers") is None:
                raise MissingExtra("transformers", "hf")
            import diffusers

            for part, kind in index.items():
                if isinstance(kind, list) and kind[0] and not _known(kind[0]):
                    raise ModelError(f"diffusers: {self.path!r} asks for {kind[0]}.{kind[1]} as its {part}, refused")
            made: Any = getattr(diffusers, index["_class_name"], None)
            if diffusers.DiffusionPipeline not in getattr(made, "__mro__", ()):
                raise ModelError(f"diffusers has no pipeline {index['_class_name']!r}, which {self.path!r} asks for")
            read = made.from_pretrained
            bars: Any = diffusers.utils.logging
            shown = bars.is_progress_bar_enabled()
            bars.disable_progress_bar()
            try:
                pipeline = read(str(self.folder), local_files_only=True, use_safetensors=True, trust_remote_code=False)
            except Exception as error:  # releases raise nearly anything for files that are not what they expect
                raise ModelError(
                    f"diffusers cannot load {self.path!r}: {type(error).__name__}: {str(error).strip()[:500]}"
                ) from error
            finally:
                if shown:
                    bars.enable_progress_bar()
            pipeline.set_progress_bar_config(disable=True)
            self._pipeline = pipeline.to(self.device, getattr(torch, self.dtype))
        return self._pipeline


class Captioned(Diffusers):
    """One that illustrates captions, each with its own seed."""

    def illustrate(self, captions: Sequence[str], seeds: Sequence[int]) -> Sequence[Item]:
        return self._drawn(captions, seeds)


def own_generator(seed: int) -> torch.Generator:
    """Chance of one item: torch's keeps 32 bits of a seed, so more of them say how far on it begins."""
    generator = torch.Generator("cpu").manual_seed(seed % 2**32)
    torch.empty((seed >> 32) % 4096).random_(generator=generator)
    return generator


def _plain(word: Any) -> bool:
    return word is None or (isinstance(word, str) and word.replace(".", "_").isidentifier())


def _known(library: str) -> bool:
    """diffusers, transformers, or one of diffusers' own pipeline folders, which is how it names a safety checker."""
    return library in LIBRARIES or (
        "." not in library and importlib.util.find_spec(f"diffusers.pipelines.{library}") is not None
    )


def _resized(item: np.ndarray, size: int) -> np.ndarray:
    """uint8 [h w c] -> [size size c]; 0 keeps it."""
    if not size or item.shape[:2] == (size, size):
        return np.ascontiguousarray(item)
    side, way = (size, size), Image.Resampling.BICUBIC
    planes = [Image.fromarray(item[:, :, k]).resize(side, way) for k in range(item.shape[2])]
    return np.stack([np.asarray(plane) for plane in planes], axis=2)
