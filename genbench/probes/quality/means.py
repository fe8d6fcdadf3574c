"""By how much the outputs differ on average, feature by feature: for lenses whose features mean something each."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from jaxtyping import Float

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Interval, Json, Metric
from genbench.stats.finite import finite_rows
from genbench.stats.intervals import squared_interval

LEAST = 10  # items a side
SHOWN = 12
LEVEL = 0.95


@probe(
    reports={
        "distance": Metric(
            unit="feature units",
            better="lower",
            title="Difference of mean features",
            summary="Root mean square, over features, of the difference between outputs' mean and real items'.",
            reading="0 is perfect; the details name the features that differ most, with their signs. Through the lens "
            "image.spectrum: dB, where less power in the fine rings is blur, and more in the corners a checkerboard.",
        )
    },
    cites=["Hotelling 1931, doi:10.1214/aoms/1177732979", "Bai and Saranadasa 1996, Statistica Sinica 6 (n below d)"],
    control="outputs moved by a known distance in one feature",
    truth="means that differ by v in each of k of d features: v sqrt(k / d)",
)
def means(generated: Features, held_out: Features) -> Estimates:
    """sqrt(D / d), D = |mean x - mean y|^2 of features [n d], [m d] with its bias tr(S_x / n + S_y / m) taken off.

    D is unbiased at any n, also below d; where it falls below 0 the distance is 0. Interval: the root of D's, both
    samples random, var D = 4 (mean x - mean y)' V (mean x - mean y) + 2 tr V^2, V = S_x / n + S_y / m, its lower end
    at least 0. Floor 0, which D of a perfect model is on average. Details: the features with the largest differences,
    each "difference [low, high]", whose intervals hold for all d at once (Bonferroni). At failure without bound.
    """
    x, y = finite_rows(generated.x, "generated"), finite_rows(held_out.x, "held_out")
    if min(len(x), len(y)) < LEAST:
        raise NotApplicable(f"means need {LEAST} items a side, got {len(x)} outputs and {len(y)} held-out items")
    d = x.shape[1]
    shift = x.mean(axis=0) - y.mean(axis=0)
    parts = [(side - side.mean(axis=0)) / math.sqrt((len(side) - 1) * len(side)) for side in (x, y)]
    spread = sum(np.square(part).sum(axis=0) for part in parts)  # diagonal of V [d]
    squared = float(shift @ shift - np.sum(spread))
    # The difference holds chance, by which its first order is 4 tr V^2 too large on average. That is taken off for the
    # lower end; not for the upper, as a difference that came out too small brings too small a variance with it.
    noise = _squares(parts)
    first = 4 * sum(float(np.square(part @ shift).sum()) for part in parts)
    errors = (math.sqrt(max(order, 0.0) + 2 * noise) / d for order in (first - 4 * noise, first))
    low, high = (squared_interval(squared / d, error, 2 * noise / d**2, level=LEVEL) for error in errors)
    method = "root of the unbiased squared distance's, both samples random"
    interval = Interval(_root(low.low), _root(high.high), LEVEL, method)
    facts: dict[str, Json] = {"d": d, "n reference": len(y), "largest differences": _largest(shift, np.sqrt(spread))}
    return {"distance": Estimate(_root(squared / d), len(x), interval, 0.0, Detail(facts=facts))}


def _squares(parts: list[Float[np.ndarray, "_ d"]]) -> float:
    """tr V^2, V = sum of the parts' p'p, without any d x d matrix where there are fewer rows than columns.

    tr S^2 of a sample holds the bias of its own fourth moments, of the order tr^2 S / n; it errs on the wide side.
    """
    total = 0.0
    for i, a in enumerate(parts):
        for b in parts[i:]:
            product = a @ b.T if len(a) * len(b) < a.shape[1] ** 2 else None
            crossed = np.square(product).sum() if product is not None else np.sum((a.T @ a) * (b.T @ b))
            total += float(crossed) * (1 if b is a else 2)
    return total


def _root(squared: float) -> float:
    return math.sqrt(max(squared, 0.0))


def _largest(shift: Float[np.ndarray, " d"], errors: Float[np.ndarray, " d"]) -> dict[str, Json]:
    """{"feature 3": "-4.20 [-4.60, -3.80]"}: those that differ clearly first, the largest first within."""
    reach = NormalDist().inv_cdf(1 - (1 - LEVEL) / (2 * len(shift))) * errors
    order = np.lexsort((-np.abs(shift), np.abs(shift) <= reach))[:SHOWN]
    return {f"feature {i}": f"{shift[i]:+.3g} [{shift[i] - reach[i]:.3g}, {shift[i] + reach[i]:.3g}]" for i in order}
