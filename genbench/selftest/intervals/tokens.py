"""Intervals of membership by single tokens, for a model that memorized nothing."""

from __future__ import annotations

from genbench.core.evidence import Rng
from genbench.selftest.coverage import Case, by_probe
from genbench.selftest.plant import Scene, Trial
from genbench.selftest.plants.tokens_known import tokens_known

OF = "memorization.token_membership"


def _alike(rng: Rng) -> Scene:
    return tokens_known(0.0, Trial(0, rng, 0))


CASES = (
    Case("DeLong, Wilson's shape", "tokens of members like those of others", 0.5, by_probe(f"{OF}.min_k_auc", _alike),
         (f"{OF}.min_k_auc", f"{OF}.min_k_plus_auc", f"{OF}.zlib_auc")),
    Case("TPR at 1 % FPR", "tokens of members like those of others", 0.01, by_probe(f"{OF}.min_k_plus_tpr", _alike),
         (f"{OF}.min_k_tpr", f"{OF}.min_k_plus_tpr", f"{OF}.zlib_tpr", f"{OF}.blind_auc")),
)  # fmt: skip
