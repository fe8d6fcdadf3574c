"""Membership by shadow models: how a model scores an item, against models that did and did not learn from it.

target [n]: scores of the model under attack, high for what it knows (nats, or nats per unit). shadows [k n]: those of k
shadow models of the same kind. inside [k n]: true where a shadow model learned from the item.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import logsumexp

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Rng

Target = Float[np.ndarray, " n"]
Shadows = Float[np.ndarray, "k n"]
Inside = Bool[np.ndarray, "k n"]


def halves(n: int, k: int, rng: Rng) -> Inside:
    """Who learns what: k models, k even, in twos that share the n items between them, so each item is in just k / 2."""
    if k < 2 or k % 2:
        raise ValueError(f"shadow models come in twos, got {k}")
    first = np.array([rng.permutation(n) < n // 2 for _ in range(k // 2)], dtype=bool)
    whole: np.ndarray = np.concatenate([first, ~first])
    return whole


def lira_online(target: Target, shadows: Shadows, inside: Inside) -> Target:
    """log N(t; mu_in, s_in^2) - log N(t; mu_out, s_out^2) of each item (Carlini et al. 2022, 2112.03570, algorithm 1).

    mu_in, mu_out: means of the item's scores by shadow models that learned from it, and by those that did not. s_in^2,
    s_out^2: variances around these means, pooled over items, as the paper advises for fewer than 64 models. High for
    members. `NotApplicable` where an item has fewer than 2 models on a side.
    """
    (mean_in, variance_in), (mean_out, variance_out) = _sides(shadows, inside), _sides(shadows, ~inside)
    found: np.ndarray = _log_normal(target, mean_in, variance_in) - _log_normal(target, mean_out, variance_out)
    return found


def lira_offline(target: Target, shadows: Shadows, inside: Inside) -> Target:
    """(t - mu_out) / s_out: ranks items as the paper's one-sided 1 - P(N(mu_out, s_out^2) > t) does, without its ends.

    Needs no model that learned from the item. With one reference model and s_out the same for all this is the
    reference-model ratio in logarithms, t - log p_reference (Watson et al. 2022, arXiv:2111.08440).
    """
    mean, variance = _sides(shadows, ~inside)
    found: np.ndarray = (target - mean) / math.sqrt(variance)
    return found


def rmia(
    target: Target, shadows: Shadows, inside: Inside, *, others: Bool[np.ndarray, " n"], gamma: float = 1.0
) -> Target:
    """P_z(ratio_x / ratio_z >= gamma), with `rmia_ratio` (Zarifzadeh et al. 2024, arXiv:2312.03262).

    z: the items that `others` names, known to be no members, x itself left out. At gamma = 1 the score is the rank of
    ratio_x, ties half. `NotApplicable` with fewer than 2 z.
    """
    if others.sum() < 2:
        raise NotApplicable(f"RMIA compares with items that are no members, and got {others.sum()}")
    ratio = rmia_ratio(target, shadows, inside)
    ordered, limit = np.sort(ratio[others]), ratio - math.log(gamma)
    below = (np.searchsorted(ordered, limit, side="left") + np.searchsorted(ordered, limit, side="right")) / 2
    itself = np.where(others, 0.5 if gamma == 1.0 else float(gamma < 1.0), 0.0)
    found: np.ndarray = (below - itself) / (others.sum() - others)
    return found


def rmia_ratio(target: Target, shadows: Shadows, inside: Inside) -> Target:
    """log p(x | target) - log p(x): it orders items as RMIA at gamma = 1 does, without the ties of ranks at their ends.

    Scores are log p. p(x) = (mean of p over models that learned from x + mean over those that did not) / 2, the paper's
    online form. `NotApplicable` without a model on either side.
    """
    if not (inside.any(axis=0) & ~inside.all(axis=0)).all():
        raise NotApplicable("RMIA needs models that did and models that did not learn from each item")
    with np.errstate(divide="ignore"):
        known, unknown = (
            logsumexp(np.where(side, shadows, -np.inf), axis=0) - np.log(side.sum(axis=0)) for side in (inside, ~inside)
        )
    ratio: np.ndarray = target - (np.logaddexp(known, unknown) - math.log(2))
    return ratio


def _sides(shadows: Shadows, inside: Inside) -> tuple[Target, float]:
    """(mean [n] over the models that `inside` names, variance around it pooled over items)."""
    counts = inside.sum(axis=0)
    if counts.min() < 2:
        raise NotApplicable(
            f"LiRA needs 2 shadow models for and 2 against each item, got {counts.min()} for one of them"
        )
    mean: np.ndarray = np.where(inside, shadows, 0.0).sum(axis=0) / counts
    squares = np.where(inside, np.square(shadows - mean), 0.0).sum()
    variance = float(squares / (counts - 1).sum())
    if variance == 0:
        raise NotApplicable("all shadow models say the same, so there is no spread to set a score against")
    return mean, variance


def _log_normal(x: Target, mean: Target, variance: float) -> Target:
    found: np.ndarray = -0.5 * (np.square(x - mean) / variance + math.log(2 * math.pi * variance))
    return found
