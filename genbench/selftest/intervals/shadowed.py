"""Intervals of attacks with shadow models, on a model that memorized nothing."""

from __future__ import annotations

from genbench.core.evidence import Rng
from genbench.selftest.coverage import Case, by_probe
from genbench.selftest.plant import Scene, Trial
from genbench.selftest.plants.items_of_a_shadowed_model import items_of_a_shadowed_model

OF = "memorization.shadow_membership"


def _nothing(rng: Rng) -> Scene:
    return items_of_a_shadowed_model(0.0, Trial(0, rng, 0))


CASES = (
    Case("DeLong, Wilson's shape", "shadowed members like others", 0.5, by_probe(f"{OF}.rmia_auc", _nothing),
         (f"{OF}.lira_auc", f"{OF}.rmia_auc", f"{OF}.reference_auc")),
    Case("TPR at 1 % FPR", "shadowed members like others", 0.01, by_probe(f"{OF}.lira_tpr", _nothing),
         (f"{OF}.lira_tpr", f"{OF}.rmia_tpr", f"{OF}.reference_tpr", f"{OF}.blind_auc")),
)  # fmt: skip
