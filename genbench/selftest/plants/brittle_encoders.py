"""A VAE's encoder that hears a pattern nobody sees, one that reads nothing, and attacks that cannot be believed."""

from __future__ import annotations

import functools

import numpy as np
import torch
from jaxtyping import Float

from genbench.core.data import Dataset
from genbench.core.evidence import Arrays, Rng
from genbench.core.model import Training
from genbench.data.digits import digits
from genbench.lenses.image.pixels import Pixels
from genbench.models.vae import Vae
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

EXCESS, REACH = "robustness.latent_attack.excess", "robustness.latent_attack.reach"
STEPS, ITEMS = 400, 96
GAINS = {"faint pattern": 5.0, "loud pattern": 30.0}
REASONS = {
    "collapsed": "collapsed",
    "drawn latents": "an attack with budget 0 changed the loss",
    "dead gradient": "dead gradient",
    "gradient of noise": "the gradient disagrees with finite differences",
}


@plant(
    doses=("honest", *GAINS, *REASONS),
    must_hear=(
        Heard(REACH, at=("loud pattern",)),
        *(Heard(EXCESS, at=(dose,), how="off floor") for dose in ("honest", *GAINS)),
        *(
            Heard(metric, at=(dose,), how=f"refused: ControlFailed: {reason}")
            for metric in (EXCESS, REACH)
            for dose, reason in REASONS.items()
        ),
    ),
    must_stay_silent=(
        Silent(REACH, at=("honest", "faint pattern")),
        *(Silent(metric, at=("honest", *GAINS), how="refused: ControlFailed") for metric in (EXCESS, REACH)),
    ),
    trials=6,
    full=60,
)
def brittle_encoders(dose: str, trial: Trial) -> Scene:
    """A VAE of digits whose first latent hears a checkerboard, `gain` times, which digits hold next to nothing of."""
    held_out = _data().take("held_out")
    shown = Pixels().arrays([held_out[int(i)] for i in trial.rng.permutation(len(held_out))[:ITEMS]])
    vae = _model(collapsed=dose == "collapsed")
    model = Encoder(vae, GAINS.get(dose, 0.0), trial.rng, dose if dose in REASONS else "")
    return Scene({"model": (model,), "held_out": (Arrays(shown.x, shown.low, shown.high),)})


class Encoder:
    """`Encodes` as a VAE does, with a checkerboard heard in its first latent, and one fault of `REASONS` or none."""

    def __init__(self, vae: Vae, gain: float, rng: Rng, fault: str) -> None:
        self.vae, self.gain, self.rng, self.fault = vae, gain, rng, fault

    def encode_latents(
        self, x: Float[np.ndarray, "n ..."]
    ) -> tuple[Float[np.ndarray, "n d"], Float[np.ndarray, "n d"]]:
        mean, deviation = self.vae.encode_latents(x)
        mean[:, 0] += self.gain * (x * self._pattern(x)).reshape(len(x), -1).sum(axis=1)
        if self.fault == "drawn latents":
            mean += 0.1 * self.rng.normal(size=mean.shape)
        return mean, deviation

    def latent_distance(
        self, x: Float[np.ndarray, "n ..."], z: Float[np.ndarray, "n d"]
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n ..."]]:
        """|m(x) + g <c, x> e_1 - z|^2: the VAE's own distance to z - g <c, x> e_1, and what moving that adds."""
        moved = self.encode_latents(x)[0] - z
        heard = self.gain * (x * self._pattern(x)).reshape(len(x), -1).sum(axis=1)
        own, slope = self.vae.latent_distance(x, z - heard[:, None] * np.eye(z.shape[1])[0])
        slope = slope + 2 * self.gain * moved[:, 0].reshape(-1, *[1] * (x.ndim - 1)) * self._pattern(x)
        if self.fault == "drawn latents":
            own = np.square(moved).sum(axis=1)
        if self.fault == "dead gradient":
            slope = np.zeros_like(slope)
        if self.fault == "gradient of noise":
            slope = self.rng.normal(size=slope.shape)
        return own, slope

    def _pattern(self, x: Float[np.ndarray, "n ..."]) -> Float[np.ndarray, "..."]:
        """A checkerboard of the items' size, of length 1."""
        sign = 1.0 - 2.0 * (np.indices(x.shape[1:]).sum(axis=0) % 2)
        pattern: np.ndarray = sign / np.sqrt(sign.size)
        return pattern


@functools.cache
def _data() -> Dataset:
    return digits()


@functools.cache
def _model(*, collapsed: bool) -> Vae:
    """Collapsed: the posterior is the prior, but for a trace of the item."""
    torch.set_num_threads(1)
    model = Vae(steps=STEPS)
    if not collapsed:
        model.fit(_data(), Training())
        return model
    model.restore(*_model(collapsed=False).state())
    assert model.net is not None
    *_, weight, bias = model.net.encoder.parameters()
    with torch.no_grad():
        weight[: model.latent].mul_(0.01)
        weight[model.latent :].zero_()
        bias.zero_()
    return model
