"""Fréchet distance between outputs and real items, seen through a lens."""

from __future__ import annotations

from genbench.core.evidence import Features, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Interval, Metric
from genbench.stats.frechet import FrechetEstimate
from genbench.stats.frechet import frechet as distance
from genbench.stats.intervals import normal_interval


@probe(
    reports={
        "distance": Metric(
            unit="squared feature units",
            better="lower",
            title="Fréchet distance, bias-corrected",
            summary="How far the outputs as a whole lie from real items, in mean and spread of their features.",
            reading="0 is perfect. Compare it with the floor, which real items reach against real items, and only with "
            "distances through the same lens.",
        ),
        "plug_in": Metric(
            unit="squared feature units",
            better="lower",
            title="Fréchet distance, uncorrected",
            summary="The same distance as other tools print it, which grows as the number of samples falls.",
            reading="For comparison with published numbers at the same n only.",
            context=True,
        ),
    },
    cites=["Heusel et al. 2017, arXiv:1706.08500", "Chong and Forsyth 2020, arXiv:1911.07023 (bias in n)"],
    control="noise: a Gaussian on pixels",
    truth="two Gaussians: |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2)",
)
def frechet(generated: Features, held_out: Features, train: Features, *, rng: Rng) -> Estimates:
    """Squared Fréchet distance between Gaussians fitted to outputs and to held-out real items.

    d^2 = |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2) on features [n d] and [m d]. `distance` has the second-order
    bias taken off; `plug_in` has not. Interval: both samples random, infinitesimal jackknife plus the second-order
    variance. Floor: real items (train) against real items (held-out) at the outputs' n, as far as there are enough.
    At perfection 0 (it may fall slightly below), at failure without bound. Held-out items are the reference, so that
    copying the training items is not rewarded.
    """
    found = distance(generated.x, held_out.x)
    n = min(len(generated), len(train))
    real = distance(train.x[rng.permutation(len(train))[:n]], held_out.x)
    facts = {"bias taken off": found.bias, "n reference": len(held_out), "d": int(generated.x.shape[1])}
    return {
        "distance": Estimate(
            found.corrected,
            len(generated),
            _interval(found.corrected, found),
            floor=max(0.0, real.corrected),
            detail=Detail(facts=facts),
        ),
        "plug_in": Estimate(found.value, len(generated), None, floor=real.value),
    }


def _interval(value: float, found: FrechetEstimate) -> Interval:
    return normal_interval(value, found.standard_error, method="infinitesimal jackknife, both samples random")
