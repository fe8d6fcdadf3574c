"""Features in topics, of which outputs leave some out, though in all else they are like real items."""

from __future__ import annotations

from genbench.core.evidence import Features, Rng
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

MAUVE = "quality.mauve.mauve"
TOPICS, D, N = 12, 16, 300


@plant(
    doses=(0, 2, 6),
    must_hear=(Heard(MAUVE, since=2, how="off floor"),),
    must_stay_silent=(Silent(MAUVE, at=(0,), how="off floor"),),
    trials=30,
    full=300,
)
def topics_missing(dose: int, trial: Trial) -> Scene:
    """Outputs come from all twelve topics but the dose; train and held-out items from all."""
    centres = trial.rng.normal(size=(TOPICS, D)) * 2

    def side(topics: int, rng: Rng) -> tuple[Features]:
        return (Features(centres[rng.integers(topics, size=N)] + rng.normal(size=(N, D)) * 0.5),)

    rng = trial.rng
    return Scene({
        "generated": side(TOPICS - dose, rng), "held_out": side(TOPICS, rng), "train": side(TOPICS, rng),
    })  # fmt: skip
