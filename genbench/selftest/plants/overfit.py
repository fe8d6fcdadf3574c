"""An overfit twin of an honest model: a kernel density estimate that sits on its training items."""

from __future__ import annotations

from genbench.core.evidence import Features
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant
from genbench.selftest.plants._mixture import TRAIN, D, Mixture, log_density

GIVES_AWAY = (
    "memorization.gap.relative",
    "memorization.membership.auc",
    "memorization.membership.tpr_at_1pct_fpr",
    "memorization.copying.tpr_at_1pct_fpr",
)


@plant(
    doses=("honest", "width 0.5", "width 0.2"),
    must_hear=tuple(Heard(metric, since="width 0.5") for metric in GIVES_AWAY),
    must_stay_silent=(
        *(Silent(metric, at=("honest",)) for metric in GIVES_AWAY),
        Silent("bias.representation.imbalance"),
        Silent("bias.representation.worst_ratio"),
    ),
    trials=20,
    full=300,
)
def overfit(dose: str, trial: Trial) -> Scene:
    """Honest: the world's own density. Overfit: a Gaussian of this width around each training item, and nothing else.

    Both show every mode as often as the data do, so there is no bias to hear.
    """
    world = Mixture(trial.rng)
    modes, made = world.draw(trial.n)
    evidence = world.real()
    if dose != "honest":
        width = float(dose.removeprefix("width "))
        chosen = world.rng.integers(TRAIN, size=trial.n)
        modes, made = world.train_modes[chosen], world.train[chosen] + width * world.rng.normal(size=(trial.n, D))
        evidence = {
            role: (Features(x), log_density(x, world.train, width))
            for role, x in (("train", world.train), ("held_out", world.held_out))
        }
    shown, real = world.groups(modes, world.held_out_modes)
    evidence["held_out"] += (real,)
    return Scene({**evidence, "generated": (Features(made), shown)})
