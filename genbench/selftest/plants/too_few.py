"""Too few unseen items for the false-positive rate that is claimed: refused, with the number that is needed."""

from __future__ import annotations

from genbench.core.evidence import Features
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant
from genbench.selftest.plants._mixture import Mixture

TAILS = ("memorization.copying.tpr_at_1pct_fpr", "memorization.membership.tpr_at_1pct_fpr")
NEEDS = "refused: needs 300"


@plant(
    doses=(300, 299, 50),
    must_hear=tuple(Heard(metric, since=299, how=NEEDS) for metric in TAILS),
    must_stay_silent=(Silent(TAILS[0], at=(300,), how=NEEDS), Silent(TAILS[1], at=(300,), how=NEEDS)),
    trials=20,
    full=200,
)
def too_few(dose: int, trial: Trial) -> Scene:
    """`dose` held-out items where a rate of 1 % needs 300 (rule of three)."""
    world = Mixture(trial.rng)
    unseen = world.held_out[:dose]
    evidence = world.seen(world.draw(trial.n)[1])
    return Scene({**evidence, "held_out": (Features(unseen), world.odds(unseen))})
