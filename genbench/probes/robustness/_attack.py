"""Projected gradient ascent, and the controls without which its result would mean nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genbench.core.errors import ControlFailed
from genbench.core.evidence import Rng
from genbench.core.model import Differentiable

DEAD = 0.05  # share of items with a zero gradient from which an attack cannot be trusted
AGREES = 0.9  # share of the loss's true change along random directions that its gradient must explain
INTERPLAY = 0.1  # how much coordinates must act together, as a share of the loss's own bend; trained models: above 0.5
SUCCEEDS = 0.9  # share of items on which an unbounded attack must get further than the bounded one


@dataclass(frozen=True)
class Attack:
    """PGD (Madry et al. 2018) on one model, items within [low, high]."""

    model: Differentiable
    low: float
    high: float
    steps: int

    def loss(self, x: np.ndarray) -> np.ndarray:
        return self.measure(x)[0]

    def measure(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(loss [n], gradient like x)."""
        loss, slope = self.model.loss_and_grad(x)
        return np.asarray(loss, np.float64), np.asarray(slope, np.float64)

    def noisy(self, x: np.ndarray, epsilon: float, rng: Rng) -> np.ndarray:
        """x moved by epsilon in every coordinate, up or down by chance: a random corner of the ball."""
        moved: np.ndarray = np.clip(x + epsilon * rng.choice([-1.0, 1.0], size=x.shape), self.low, self.high)
        return moved

    def run(self, x0: np.ndarray, epsilon: float, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
        """(the worst point [n ...] met on the ascent from a random start in the ball, its loss [n])."""
        x = np.clip(x0 + epsilon * rng.uniform(-1, 1, x0.shape), self.low, self.high)
        loss, slope = self.measure(x)
        worst, most = x, loss
        for _ in range(self.steps):
            x = x + 2.5 * epsilon / self.steps * np.sign(slope)
            x = np.clip(np.clip(x, x0 - epsilon, x0 + epsilon), self.low, self.high)
            loss, slope = self.measure(x)
            higher = loss > most
            worst = np.where(higher.reshape(-1, *[1] * (x.ndim - 1)), x, worst)
            most = np.where(higher, loss, most)
        return worst, most


def clean_loss(attack: Attack, x: np.ndarray, rng: Rng) -> np.ndarray:
    """The loss [n] of untouched items, once budget 0, the gradient and the response to input have been checked."""
    loss, slope = attack.measure(x)
    finite(loss, slope)
    still(attack, x, loss, rng)
    leads_somewhere(attack, x, slope, rng)
    _sees_its_input(attack, x, loss, rng)
    return loss


def finite(loss: np.ndarray, slope: np.ndarray) -> None:
    if not (np.isfinite(loss).all() and np.isfinite(slope).all()):
        raise ControlFailed("the loss or its gradient is not finite")


def still(attack: Attack, x: np.ndarray, loss: np.ndarray, rng: Rng, *, rounding: float = 1e-12) -> None:
    """Refuses an attack that does something with budget 0. rounding: of a loss, where it is computed once more."""
    if not np.allclose(unmoved(attack, x, rng), loss, rtol=1e-4, atol=rounding):
        raise ControlFailed(
            "an attack with budget 0 changed the loss: it is random, so growth cannot be told from chance"
        )


def unmoved(attack: Attack, x: np.ndarray, rng: Rng) -> np.ndarray:
    """The loss [n] after an attack with budget 0; refuses one that moves its input."""
    untouched, again = attack.run(x, 0.0, rng)
    if not np.array_equal(untouched, x):
        raise ControlFailed(f"an attack with budget 0 changed its input: items lie outside {attack.low}..{attack.high}")
    return again


def leads_somewhere(attack: Attack, x: np.ndarray, slope: np.ndarray, rng: Rng) -> None:
    """Refuses a gradient at x that is dead, or not that of the loss."""
    alive(slope)
    _true_gradient(attack, x, slope, rng)


def alive(slope: np.ndarray) -> None:
    """Refuses a gradient [n ...] that is dead."""
    if (dead := (np.abs(slope).reshape(len(slope), -1).max(axis=1) == 0).mean()) > DEAD:
        raise ControlFailed(f"dead gradient: it is zero for {dead:.0%} of the items, so no attack can be trusted")


def beaten(noise: np.ndarray, attacked: np.ndarray, unbounded: np.ndarray) -> None:
    """Refuses an attack that chance equals, or that has nothing to gain from an unbounded budget; losses [n]."""
    beats_noise(noise, attacked)
    if unbounded.mean() <= attacked.mean() or (unbounded > attacked).mean() < SUCCEEDS:
        share = float((unbounded > attacked).mean())
        raise ControlFailed(
            f"an unbounded attack gets further than the bounded one on {share:.0%} of the items only: "
            "the search is broken, or the gradient is masked"
        )


def beats_noise(noise: np.ndarray, attacked: np.ndarray) -> None:
    """Refuses an attack that chance equals; losses [n]."""
    if attacked.mean() <= noise.mean() or (attacked > noise).mean() <= 0.5:
        raise ControlFailed("the attack does no more than random noise of the same size: its result would mean nothing")


def _true_gradient(attack: Attack, x: np.ndarray, slope: np.ndarray, rng: Rng) -> None:
    """Central differences along a random direction v: (L(x + h v) - L(x - h v)) / 2h against grad L . v."""
    direction = rng.standard_normal(x.shape)
    h = 5e-3 * (attack.high - attack.low) / np.sqrt(direction[0].size)
    seen = (attack.loss(x + h * direction) - attack.loss(x - h * direction)) / (2 * h)
    told = (slope * direction).reshape(len(x), -1).sum(axis=1)
    missed = float(np.square(seen - told).sum() / max(float(np.square(seen).sum()), 1e-300))
    if missed > 1 - AGREES:
        raise ControlFailed(
            f"the gradient disagrees with finite differences: it misses {min(missed, 1.0):.0%} of the loss's change"
        )


def _sees_its_input(attack: Attack, x: np.ndarray, loss: np.ndarray, rng: Rng) -> None:
    """Refuses a collapsed model, by its loss alone.

    Where outputs ignore the input, any coordinate-wise loss against a constant c is a sum sum_j f(x_j - c_j), so two
    items x, y and what results from swapping a random half of their coordinates obey L(x') + L(y') = L(x) + L(y). A
    model that sees its input breaks this: a chimera of two items is not an item. The difference is measured in units
    of the bend L(x) + L(y) - 2 L((x + y) / 2), which is 0 for a loss that is linear and so has no c to be near to.
    """
    other, half = np.roll(x, 1, axis=0), rng.random(x.shape) < 0.5
    both = loss + np.roll(loss, 1)
    swapped = attack.loss(np.where(half, x, other)) + attack.loss(np.where(half, other, x))
    bend = float(np.abs(both - 2 * attack.loss((x + other) / 2)).mean())
    interplay = float(np.abs(swapped - both).mean())
    if bend > 1e-6 * float(np.abs(loss).mean()) and interplay < INTERPLAY * bend:
        raise ControlFailed(
            "collapsed: the loss is a sum of terms that see one coordinate each, as it is where outputs do not depend "
            "on the input; that is not robustness"
        )
