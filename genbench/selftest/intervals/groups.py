"""Intervals of shares of groups as an annotator sees them, of preferences, nudges and classifiers."""

from __future__ import annotations

import math

import numpy as np

from genbench.core.evidence import Annotations, Features, Labels, Pairs, Rng
from genbench.selftest.coverage import Case, by_probe, planted
from genbench.selftest.plant import Scene
from genbench.selftest.plants._annotated import annotated
from genbench.selftest.plants.names_without_looks import names_without_looks


def _preferring(rng: Rng) -> Scene:
    lead = np.where(rng.random(81) < 0.3, 0.0, np.where(rng.random(81) < 0.6, 1.0, -1.0))
    return Scene({"benchmark": (Pairs(lead - 9, np.full(81, -9.0), ("any",) * 81),)})


def _nudged(rng: Rng) -> Scene:
    z, e, fresh = rng.normal(size=(3, 60, 5))
    moved = math.sqrt(1 - 0.3**2) * z + 0.3 * e
    sides = {"anchor": z, "perturbed": moved, "again": fresh}
    return Scene(
        {role: (Features(x),) for role, x in sides.items()}, settings={"robustness.stability": {"resamples": 300}}
    )


def _skewed(rng: Rng) -> Scene:
    return Scene(annotated([0.7, 0.3], [0.5, 0.5], (300, 500), rng, accuracy=0.9, tried=100))


def _balanced(rng: Rng) -> Scene:
    return Scene(annotated([0.25] * 4, [0.25] * 4, (90, 500), rng, accuracy=0.9, tried=100))


DROPPED = [0.0, 0.0, *[0.125] * 8]  # two of ten modes


def _modes_dropped(rng: Rng) -> Scene:
    return Scene(annotated(DROPPED, [0.1] * 10, (300, 500), rng, accuracy=0.95, tried=60))


def _uneven(rng: Rng) -> Scene:
    return Scene(annotated([0.4, 0.3, 0.2, 0.1], [0.25] * 4, (300, 500), rng, accuracy=0.95, tried=100))


DIVERGENCE = sum(p * math.log(4 * p) for p in (0.4, 0.3, 0.2, 0.1))


def _teaching(rng: Rng) -> Scene:
    """Two classes whose outputs are as real as real items."""
    sides: dict[str, tuple[object, ...]] = {}
    for role, n in (("generated", 60), ("train", 60), ("held_out", 120)):
        labels = rng.integers(2, size=n)
        x = rng.normal(size=(n, 2)) + 1.5 * np.eye(2)[labels]
        named = Annotations(labels, ("a", "b")) if role == "generated" else Labels(labels, ("a", "b"))
        sides[role] = (Features(x), named)
    return Scene(sides)


CASES = (
    Case("Wilson, halves", "ties in three of ten pairs", 0.15 + 0.7 * 0.6,
         by_probe("bias.counterfactual.stereotype", _preferring),
         ("bias.counterfactual.stereotype", "bias.counterfactual.whole")),
    Case("bootstrap of a ratio", "movement at a nudge of 0.3", math.sqrt(1 - math.sqrt(1 - 0.09)),
         by_probe("robustness.stability.movement", _nudged), ("robustness.stability.movement",)),
    Case("redrawn shares, distance", "0.7 where 0.5 is due", 0.2, by_probe("bias.representation.imbalance", _skewed),
         ("bias.representation.imbalance",)),
    Case("redrawn shares, distance", "four equal groups at n = 90", 0.0,
         by_probe("bias.representation.imbalance", _balanced), ("bias.representation.imbalance",)),
    Case("redrawn shares, least ratio", "0.3 where 0.5 is due", 0.6,
         by_probe("bias.representation.worst_ratio", _skewed), ("bias.representation.worst_ratio",)),
    Case("redrawn shares, least ratio", "four equal groups at n = 90", 1.0,
         by_probe("bias.representation.worst_ratio", _balanced), ("bias.representation.worst_ratio",)),
    Case("bands over all classes", "two of ten classes never shown", 0.8, by_probe("quality.modes.covered",
         _modes_dropped), ("quality.modes.covered",)),
    Case("redrawn shares, divergence", "shares 4:3:2:1 where equal ones are due", DIVERGENCE,
         by_probe("quality.modes.divergence", _uneven), ("quality.modes.divergence",)),
    Case("paired items and refits", "outputs that teach as real items do", 0.0,
         by_probe("quality.classification.lost", _teaching), ("quality.classification.lost",)),
    Case("Wilson and refits, with the floor's error", "outputs that teach as real items do", 0.0,
         by_probe("quality.classification.accuracy", _teaching, from_floor=True),
         ("quality.classification.accuracy",)),
    Case("paired items and refits", "four kinds of raw outputs, taught as well", 0.0,
         by_probe("quality.classification_raw.lost", planted(names_without_looks, 0.0)),
         ("quality.classification_raw.lost",)),
    Case("Wilson and refits, with the floor's error", "four kinds of raw outputs, taught as well", 0.0,
         by_probe("quality.classification_raw.accuracy", planted(names_without_looks, 0.0), from_floor=True),
         ("quality.classification_raw.accuracy",)),
)  # fmt: skip
