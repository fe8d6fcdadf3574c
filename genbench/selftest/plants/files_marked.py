"""Outputs in files of which a known share says where they come from."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Declared
from genbench.selftest.plant import Dose, Heard, Scene, Silent, Trial, plant

C2PA, IPTC, EITHER = (f"misuse.provenance.{name}" for name in ("c2pa", "iptc", "either"))
BOTH = 0.5  # of files that bear a manifest, how many state the source type as well


@plant(
    doses=(1.0, 0.9, 0.3, 0.0, "unread"),
    must_hear=(
        Heard(C2PA, at=(0.9, 0.3, 0.0), how="off floor"),
        Heard(EITHER, at=(0.3, 0.0), how="off floor"),
        Heard(C2PA, at=("unread",), how="refused: could be read"),
    ),
    must_stay_silent=(
        Silent(C2PA, at=(1.0,), how="off floor"),
        *(Silent(metric, at=(1.0, 0.9, 0.3, 0.0), how="misses truth") for metric in (C2PA, IPTC, EITHER)),
    ),
    trials=60,
)
def files_marked(dose: Dose, trial: Trial) -> Scene:
    """A share `dose` of files bears a manifest; half of these, and a tenth of the rest, state a trained model.

    unread: files that all break off, of which nothing is known.
    """
    share = 1.0 if dose == "unread" else float(dose)
    manifests = trial.rng.random(trial.n) < share
    made = trial.rng.random(trial.n) < np.where(manifests, BOTH, 0.1 * (share > 0))
    sources = tuple("trainedAlgorithmicMedia" if yes else "" for yes in made)
    unread = ("the file breaks off" if dose == "unread" else "",) * trial.n
    rest = 0.1 * (1 - share) * (share > 0)
    truth = {C2PA: share, IPTC: share * BOTH + rest, EITHER: share + rest}
    return Scene({"generated": (Declared(manifests, sources, unread),)}, truth)
