"""Refuses what no statistic can be made of, and says which item it was."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from genbench.core.errors import ProbeError


def finite_rows(x: Float[np.ndarray, "n d"], role: str) -> Float[np.ndarray, "n d"]:
    """Features in float64. `ProbeError` names the first item whose row holds NaN or infinity, and how many do."""
    rows = np.asarray(x, dtype=np.float64)
    spoiled = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(spoiled):
        raise ProbeError(
            f"{role}: the features of item {spoiled[0]} hold NaN or infinity ({len(spoiled)} of {len(rows)} items do)"
        )
    return rows


def known_nats(nats: Float[np.ndarray, " n"], role: str) -> Float[np.ndarray, " n"]:
    """Log-probabilities in float64; -inf, an item the model holds impossible, may stand. `ProbeError` names the first
    that is NaN or +inf."""
    values = np.asarray(nats, dtype=np.float64)
    spoiled = np.flatnonzero(np.isnan(values) | np.isposinf(values))
    if len(spoiled):
        raise ProbeError(
            f"{role}: the log-probability of item {spoiled[0]} is {values[spoiled[0]]} "
            f"({len(spoiled)} of {len(values)} items are NaN or infinite)"
        )
    return values
