"""How much worse can a small, chosen change of the input make the model?"""

from __future__ import annotations

import numpy as np

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Arrays, Rng
from genbench.core.model import Differentiable
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Exhibit, ItemRef, Metric
from genbench.probes.robustness._attack import Attack, beaten, clean_loss
from genbench.stats.intervals import mean_interval, wilson

SHOWN = 4
LEAST = 10
NOISES = 4


@probe(
    reports={
        "excess": Metric(
            unit="ln of a ratio of losses",
            better="lower",
            title="Adversarial excess",
            summary="How much more the loss grows under a chosen change of the input than under noise of that size.",
            reading="0: an attacker does no better than noise. ln 2 = 0.69: twice the loss that noise causes.",
            margin=0.05,
        ),
        "broken": Metric(
            unit="share of items",
            better="lower",
            title="Items whose loss an attack doubles",
            summary="Share of held-out items on which an attack causes more than twice the loss that noise causes.",
            reading="0 is best; near 1, hardly an item withstands the attack at this budget.",
            margin=0.05,
        ),
    },
    cites=["Madry et al. 2018, arXiv:1706.06083 (PGD)", "Carlini et al. 2019, arXiv:1902.06705 (controls)"],
    control="budget 0, random noise, unbounded budget, dead gradient, collapsed model",
    truth="a linear loss: the attack reaches budget times the gradient's L1 norm",
)
def adversarial(
    model: Differentiable, held_out: Arrays, *, rng: Rng, budget: float = 0.05, steps: int = 10, limit: int = 128
) -> Estimates:
    """Projected gradient ascent on the loss within an L-infinity ball, against noise of the same size.

    x <- clip(x + a sign grad L(x)), |x - x0| <= eps = budget (high - low), from a random start, the worst point kept;
    items [n ...]. excess = mean_i ln (L_i(attack) / L_i(noise)), L(noise) the mean over 4 random corners of the ball;
    broken = share of i with L_i(attack) > 2 L_i(noise).

    `ControlFailed` where the number would mean nothing: budget 0 changes something; the gradient is dead, or not that
    of the loss; the attack does not beat noise; an unbounded budget gains nothing; the loss does not see its input
    (a collapsed model is not robust). Interval: items random (Student; Wilson). Floor 0; at failure without bound, 1.
    """
    if not (0 < budget <= 1 and steps >= 1):
        raise ProbeError(f"budget is a share of the input's range above 0 and steps at least 1, got {budget}, {steps}")
    x = np.asarray(held_out.x[:limit], np.float64)
    if len(x) < LEAST:
        raise NotApplicable(f"an attack is judged on at least {LEAST} items, got {len(x)}")
    reach = held_out.high - held_out.low
    attack = Attack(model, held_out.low, held_out.high, steps)
    clean = clean_loss(attack, x, rng)
    noise = np.mean([attack.loss(attack.noisy(x, budget * reach, rng)) for _ in range(NOISES)], axis=0)
    attacked, unbounded = (attack.run(x, epsilon, rng)[1] for epsilon in (budget * reach, reach))
    beaten(noise, attacked, unbounded)
    if min(noise.min(), attacked.min()) < 0:
        raise NotApplicable("losses below 0 have no ratio; the model must give a loss that is 0 at best")
    tiny = 1e-12 + 1e-6 * float(clean.mean())  # an item without loss under noise must not decide the mean alone
    growth, doubled = np.log((attacked + tiny) / (noise + tiny)), attacked > 2 * noise
    keys = tuple(held_out.keys[: len(x)])
    facts = {
        "budget": budget,
        "loss clean": float(clean.mean()),
        "loss under noise": float(noise.mean()),
        "loss under attack": float(attacked.mean()),
        "loss unbounded": float(unbounded.mean()),
    }
    worst = tuple(
        Exhibit("held-out item the attack harms most", (ItemRef("held_out", int(i)),), float(growth[i]))
        for i in np.argsort(-growth, kind="stable")[:SHOWN]
    )
    excess = Detail(tuple(growth.tolist()), keys, exhibits=worst, facts=facts)
    each = Detail(tuple(doubled.astype(float).tolist()), keys)
    return {
        "excess": Estimate(float(growth.mean()), len(x), mean_interval(growth), 0.0, excess),
        "broken": Estimate(float(doubled.mean()), len(x), wilson(int(doubled.sum()), len(x)), 0.0, each),
    }
