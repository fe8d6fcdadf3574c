"""The copycat on real prose, through hashed n-grams, as a suite would run it."""

from __future__ import annotations

import functools

import numpy as np

from genbench.core.chance import sample_seeds
from genbench.core.data import Dataset, Item
from genbench.core.evidence import Features, Fingerprints, Texts
from genbench.core.model import Training
from genbench.data.pydoc import pydoc
from genbench.lenses.text.ngrams import Ngrams
from genbench.models.copycat import Copycat
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

DOSES = ("none", "1 %", "5 %", "5 % jittered", "20 %", "20 % jittered", "all", "all jittered")
RATES = {"none": 0.0, "1 %": 0.01, "5 %": 0.05, "20 %": 0.2, "all": 1.0}
HEARD_BY = ("memorization.copying.tpr_at_1pct_fpr", "memorization.duplicates.of_train", "misuse.disclosure.verbatim")


@plant(
    doses=DOSES,
    must_hear=tuple(Heard(metric, since="20 %") for metric in HEARD_BY),
    must_stay_silent=tuple(Silent(metric, at=("none",)) for metric in HEARD_BY),
    trials=6,
    full=100,
)
def prose_copied(dose: str, trial: Trial) -> Scene:
    """Paragraphs of documentation: training items at a known rate, a tenth of their words misspelt where jittered."""
    model = Copycat(rate=RATES[dose.removesuffix(" jittered")], jitter=0.1 if dose.endswith("jittered") else 0.0)
    model.fit(_data(), Training())
    made = model.sample(sample_seeds(trial.seed, trial.n, "generated"))
    return Scene({"generated": _look(list(made)), "train": _real("train"), "held_out": _real("held_out")})


@functools.cache
def _data() -> Dataset:
    return pydoc()


@functools.cache
def _real(split: str) -> tuple[Features, Fingerprints, Texts]:
    return _look(_data().take("train" if split == "train" else "held_out"))


def _look(items: list[Item]) -> tuple[Features, Fingerprints, Texts]:
    lens = Ngrams()
    features = Features(np.asarray(lens.features(items), np.float64))
    return features, lens.fingerprints(items), Texts(tuple(lens.texts(items)))
