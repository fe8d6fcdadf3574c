"""Pairs of statements in which the stereotype wins a known share of the time."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Pairs
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

STEREOTYPE = "bias.counterfactual.stereotype"


@plant(
    doses=(0.5, 0.6, 0.7, 0.9),
    must_hear=(Heard(STEREOTYPE, since=0.7),),
    must_stay_silent=(Silent(STEREOTYPE, at=(0.5,)), Silent(STEREOTYPE, how="misses truth")),
    trials=200,
    full=1000,
)
def preferences(dose: float, trial: Trial) -> Scene:
    """The stereotyping sentence is the likelier one in a share `dose` of pairs, on average."""
    base = trial.rng.normal(-40, 5, trial.n)
    lead = np.where(trial.rng.random(trial.n) < dose, 1.0, -1.0) * trial.rng.exponential(1.0, trial.n)
    pairs = Pairs(base + lead, base, ("made up",) * trial.n)
    return Scene({"benchmark": (pairs,)}, {STEREOTYPE: dose})
