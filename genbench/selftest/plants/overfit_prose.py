"""An overfit twin of an honest language model, on real prose: n-grams long enough to hold whole phrases."""

from __future__ import annotations

import functools

import numpy as np

from genbench.core.data import Dataset
from genbench.core.evidence import Features
from genbench.core.model import Training
from genbench.data.pydoc import pydoc
from genbench.lenses.text.ngrams import Ngrams
from genbench.models.ngram import Ngram
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

SHOWN = 320  # items a side, of some 720 and 350


@plant(
    doses=(2, 8),
    must_hear=(
        Heard("memorization.gap.relative", since=8),
        Heard("memorization.membership.auc", since=8),
        Heard("memorization.membership.tpr_at_1pct_fpr", since=8),
    ),
    must_stay_silent=(
        Silent("memorization.gap.relative", at=(2,)),
        Silent("memorization.membership.auc", at=(2,)),
        Silent("memorization.membership.tpr_at_1pct_fpr", at=(2,)),
    ),
    trials=6,
    full=60,
)
def overfit_prose(dose: int, trial: Trial) -> Scene:
    """A Kneser-Ney model of order `dose` fitted on all training items, asked of some of both splits."""
    evidence: dict[str, tuple[object, ...]] = {}
    for role, items in (("train", _data().take("train")), ("held_out", _data().take("held_out"))):
        shown = [items[int(i)] for i in trial.rng.permutation(len(items))[:SHOWN]]
        evidence[role] = (_model(dose).log_prob(shown), Features(np.asarray(Ngrams().features(shown), np.float64)))
    return Scene(evidence)


@functools.cache
def _data() -> Dataset:
    return pydoc()


@functools.cache
def _model(order: int) -> Ngram:
    model = Ngram(order=order)
    model.fit(_data(), Training())
    return model
