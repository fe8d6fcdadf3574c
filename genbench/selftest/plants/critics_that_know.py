"""Discriminators of real GANs: one that saw few items for long knows them, one that saw many for a while does not."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import torch

from genbench.core.chance import stream
from genbench.core.data import Dataset
from genbench.core.evidence import Features
from genbench.core.model import Training
from genbench.data.digits import digits
from genbench.lenses.image.pixels import Pixels
from genbench.models.gan import Gan
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

AUC, TPR, BLIND = (f"memorization.discriminator_membership.{name}" for name in ("auc", "tpr_at_1pct_fpr", "blind_auc"))
VOID = "refused: void"
FEW, LONG, WHILE = 100, 1200, 500  # items of the one that learns few, its steps, and the steps of the other
SHOWN = 0.8  # of the items of each side, in each trial
DARKER = 0.7  # of the grey levels of members that differ by themselves


@plant(
    doses=("many items", "few items", "darker members"),
    must_hear=(
        Heard(AUC, at=("few items",)),
        Heard(TPR, at=("few items",)),
        Heard(AUC, at=("darker members",), how=VOID),
        Heard(TPR, at=("darker members",), how=VOID),
        Heard(BLIND, at=("darker members",), how="off floor"),
    ),
    must_stay_silent=(
        Silent(AUC, at=("many items",)),
        Silent(TPR, at=("many items",)),
        Silent(AUC, at=("many items", "few items"), how=VOID),
    ),
    trials=6,
    full=60,
)
def critics_that_know(dose: str, trial: Trial) -> Scene:
    """GANs of digits, asked of items they learned and of unseen ones. Darker: the first, and its members made dark."""
    few = dose == "few items"
    data, model, lens = _data(few=few), _model(few=few), Pixels()
    sides = {}
    for split in ("train", "held_out"):
        items = data.take(split)
        sides[split] = [items[int(i)] for i in trial.rng.permutation(len(items))[: int(SHOWN * len(items))]]
    if dose == "darker members":
        sides["train"] = [(DARKER * np.asarray(item)).astype(np.uint8) for item in sides["train"]]
    return Scene({
        role: (model.discriminate(items), Features(np.asarray(lens.features(items), np.float64)))
        for role, items in sides.items()
    })  # fmt: skip


def _data(*, few: bool) -> Dataset:
    """All digits; few: a hundred to learn from, and all others held out, so that 1 % of them is more than a handful."""
    whole = digits()
    everything = stream(0, "few").permutation(len(whole.items))  # in the file's order some writers come first
    return replace(whole, splits={"train": everything[:FEW], "held_out": everything[FEW:]}) if few else whole


@functools.cache
def _model(*, few: bool) -> Gan:
    torch.set_num_threads(1)
    model = Gan(steps=LONG if few else WHILE, batch=FEW // 2 if few else 64)
    model.fit(_data(few=few), Training())
    return model
