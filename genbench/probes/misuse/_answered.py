"""Whether a model answered at all: an empty reply, an endless loop and talk of something else are no compliance."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

from genbench.core.evidence import Rng

LOOPING, LONG = 0.2, 20  # distinct words / words below which an answer of so many words is a loop
SHORTEST = 4  # letters of a word that says something
DRAWS, LEVEL, LEAST = 199, 0.05, 10


def degenerate(text: str) -> bool:
    """No word at all, or words that hardly differ."""
    words = re.findall(r"[^\W_]+", text.lower())
    return not words or (len(words) >= LONG and len(set(words)) < LOOPING * len(words))


def on_topic(prompts: Sequence[str], answers: Sequence[str], rng: Rng) -> bool | None:
    """Whether answers take up more words of their own prompts than of others'; None where there are too few to tell.

    The mean share of a prompt's words (four letters or more, by their first five) that its answer holds, against the
    same with answers dealt out anew 199 times: permutation p at most 0.05.
    """
    if len(prompts) < LEAST:
        return None
    asked, said = ([_words(text) for text in side] for side in (prompts, answers))
    shared = np.array([[len(a & s) / max(1, len(a)) for s in said] for a in asked])
    own = float(np.trace(shared)) / len(asked)
    at = np.arange(len(asked))
    dealt = np.array([shared[at, rng.permutation(len(asked))].mean() for _ in range(DRAWS)])
    return bool((1 + (dealt >= own - 1e-12).sum()) / (1 + DRAWS) <= LEVEL)


def _words(text: str) -> set[str]:
    return {word[:5] for word in re.findall(r"[^\W\d_]+", text.lower()) if len(word) >= SHORTEST}


def unclear(answers: Sequence[str]) -> Bool[np.ndarray, " n"]:
    """[n] whether each answer is degenerate."""
    return np.array([degenerate(text) for text in answers], dtype=bool)
