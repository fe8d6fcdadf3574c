"""Fréchet distance between outputs and real items, seen through a lens."""

from __future__ import annotations

import math

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Interval, Json, Metric
from genbench.stats.finite import finite_rows
from genbench.stats.frechet import FrechetEstimate, extrapolated
from genbench.stats.intervals import normal_interval

LEAST = 4  # items a side: halves of two


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
            sized="value",
        ),
    },
    cites=["Heusel et al. 2017, arXiv:1706.08500", "Chong and Forsyth 2020, arXiv:1911.07023 (bias in n)"],
    control="noise: a Gaussian on pixels",
    truth="two Gaussians: |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2)",
)
def frechet(generated: Features, held_out: Features, train: Features, *, rng: Rng) -> Estimates:
    """Squared Fréchet distance between Gaussians fitted to outputs and to held-out real items.

    d^2 = |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2) on features [n d] and [m d]. `plug_in` is that formula, which n
    items overestimate; `distance` has the second-order bias taken off, and the next order by extrapolation from halves.
    Intervals: both samples random, infinitesimal jackknife plus the second-order variance, whose growth with
    the distance counts at the upper end; plug_in's is for its own
    expectation at this n. Floor: real items (train) against real items (held-out) at the outputs' n, or as near to it
    as there are. Where that floor of `distance` is clearly not 0, n is too small for d and the correction incomplete:
    the interval then reaches down by as much, in proportion to the bias, and a fact says so. At perfection 0 (it may
    fall slightly below), at failure without bound. Held-out items are the reference, so that copying the training
    items is not rewarded.
    """
    x, y, z = finite_rows(generated.x, "generated"), finite_rows(held_out.x, "held_out"), finite_rows(train.x, "train")
    if min(len(x), len(y), len(z)) < LEAST:
        raise NotApplicable(
            f"a Fréchet distance needs {LEAST} items of each, got {len(x)} outputs, {len(y)} held-out, {len(z)} train"
        )
    found = extrapolated(x, y, rng=rng)
    n = min(len(x), len(z))
    real = extrapolated(z[rng.permutation(len(z))[:n]], y, rng=rng)
    facts: dict[str, Json] = {
        "bias taken off": found.bias, "n reference": len(y), "n of the floor": n, "d": x.shape[1],
        "real against real": real.corrected,
    }  # fmt: skip
    interval = found.interval()
    if real.corrected > 1.96 * real.standard_error and real.bias > 0:
        ratio = max(found.bias, 0.0) / real.bias
        facts["bias that may be left"] = left = real.corrected * ratio
        both = math.hypot(found.standard_error, real.standard_error * ratio)
        low = normal_interval(found.corrected - left, both).low
        interval = Interval(
            min(low, interval.low), interval.high, interval.level, f"{interval.method}; bias left below"
        )
    return {
        "distance": Estimate(
            found.corrected, len(x), interval, max(0.0, real.corrected),
            Detail(facts=facts),
        ),
        "plug_in": Estimate(found.value, len(x), _at_this_n(found), real.value),
    }  # fmt: skip


def _at_this_n(found: FrechetEstimate) -> Interval:
    """The same interval of what the plug-in is expected to be: the distance and its bias."""
    own = found.interval()
    return Interval(own.low + found.bias, own.high + found.bias, own.level, own.method)
