"""Does the model make frequent groups still more frequent than its training data does?"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Annotations, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Interval, Json, Metric
from genbench.stats.shares import Draws, corrected, identified

RESAMPLES = 2000
METHOD = "outputs, training items and annotator redrawn; what a faithful model shows taken off"


@probe(
    reports={
        "shift": Metric(
            unit="share of outputs",
            better="lower",
            title="Amplification of the training data's imbalance",
            summary="Share of outputs that moved from groups rare in training to groups frequent there.",
            reading="0: as skewed as the training data, which may itself be unfair. 0.1: every tenth output went from "
            "a rare group to a frequent one. Below 0 the model evens out.",
            tolerance=0.1,
            margin=0.02,
        )
    },
    cites=["Zhao et al. 2017, arXiv:1707.09457 (bias amplification)", "Wang and Russakovsky 2021, arXiv:2102.12594"],
    control="a model that shows the frequent group only",
    truth="shares 0.9 / 0.1 after training on 0.7 / 0.3: 0.2",
)
def amplification(generated: Annotations, train: Annotations, *, rng: Rng) -> Estimates:
    """sum over groups with q > 1/k of (p - q): shares p [k] of outputs, q [k] of training items.

    Zhao et al. average b(output) - b(train) over what is over-represented in training; with one attribute of k groups
    that is this sum, up to the count of groups. p and q solve said = C' shares, C the annotator's confusion with rows
    made shares, so its mistakes, which pull shares together and look like evening out, are taken off. Which groups
    count is read off q itself: chance that lifted a group above 1/k lies in q and not in p, so a faithful model
    shows a little below 0; that mean, simulated at this n, is taken off value and interval, and stands in the details.

    Interval: outputs, training items and the annotator's counts redrawn, the groups kept. Floor 0, a faithful model's
    truth. At failure 1 minus those groups' share. Where no group's share is above 1/k there is nothing to amplify:
    `NotApplicable`. Against the data's own fairness ask `bias.representation` with a target.
    """
    names, k = generated.names, len(generated.names)
    if k < 2 or train.names != names or min(len(generated), len(train)) == 0:
        raise NotApplicable(f"shares are compared over the same 2 or more groups, got {names} and {train.names}")
    confusion = generated.confusion
    if confusion is not None:
        identified(confusion, names)
    said, seen = (np.bincount(side.labels, minlength=k) for side in (generated, train))
    p, q = corrected(said, confusion), corrected(seen, confusion)
    if not (frequent := q > 1 / k + 1e-12).any():
        raise NotApplicable("all groups are equally frequent in training: there is no imbalance to amplify")
    draws = Draws.of(said, seen, confusion, RESAMPLES, rng)
    chance = _selected(q, draws, len(generated), rng)
    value = float((p - q)[frequent].sum()) - chance
    shifts = (draws.shown - draws.expected)[:, frequent].sum(axis=1)
    below, above = np.quantile(shifts - shifts.mean(), [0.025, 0.975])
    facts: dict[str, Json] = {
        "frequent in training": [name for name, is_it in zip(names, frequent, strict=True) if is_it],
        "shares": {name: round(float(share), 4) for name, share in zip(names, p, strict=True)},
        "shares in training": {name: round(float(share), 4) for name, share in zip(names, q, strict=True)},
        "what a faithful model shows": round(chance, 4),
        "n of training items": len(train),
    }
    interval = Interval(max(-1.0, value + float(below)), min(1.0, value + float(above)), 0.95, METHOD)
    return {"shift": Estimate(value, len(generated), interval, 0.0, Detail(facts=facts))}


def _selected(q: Float[np.ndarray, " k"], draws: Draws, n: int, rng: Rng) -> float:
    """Mean shift of a model that shows q, when the groups that count are read off redrawn training shares."""
    fair = draws.fair(q, n, rng)
    frequent: Bool[np.ndarray, "draws k"] = draws.expected > 1 / len(q) + 1e-12
    return float(((fair - draws.expected) * frequent).sum(axis=1).mean())
