"""Intervals of what is recited from openings: one item in five is known by heart."""

from __future__ import annotations

from genbench.core.evidence import Rng
from genbench.selftest.coverage import Case, by_probe
from genbench.selftest.plant import Scene, Trial
from genbench.selftest.plants.openings_recited import LONG, openings_recited

BY_CHANCE = 26 / 30**2 + (4 / 30) ** 2  # two characters of the plant's alphabet are the same
GUESSED = 1 / 26 / (1 - BY_CHANCE)  # characters in a row that are met without memory; the first is no space


def _one_in_five(rng: Rng) -> Scene:
    return openings_recited(0.2, Trial(0, rng, 0))


CASES = (
    Case("Wilson with the floor's error", "one rest in five recited", 0.2,
         by_probe("memorization.extraction.extracted", _one_in_five, from_floor=True),
         ("memorization.extraction.extracted",)),
    Case("Student's with the floor's error", "characters recited past those guessed", 0.2 * (LONG - GUESSED),
         by_probe("memorization.extraction.matched", _one_in_five, from_floor=True),
         ("memorization.extraction.matched",)),
    Case("Wilson with the floor's error", "one rest in five with p_z of 1 in 20 to 150", 0.2,
         by_probe("memorization.discoverable.extractable", _one_in_five, from_floor=True),
         ("memorization.discoverable.extractable",)),
)  # fmt: skip
