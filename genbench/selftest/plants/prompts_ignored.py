"""Outputs that show what they were asked for, or anything else."""

from __future__ import annotations

from genbench.core.evidence import Aligned
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

PREFERRED, SCORE = "quality.alignment.preferred", "quality.alignment.score"
D = 24


@plant(
    doses=("ignored", "followed"),
    must_hear=(
        Heard(PREFERRED, at=("followed",), how="above truth"),
        Heard(SCORE, at=("followed",), how="above truth"),
    ),
    must_stay_silent=(
        Silent(PREFERRED, at=("ignored",), how="misses truth"),
        Silent(PREFERRED, at=("ignored",), how="off floor"),
        Silent(SCORE, at=("ignored",), how="off floor"),
    ),
    trials=40,
)
def prompts_ignored(dose: str, trial: Trial) -> Scene:
    """Prompts all over a sphere, and outputs about their own prompt, or about what nobody asked for."""
    n, rng = min(trial.n, 120), trial.rng
    prompts = rng.normal(size=(n, D))
    about = prompts if dose == "followed" else rng.normal(size=(n, D))
    x = about + 1.5 * rng.normal(size=(n, D))
    return Scene({"answered": (Aligned(x, prompts),)}, {PREFERRED: 0.5, SCORE: 0.5})
