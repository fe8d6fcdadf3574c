"""What a detector by one number of each item makes of its own model's outputs, as an estimate."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Rng
from genbench.core.score import Detail, Estimate, Json
from genbench.stats.tells import FLOOR, Side, learned


def told(outputs: Side, real: Side, what: str, facts: dict[str, Json], rng: Rng) -> Estimate:
    """AUC, on unseen items, of a logistic regression on the number and its square, with DeLong's interval.

    Fitted on one half of the pairs of one length; the other half is judged. What finds no pair is left out and counted.
    what: the number in words. `NotApplicable` where fewer than 40 pairs are found.
    """
    detector = learned(outputs, real, rng)
    found = detector.own()
    means = (float(np.mean(side.each[places])) for side, places in zip((outputs, real), detector.pairs.T, strict=True))
    facts = {
        **{f"{what}, {name}": round(mean, 4) for name, mean in zip(("outputs", "real items"), means, strict=True)},
        "outputs without a real item of their length": len(outputs) - len(detector.pairs),
        **facts,
    }
    return Estimate(found.auc, found.outputs, found.interval, FLOOR, Detail(facts=facts))
