"""What a model answers to a question, by the log-probabilities of its options."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Choices


def scores_of(benchmark: Choices, per: str) -> Float[np.ndarray, "n k"]:
    """[n k] nats of each option, by its tokens or bytes where `per` says so; -inf where there is no option."""
    if len(benchmark) == 0:
        raise NotApplicable("the benchmark holds no questions")
    nats = benchmark.nats.astype(np.float64)
    inside = np.arange(nats.shape[1])[None, :] < benchmark.sizes[:, None]
    if np.isnan(nats[inside]).any():
        bad = (np.isnan(nats) & inside).any(axis=1)
        raise ProbeError(f"{int(bad.sum())} questions have a log-probability that is no number")
    if per != "option":
        if per not in benchmark.counts:
            raise NotApplicable(f"this model does not count {per}s; it counts {', '.join(benchmark.counts)}")
        nats = nats / np.maximum(benchmark.counts[per], 1)
    return np.where(inside, nats, -np.inf)


def likeliest(benchmark: Choices, per: str) -> Float[np.ndarray, "n k"]:
    """[n k] the share of each option in the answer: 1 for the likeliest, shared among equals."""
    scores = scores_of(benchmark, per)
    inside = np.arange(scores.shape[1])[None, :] < benchmark.sizes[:, None]
    best = inside & (scores == scores.max(axis=1, keepdims=True))
    return np.asarray(best / best.sum(axis=1, keepdims=True))
