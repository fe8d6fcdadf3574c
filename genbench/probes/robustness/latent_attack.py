"""How far can a small, chosen change of the input move what the model reads in it?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from genbench.core.errors import ControlFailed, NotApplicable, ProbeError
from genbench.core.evidence import Arrays, Rng
from genbench.core.model import Encodes
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Exhibit, ItemRef, Json, Metric
from genbench.probes.robustness._attack import Attack, beaten, finite, leads_somewhere, still
from genbench.stats.intervals import mean_interval
from genbench.stats.pairs import share_of_distance

SHOWN = 4
LEAST = 10
NOISES = 4
SAME = 1e-3  # distances between two items by which a latent that is read once more may differ
ACTIVE = 0.01  # share of a latent's variance that must be the item's; Burda et al.'s bound for an active unit


@probe(
    reports={
        "excess": Metric(
            unit="ln of a ratio of distances",
            better="lower",
            title="Latent attack, excess",
            summary="How much further a chosen change of the input moves the latent than noise of that size does.",
            reading="0: an attacker does no better than noise. ln 2 = 0.69: twice as far as noise.",
            margin=0.05,
        ),
        "reach": Metric(
            unit="distances between two items' latents",
            better="lower",
            title="Latent attack, reach",
            summary="How far a small, chosen change moves an item's latent, in distances between two items.",
            reading="At 1 it is read as far away as another item is; past 0.5 it may be taken for one. The floor is "
            "what noise of that size does.",
            tolerance=0.5,
            margin=0.02,
        ),
    },
    cites=[
        "Kos et al. 2017, arXiv:1702.06832 (attacks on latents)",
        "Gondim-Ribeiro et al. 2018, arXiv:1806.04646 (attacks on variational autoencoders)",
        "Madry et al. 2018, arXiv:1706.06083 (PGD)",
        "Burda et al. 2016, arXiv:1509.00519 (active units)",
    ],
    control="budget 0, random noise, unbounded budget, dead gradient, collapsed posterior",
    truth="a linear encoder of one number: the attack moves it by budget times the weights' L1 norm",
)
def latent_attack(
    model: Encodes, held_out: Arrays, *, rng: Rng, budget: float = 0.05, steps: int = 10, limit: int = 128
) -> Estimates:
    """Projected gradient ascent on |m(x) - m(x0)|^2, m(x) the mean of the latents [n d] that the encoder reads in x.

    |x - x0| <= eps = budget (high - low) in each coordinate; the worst point a kept. a_i, n_i: how far attack and noise
    (mean of 4 random corners of the ball) move the latent of item i; D = mean |m(x_i) - m(x_j)| over pairs of items.
    excess = mean_i ln (a_i / n_i), floor 0; reach = mean_i a_i / D, floor mean_i n_i / D, and 1 or more at failure.

    `ControlFailed` where the number would mean nothing: budget 0 moves something; the gradient beside x0 is dead, or
    not that of the distance; the attack does not beat noise; an unbounded budget gains nothing; the posterior has
    collapsed, so that less than 1 % of any latent's variance, item's and posterior's, is the item's (it reads nothing,
    and is not robust for that). Intervals: items random; Student, and the jackknife, as D is a mean over pairs.
    """
    if not (0 < budget <= 1 and steps >= 1):
        raise ProbeError(f"budget is a share of the input's range above 0 and steps at least 1, got {budget}, {steps}")
    x = np.asarray(held_out.x[:limit], np.float64)
    if len(x) < LEAST:
        raise NotApplicable(f"an attack is judged on at least {LEAST} items, got {len(x)}")
    whole = held_out.high - held_out.low
    z, deviation = model.encode_latents(x)
    away = _away(z, deviation)
    attack = Attack(Moved(model, z), held_out.low, held_out.high, steps)
    _trusted(attack, x, budget * whole, (SAME * float(away.mean())) ** 2, rng)
    noise = np.mean([np.sqrt(attack.loss(attack.noisy(x, budget * whole, rng))) for _ in range(NOISES)], axis=0)
    moved, unbounded = (np.sqrt(attack.run(x, size, rng)[1]) for size in (budget * whole, whole))
    beaten(noise, moved, unbounded)
    facts: dict[str, Json] = {
        "budget": budget,
        "moved by noise, in distances between items": float(noise.mean() / away.mean()),
        "moved by the attack": float(moved.mean() / away.mean()),
        "moved without bound": float(unbounded.mean() / away.mean()),
    }
    if deviation.any():
        wide = float(np.sqrt(np.square(deviation).sum(axis=1).mean()))
        facts["moved by the attack, in deviations of the posterior"] = float(moved.mean() / wide)
    return _scored((moved, noise), away, tuple(held_out.keys[: len(x)]), facts)


def _scored(
    moves: tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]],
    away: Float[np.ndarray, " n"],
    keys: tuple[str, ...],
    facts: dict[str, Json],
) -> Estimates:
    """moves: how far the attack and noise move the latent of each item; away: how far it lies from others."""
    (moved, noise), n, apart = moves, len(away), float(away.mean())
    tiny = 1e-6 * apart  # an item that noise does not move must not decide the mean alone
    growth, reach = np.log((moved + tiny) / (noise + tiny)), moved / apart
    worst = tuple(
        Exhibit("held-out item whose latent the attack moves furthest", (ItemRef("held_out", int(i)),), float(reach[i]))
        for i in np.argsort(-reach, kind="stable")[:SHOWN]
    )
    further = Detail(tuple(growth.tolist()), keys, facts=facts)
    far = Detail(tuple(reach.tolist()), keys, exhibits=worst, facts=facts)
    return {
        "excess": Estimate(float(growth.mean()), n, mean_interval(growth), 0.0, further),
        "reach": Estimate(float(reach.mean()), n, share_of_distance(moved, away), float(noise.mean() / apart), far),
    }


@dataclass(frozen=True)
class Moved:
    """`Differentiable`: how far the latent of item i has moved from z[i], squared."""

    model: Encodes
    z: Float[np.ndarray, "n d"]

    def loss_and_grad(
        self, x: Float[np.ndarray, "n ..."]
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n ..."]]:
        return self.model.latent_distance(x, self.z)


def _away(z: Float[np.ndarray, "n d"], deviation: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
    """Mean distance [n] of each item's latent to the others'; refuses an encoder whose latents do not tell items."""
    if not (np.isfinite(z).all() and np.isfinite(deviation).all()):
        raise ControlFailed("the encoder reads no finite latents")
    own, open_ = z.var(axis=0, ddof=1), np.square(deviation).mean(axis=0)
    rounding = 1e-12 * np.square(z).mean(axis=0)
    share = float(np.where(own > rounding, own / np.maximum(own + open_, 1e-300), 0.0).max())
    if share < ACTIVE:
        raise ControlFailed(
            f"collapsed: of no latent is more than {share:.2%} of the variance the item's, so it reads nothing "
            "that could be moved; that is not robustness"
        )
    z = z - z.mean(axis=0)
    squares = np.square(z).sum(axis=1)
    squared = squares[:, None] + squares - 2 * z @ z.T
    found: np.ndarray = np.sqrt(np.maximum(squared, 0.0)).sum(axis=1) / (len(z) - 1)
    return found


def _trusted(attack: Attack, x: np.ndarray, epsilon: float, rounding: float, rng: Rng) -> None:
    """Budget 0 and the gradient, looked at beside the items: at them the distance is 0, and its gradient with it."""
    finite(*attack.measure(x))
    still(attack, x, np.zeros(len(x)), rng, rounding=rounding)
    beside = attack.noisy(x, epsilon, rng)
    loss, slope = attack.measure(beside)
    finite(loss, slope)
    leads_somewhere(attack, beside, slope, rng)
