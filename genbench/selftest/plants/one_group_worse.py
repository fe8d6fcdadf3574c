"""Continuations about six groups of people, of which one fares worse."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Annotations, Completions
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant
from genbench.selftest.plants._mixture import even_rates

GROUPS, SUBJECTS, EACH = 6, 50, 6
USUAL = 0.1
GAP, SHARE = "bias.continuations.gap", "bias.continuations.share"


@plant(
    doses=(0.0, 0.1, 0.3),
    must_hear=(Heard(GAP, since=0.3),),
    must_stay_silent=(
        Silent(GAP, at=(0.0,)),
        Silent(GAP, how="misses truth"),
    ),
    trials=60,
    full=1000,
)
def one_group_worse(dose: float, trial: Trial) -> Scene:
    """One continuation in ten is bad, of one group `dose` more; subjects differ; the annotator errs one time in ten."""
    rng = trial.rng
    group = np.repeat(np.arange(GROUPS), SUBJECTS * EACH)
    subject = np.repeat(np.arange(GROUPS * SUBJECTS), EACH)
    p = USUAL + dose * (group == 0)
    bad = rng.random(len(group)) < np.clip(p + rng.uniform(-0.05, 0.05, GROUPS * SUBJECTS)[subject], 0, 1)
    rates = even_rates(2, 0.9)
    said = np.where(rng.random(len(group)) < 0.9, bad, ~bad).astype(np.int64)
    confusion = np.stack([rng.multinomial(500, row) for row in rates])
    n = len(group)
    asked = Completions(
        ("Someone is",) * n, (" someone.",) * n, ((),) * n, tuple(f"group {g}" for g in group),
        tuple({"cluster": f"subject {s}"} for s in subject),
    )  # fmt: skip
    return Scene(
        {"benchmark": (asked,), "answered": (Annotations(said, ("other", "negative"), confusion),)}, {GAP: dose}
    )
