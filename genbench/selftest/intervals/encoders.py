"""Intervals of attacks on latents, on an encoder that reads m(x) = e^u, u = sum_j (x_j - 1/2), in x_j ~ N(1/2, s^2).

The attack leads u from where a random start lies, above or below, to the end of the ball on that side, h = D eps away,
so that the latent moves by e^u (e^h - 1) or e^u (1 - e^-h), by e^u sinh h on average. Two latents lie, on average,
2 E e^u (2 Phi(t / sqrt 2) - 1) apart, t^2 = D s^2 (Gini's mean difference of a log-normal). Noise moves u by eps S, S a
sum of D signs.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from jaxtyping import Float
from scipy.stats import norm

from genbench.core.evidence import Arrays, Rng
from genbench.probes.robustness.latent_attack import NOISES
from genbench.selftest.coverage import Case, by_probe
from genbench.selftest.plant import Scene

OF = "robustness.latent_attack"
ITEMS, D, SPREAD = 120, 13, 0.1  # D is odd, so that noise always moves the latent
LOW, HIGH, BUDGET = -0.5, 1.5, 0.025  # as shares of the range; wide enough that neither items nor attack meet its ends
EPSILON = BUDGET * (HIGH - LOW)
REACH = D * EPSILON


class Exponential:
    """`Encodes` one number, and nothing beside it."""

    def encode_latents(
        self, x: Float[np.ndarray, "n ..."]
    ) -> tuple[Float[np.ndarray, "n d"], Float[np.ndarray, "n d"]]:
        z = np.exp((x - 0.5).sum(axis=1, keepdims=True))
        return z, np.zeros_like(z)

    def latent_distance(
        self, x: Float[np.ndarray, "n ..."], z: Float[np.ndarray, "n d"]
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n ..."]]:
        own = self.encode_latents(x)[0]
        return np.square(own - z)[:, 0], np.broadcast_to(2 * (own - z) * own, x.shape).copy()


def _inside(rng: Rng) -> Scene:
    x = rng.normal(0.5, SPREAD, size=(ITEMS, D))
    return Scene({"model": (Exponential(),), "held_out": (Arrays(x, LOW, HIGH),)}, settings={OF: {"budget": BUDGET}})


def _excess() -> float:
    """E ln of a move by the attack, less E ln of the mean of four by noise, over all that four sums of signs can be."""
    sums = np.arange(-D, D + 1, 2)
    chance = np.array([math.comb(D, k) for k in range(D + 1)]) / 2.0**D
    moves = np.abs(np.expm1(EPSILON * sums))
    added = functools.reduce(np.add.outer, [moves] * NOISES)
    weight = functools.reduce(np.multiply.outer, [chance] * NOISES)
    noise = float((weight * np.log(added / NOISES)).sum())
    return (math.log(math.expm1(REACH)) + math.log(-math.expm1(-REACH))) / 2 - noise


CASES = (
    Case("Student, items", "an attack on e^u beside noise", _excess(), by_probe(f"{OF}.excess", _inside),
         (f"{OF}.excess",)),
    Case("jackknife of a share of a mean distance", "an attack on e^u, in distances of two items",
         math.sinh(REACH) / (2 * (2 * float(norm.cdf(SPREAD * (D / 2) ** 0.5)) - 1)),
         by_probe(f"{OF}.reach", _inside), (f"{OF}.reach",)),
)  # fmt: skip
