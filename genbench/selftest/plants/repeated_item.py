"""One training item that comes out again and again among honest outputs."""

from __future__ import annotations

from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant
from genbench.selftest.plants._mixture import Mixture


@plant(
    doses=(0, 10, 50),
    must_hear=(
        Heard("memorization.duplicates.of_train", since=50),
        Heard("memorization.duplicates.within_output", since=50),
        Heard("quality.diversity.relative", since=50, how="off floor"),
    ),
    must_stay_silent=(
        Silent("memorization.duplicates.of_train", at=(0,)),
        Silent("memorization.duplicates.within_output", at=(0,)),
        Silent("quality.diversity.relative", at=(0,), how="off floor"),
        Silent("memorization.membership.auc"),
        Silent("memorization.membership.tpr_at_1pct_fpr"),
    ),
    trials=30,
)
def repeated_item(dose: int, trial: Trial) -> Scene:
    """The first `dose` outputs are one and the same training item; the model's density is honest."""
    world = Mixture(trial.rng)
    made = world.draw(trial.n)[1]
    made[:dose] = world.train[0]
    return Scene(world.seen(made))
