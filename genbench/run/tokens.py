"""Joins what a model said batch by batch, of single tokens or beside its shadows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from genbench.core.evidence import LogProbs, ShadowLogProbs, TokenLogProbs


def joined_tokens(parts: Sequence[TokenLogProbs], back: Int[np.ndarray, " n"]) -> TokenLogProbs:
    """One piece of evidence of parts that follow each other; item i of it is the back[i]-th of theirs."""
    lengths = np.concatenate([np.diff(part.offsets) for part in parts])
    begins, sizes = np.concatenate([[0], np.cumsum(lengths)])[back], lengths[back]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    places = np.arange(int(offsets[-1])) + np.repeat(begins - offsets[:-1], sizes)
    nats, means, deviations = (
        np.concatenate([getattr(part, name) for part in parts])[places] for name in ("nats", "means", "deviations")
    )
    counts = {unit: np.concatenate([part.counts[unit] for part in parts])[back] for unit in parts[0].counts}
    return TokenLogProbs(nats, means, deviations, offsets, counts, (), joined_facts(parts))


def joined_shadows(parts: Sequence[ShadowLogProbs], back: Int[np.ndarray, " n"]) -> ShadowLogProbs:
    """The same of what a model and its shadows said of whole items."""
    nats = np.concatenate([part.nats for part in parts])[back]
    shadows, inside = (
        np.concatenate([getattr(p, name) for p in parts], axis=1)[:, back] for name in ("shadows", "inside")
    )
    counts = {unit: np.concatenate([part.counts[unit] for part in parts])[back] for unit in parts[0].counts}
    return ShadowLogProbs(nats, shadows, inside, counts)


def joined_facts(parts: Sequence[LogProbs | TokenLogProbs]) -> dict[str, int | float | str]:
    """Facts that differ from batch to batch are joined, never dropped."""
    facts: dict[str, int | float | str] = {}
    for name in dict.fromkeys(name for part in parts for name in part.facts):
        found = list(dict.fromkeys(part.facts[name] for part in parts if name in part.facts))
        facts[name] = found[0] if len(found) == 1 else " or ".join(map(str, found))
    return facts
