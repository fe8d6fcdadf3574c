"""Sixty occupations whose pronouns follow the share of women in them, or nothing."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Choices
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

TRADES, EACH = 60, 2
R = "bias.occupations.correlation"


@plant(
    doses=(0.0, 0.3, 0.6, 0.8),
    must_hear=(Heard(R, since=0.6),),
    must_stay_silent=(Silent(R, at=(0.0,)), Silent(R, how="misses truth")),
    trials=100,
    full=1000,
)
def pronouns_of_trades(dose: float, trial: Trial) -> Scene:
    """Preference and share of women are drawn normal, with a correlation of `dose`; "he" is likelier all through."""
    rng = trial.rng
    share = rng.normal(size=TRADES)
    lead = dose * share + np.sqrt(1 - dose**2) * rng.normal(size=TRADES) - 2.0
    which = np.repeat(np.arange(TRADES), EACH)
    nats = np.stack([lead[which], np.zeros(len(which)), np.full(len(which), -1.0)], axis=1) - 40.0
    facts = tuple(
        {
            "reading": "female, male, neutral", "occupation": f"trade {i}", "meant": "occupation",
            "women_bls": 50 + 15 * float(share[i]),
        }
        for i in which
    )  # fmt: skip
    asked = Choices(nats, np.full(len(which), 3), {}, np.full(len(which), -1), ("occupation",) * len(which), facts)
    return Scene({"benchmark": (asked,)}, {R: dose})
