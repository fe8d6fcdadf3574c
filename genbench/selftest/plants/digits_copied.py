"""The copycat on real images, through raw pixels, as a suite would run it."""

from __future__ import annotations

import functools

import numpy as np

from genbench.core.chance import sample_seeds
from genbench.core.data import Dataset, Item
from genbench.core.evidence import Features, Fingerprints
from genbench.core.model import Training
from genbench.data.digits import digits
from genbench.lenses.image.pixels import Pixels
from genbench.models.copycat import Copycat
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

DOSES = ("none", "1 %", "5 %", "5 % jittered", "20 %", "20 % jittered", "all", "all jittered")
RATES = {"none": 0.0, "1 %": 0.01, "5 %": 0.05, "20 %": 0.2, "all": 1.0}


@plant(
    doses=DOSES,
    must_hear=(
        Heard("memorization.copying.tpr_at_1pct_fpr", since="20 %"),
        Heard("memorization.duplicates.of_train", since="20 %"),
    ),
    must_stay_silent=(
        Silent("memorization.copying.tpr_at_1pct_fpr", at=("none",)),
        Silent("memorization.duplicates.of_train", at=("none",)),
    ),
    trials=10,
    full=100,
)
def digits_copied(dose: str, trial: Trial) -> Scene:
    """Handwritten digits: training items at a known rate, and for the rest digits that nobody trained on."""
    model = Copycat(rate=RATES[dose.removesuffix(" jittered")], jitter=0.1 if dose.endswith("jittered") else 0.0)
    model.fit(_data(), Training())
    made = model.sample(sample_seeds(trial.seed, trial.n, "generated"))
    return Scene({"generated": _look(list(made)), "train": _real("train"), "held_out": _real("held_out")})


@functools.cache
def _data() -> Dataset:
    return digits()


@functools.cache
def _real(split: str) -> tuple[Features, Fingerprints]:
    return _look(_data().take("train" if split == "train" else "held_out"))


def _look(items: list[Item]) -> tuple[Features, Fingerprints]:
    lens = Pixels()
    return Features(np.asarray(lens.features(items), np.float64)), lens.fingerprints(items)
