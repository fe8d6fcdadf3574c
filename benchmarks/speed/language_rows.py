"""What of language is compared, at which sizes and with which target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.speed.language import causal, masked


@dataclass(frozen=True)
class TextRow:
    """work: its name on both sides; target: the least ratio of the peer's CPU-seconds to ours.

    agree: a fact both sides give, and the difference it may have. both, theirs: settings of both and of the peer alone.
    """

    title: str
    work: str
    peer: str
    target: float
    both: Mapping[str, Any]
    theirs: Mapping[str, Any]
    agree: tuple[str, float]


def text_rows(root: Path, *, quick: bool) -> list[TextRow]:
    """quick: sizes that end within a few minutes and show the same ratios more roughly.

    lm-evaluation-harness has its default batch of one where windows are full, and `generate` eight prompts at a time.
    """
    gpt, bert = causal(root / "gpt", "small"), masked(root / "bert", "base")
    tiny = causal(root / "tiny", "tiny")
    words, asked, sentences, prompts = (1500, 8, 6, 24) if quick else (6000, 40, 60, 96)
    return [
        TextRow(f"rolling perplexity of {words:,} words, GPT-2 small, fp32", "rolling", "lm-evaluation-harness", 2.2,
                {"path": gpt, "n": words}, {"batch": 1}, ("nats_per_byte", 1e-6)),
        TextRow(f"{asked} questions of BBQ's shape, two of one context, GPT-2 small", "choices",
                "lm-evaluation-harness", 8.0, {"path": gpt, "n": asked}, {"batch": 1}, ("mean_nats", 1e-3)),
        TextRow(f"CrowS-Pairs' score of {sentences} pairs, BERT base, fp32", "crows", "the published loop", 3.5,
                {"path": bert, "n": sentences}, {}, ("mean_nats", 1e-3)),
        TextRow(f"{prompts} prompts of 4 to 60 words, 32 new tokens each, GPT-2 small", "generation",
                "transformers' generate", 1.5, {"path": gpt, "n": prompts, "longest": 32}, {"batch": 8},
                ("characters", 0.0)),
        TextRow("a whole run of 20 questions from the shell, tiny model, no energy measured", "shell", "lm_eval", 4.0,
                {"path": tiny, "n": 20}, {}, ("accuracy", 0.0)),
    ]  # fmt: skip
