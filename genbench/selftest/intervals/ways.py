"""Intervals of ways between latents, of latents drawn in, and of latents drawn again."""

from __future__ import annotations

import math

import numpy as np

from genbench.core.evidence import Rng
from genbench.core.score import Interval
from genbench.selftest.coverage import Case, by_probe, planted
from genbench.selftest.plants.drawn_in import CLASS, GAINED, IDENTITY, LOST, drawn_in
from genbench.selftest.plants.other_seeds import APART, CHANGE, REPEATED, SHARE, other_seeds
from genbench.selftest.plants.walls_between_latents import AT_CLIFF, STRAIGHT, walls_between_latents
from genbench.stats.trimmed import trimmed_mean

PATHS = "quality.path_length"
TRIMMED = "trimmed mean, winsorized"
Q = 0.01
# E of an exponential between its quantiles Q and 1 - Q: [-(1 - p)(1 - log(1 - p))] over that range, turned round.
SKEWED = ((1 - Q) * (1 - math.log(1 - Q)) - Q * (1 - math.log(Q))) / (1 - 2 * Q)


def _skewed(rng: Rng) -> Interval:
    return trimmed_mean(rng.exponential(size=300), Q)[1]


def _contaminated(rng: Rng) -> Interval:
    """Normal values, one in 200 of which is a hundred times as wide: the extremes that trimming is for."""
    wide = np.where(rng.random(400) < 0.005, 100.0, 1.0)
    return trimmed_mean(wide * rng.normal(size=400), Q)[1]


_straight, _cliff = planted(walls_between_latents, 0.0), planted(walls_between_latents, "cliff")
_redrawn, _turned = planted(drawn_in, "redrawn"), planted(drawn_in, 0.3)
_alike, _again = planted(other_seeds, 0.0), planted(other_seeds, "some again")
CASES = (
    Case(TRIMMED, "300 exponential values", SKEWED, _skewed),
    Case(TRIMMED, "normal values, one in 200 of them wild", 0.0, _contaminated),
    Case(TRIMMED, "straight ways, random places", STRAIGHT, by_probe(f"{PATHS}.w_full", _straight),
         (f"{PATHS}.w_full", f"{PATHS}.z_full")),
    Case(TRIMMED, "straight ways, their beginnings", STRAIGHT, by_probe(f"{PATHS}.w_end", _straight),
         (f"{PATHS}.w_end", f"{PATHS}.z_end")),
    Case("linearized ratio", "every other way falls down a cliff", AT_CLIFF, by_probe(f"{PATHS}.detour", _cliff),
         (f"{PATHS}.detour",)),
    Case("jackknife of a difference", "recall of two draws alike", 0.0, by_probe(LOST, _redrawn), (LOST,)),
    Case("jackknife of a difference", "precision of two draws alike", 0.0, by_probe(GAINED, _redrawn), (GAINED,)),
    Case("Wilson", "three outputs in ten turn into others", 1 - 0.3 * 199 / 200, by_probe(IDENTITY, _turned),
         (IDENTITY,)),
    Case("Wilson", "three outputs in ten change their class", 1 - 0.3 * 199 / 200, by_probe(CLASS, _turned),
         (CLASS,)),
    Case("MMD, variance of the U-statistic", "two draws alike", 0.0, by_probe(APART, _alike), (APART,)),
    Case("difference of two MMD", "two draws alike beside real items", 0.0, by_probe(CHANGE, _alike), (CHANGE,)),
    Case("Wilson", "three outputs in ten given again", SHARE, by_probe(REPEATED, _again), (REPEATED,)),
)  # fmt: skip
