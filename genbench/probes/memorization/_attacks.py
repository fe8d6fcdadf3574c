"""What membership attacks have in common: the two numbers each reports, and the unit likelihoods are counted by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int

from genbench.core.score import Absent, Detail, Estimate, Metric, Toward
from genbench.probes.memorization._tail import tail
from genbench.stats.roc import auc, auc_interval

Attacks = Mapping[str, tuple[str, str]]  # name: (title, what an item's score is)


def reports_of(attacks: Attacks, *, good: str) -> dict[str, Metric]:
    """`NAME_auc` and `NAME_tpr` of each attack. good: what an AUC of 0.5 means."""
    found = {}
    for name, (title, score) in attacks.items():
        found[f"{name}_auc"] = Metric(
            unit="probability",
            better=Toward(0.5),
            title=f"{title} attack, AUC",
            summary=f"Chance that a training item scores higher than a held-out one; score of an item: {score}.",
            reading=good,
            tolerance=0.1,
            margin=0.02,
        )
        found[f"{name}_tpr"] = Metric(
            unit="share of members",
            better="lower",
            title=f"{title} attack, true positives at 1 % false alarms",
            summary=f"Share of training items an attacker can name, wrong on 1 % of others; score of an item: {score}.",
            reading="1 % is guessing. This tail is what a person in the data is exposed to.",
            tolerance=0.05,
            margin=0.01,
        )
    return found


def attacked(
    members: Float[np.ndarray, " n"], others: Float[np.ndarray, " m"], detail: Detail
) -> tuple[Estimate, Estimate | Absent]:
    """(AUC, TPR at 1 % FPR) of scores that are high for members; both sides random."""
    whole = Estimate(auc(members, others), len(members), auc_interval(members, others), 0.5, detail)
    return whole, tail(members, others, detail=detail)


def unit_of(sides: Sequence[Mapping[str, Int[np.ndarray, " _"]]]) -> str | None:
    """The first unit of which every item on all sides has some; None where there is none."""
    return next((unit for unit in sides[0] if min(side[unit].min() for side in sides) > 0), None)
