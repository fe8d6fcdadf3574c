"""The interval of a share of outputs that evade a detector."""

from __future__ import annotations

from genbench.selftest.coverage import Case, by_probe, planted
from genbench.selftest.plants.near_the_real import METRIC, near_the_real

CASES = (
    Case("Wilson, detector given", "0.3 of outputs within the budget of real ones", 0.3,
         by_probe(METRIC, planted(near_the_real, 0.3)), (METRIC,)),
)  # fmt: skip
