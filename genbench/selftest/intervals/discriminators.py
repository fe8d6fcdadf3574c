"""Intervals of attacks through a discriminator, which knows its training items a little, or not at all.

A discriminator that says N(1, 1) of members and N(0, 1) of others ranks a member first with chance Phi(1 / sqrt 2), and
at the threshold that 1 % of others pass it names the share Phi(1 - Phi^-1(0.99)) of the members.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from genbench.core.evidence import Features, Rng, Verdicts
from genbench.selftest.coverage import Case, by_probe
from genbench.selftest.plant import Scene

OF = "memorization.discriminator_membership"
ITEMS, D = 400, 4


def _surer(rng: Rng) -> Scene:
    """Members a deviation ahead; a judge of features has nothing to see, so that it never voids the attack by luck."""
    nothing, sides = Features(np.ones((ITEMS, D))), {"train": 1.0, "held_out": 0.0}
    return Scene({role: (Verdicts(rng.normal(mean, 1, ITEMS)), nothing) for role, mean in sides.items()})


def _like(rng: Rng) -> Scene:
    sides = ("train", "held_out")
    return Scene({role: (Verdicts(rng.normal(size=ITEMS)), Features(rng.normal(size=(ITEMS, D)))) for role in sides})


CASES = (
    Case("DeLong, Wilson's shape", "verdicts a deviation higher for members", float(norm.cdf(0.5**0.5)),
         by_probe(f"{OF}.auc", _surer), (f"{OF}.auc",)),
    Case("TPR at 1 % FPR", "verdicts a deviation higher for members", float(norm.cdf(1 - norm.ppf(0.99))),
         by_probe(f"{OF}.tpr_at_1pct_fpr", _surer), (f"{OF}.tpr_at_1pct_fpr",)),
    Case("DeLong of a blind judge", "verdicts on members like others", 0.5, by_probe(f"{OF}.blind_auc", _like),
         (f"{OF}.blind_auc",)),
)  # fmt: skip
