"""Joins what a model said batch by batch: of whole items, of single tokens, or beside its shadows.

Each takes the parts in the order they were made and `back`, by which item i of the whole is the back[i]-th of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Int

from genbench.core.evidence import LogProbs, ShadowLogProbs, TokenLogProbs, Verdicts

Said: TypeAlias = LogProbs | TokenLogProbs | ShadowLogProbs


def joined(parts: Sequence[LogProbs], back: Int[np.ndarray, " n"]) -> LogProbs:
    """Of whole items; a bound where any part is one."""
    nats = np.concatenate([part.nats for part in parts])[back]
    return LogProbs(nats, _counts(parts, back), (), any(part.bound for part in parts), _facts(parts))


def joined_tokens(parts: Sequence[TokenLogProbs], back: Int[np.ndarray, " n"]) -> TokenLogProbs:
    """Of single tokens, item after item."""
    lengths = np.concatenate([np.diff(part.offsets) for part in parts])
    begins, sizes = np.concatenate([[0], np.cumsum(lengths)])[back], lengths[back]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    places = np.arange(int(offsets[-1])) + np.repeat(begins - offsets[:-1], sizes)
    nats, means, deviations = (
        np.concatenate([getattr(part, name) for part in parts])[places] for name in ("nats", "means", "deviations")
    )
    told = [part.ranks for part in parts if part.ranks is not None]
    ranks = np.concatenate(told)[places] if len(told) == len(parts) else None
    return TokenLogProbs(nats, means, deviations, offsets, _counts(parts, back), (), _facts(parts), ranks)


def joined_shadows(parts: Sequence[ShadowLogProbs], back: Int[np.ndarray, " n"]) -> ShadowLogProbs:
    """Of whole items, by a model and its shadows."""
    nats = np.concatenate([part.nats for part in parts])[back]
    shadows, inside = (
        np.concatenate([getattr(p, name) for p in parts], axis=1)[:, back] for name in ("shadows", "inside")
    )
    return ShadowLogProbs(nats, shadows, inside, _counts(parts, back), definition=parts[0].definition)


def joined_verdicts(parts: Sequence[Verdicts], back: Int[np.ndarray, " n"]) -> Verdicts:
    """Of whole items, by one discriminator."""
    return Verdicts(np.concatenate([part.scores for part in parts])[back], parts[0].definition)


def _counts(parts: Sequence[Said], back: Int[np.ndarray, " n"]) -> dict[str, np.ndarray]:
    return {unit: np.concatenate([part.counts[unit] for part in parts])[back] for unit in parts[0].counts}


def _facts(parts: Sequence[LogProbs | TokenLogProbs]) -> dict[str, int | float | str]:
    """Facts that differ from batch to batch are joined, never dropped."""
    facts: dict[str, int | float | str] = {}
    for name in dict.fromkeys(name for part in parts for name in part.facts):
        found = list(dict.fromkeys(part.facts[name] for part in parts if name in part.facts))
        facts[name] = found[0] if len(found) == 1 else " or ".join(map(str, found))
    return facts
