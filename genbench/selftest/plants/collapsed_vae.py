"""A real autoencoder whose decoder no longer sees its latents: it looks robust and stable, and is neither."""

from __future__ import annotations

import functools

import numpy as np
import torch

from genbench.core.chance import sample_seeds
from genbench.core.data import Dataset
from genbench.core.evidence import Arrays, Features
from genbench.core.model import Training
from genbench.data.digits import digits
from genbench.lenses.image.pixels import Pixels
from genbench.models.vae import Vae
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

STEPS, ITEMS, NUDGE = 400, 96, 0.1
COLLAPSED = "refused: ControlFailed: collapsed"
EXCESS, MOVEMENT = "robustness.adversarial.excess", "robustness.stability.movement"


@plant(
    doses=("honest", "collapsed"),
    must_hear=(
        Heard(EXCESS, at=("collapsed",), how=COLLAPSED),
        Heard(MOVEMENT, at=("collapsed",), how=COLLAPSED),
        Heard(EXCESS, at=("honest",), how="off floor"),
    ),
    must_stay_silent=(
        Silent(EXCESS, at=("honest",), how="refused: ControlFailed"),
        Silent(MOVEMENT, at=("honest",), how="refused: ControlFailed"),
    ),
    trials=5,
    full=50,
)
def collapsed_vae(dose: str, trial: Trial) -> Scene:
    """A VAE of digits; collapsed: the decoder's first weights are 0, so that every output is the same image."""
    model, lens = _model(dose), Pixels()
    held_out = _data().take("held_out")
    shown = [held_out[int(i)] for i in trial.rng.permutation(len(held_out))[:ITEMS]]
    seeds, others = (sample_seeds(trial.seed, ITEMS, name) for name in ("generated", "again"))
    sides = {"anchor": model.sample(seeds), "perturbed": model.sample_near(seeds, NUDGE), "again": model.sample(others)}
    evidence: dict[str, tuple[object, ...]] = {
        role: (Features(np.asarray(lens.features(items), np.float64)),) for role, items in sides.items()
    }
    arrays = lens.arrays(shown)
    return Scene({**evidence, "model": (model,), "held_out": (Arrays(arrays.x, arrays.low, arrays.high),)})


@functools.cache
def _data() -> Dataset:
    return digits()


@functools.cache
def _model(dose: str) -> Vae:
    model = Vae(steps=STEPS)
    if dose == "honest":
        model.fit(_data(), Training())
        return model
    model.restore(*_model("honest").state())
    assert model.net is not None
    with torch.no_grad():
        first, *_ = model.net.lift.parameters()
        first.zero_()
    return model
