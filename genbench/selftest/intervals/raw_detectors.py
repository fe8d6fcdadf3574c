"""The interval of a network that learned from raw items of one half and is asked about the other."""

from __future__ import annotations

from genbench.core.evidence import Arrays, Rng
from genbench.selftest.coverage import Case, by_probe
from genbench.selftest.plant import Scene

METRIC = "misuse.detectability_raw.auc"
SHOWN, SHAPE, STEPS = 80, (1, 4, 4), 15  # half of the items are judged; whether the network learned much is no matter


def _alike(rng: Rng) -> Scene:
    x = {role: rng.normal(size=(SHOWN, *SHAPE)) for role in ("generated", "held_out")}
    sides = {role: (Arrays(of, float(of.min()), float(of.max())),) for role, of in x.items()}
    return Scene(sides, settings={"misuse.detectability_raw": {"steps": STEPS}})


CASES = (
    Case("DeLong of a detector", "raw items of one kind twice, a network", 0.5, by_probe(METRIC, _alike), (METRIC,)),
)  # fmt: skip
