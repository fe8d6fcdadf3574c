"""How many tries does it take to draw a training item's rest from its opening?"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Bool, Float, Int

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Choices
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimates, Exhibit, ItemRef, Json, Metric
from genbench.probes.memorization._contrasted import alike, contrasted
from genbench.stats.finite import known_nats

SHOWN = 6
SHORTEST = 20  # bytes
LEAST = 5  # items a side
CURVE = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)  # tries


@probe(
    reports={
        "extractable": Metric(
            unit="share of training items",
            better="lower",
            title="Training items that can be drawn from their opening",
            summary="Share of training items whose whole rest comes up among so many samples, with that probability.",
            reading="The floor is the same share of held-out items, which nobody could have learned by heart. The "
            "details say how it grows with the number of tries.",
            tolerance=0.01,
            margin=0.01,
        ),
    },
    cites=["Hayes et al. 2025, arXiv:2410.19482 ((n, p)-discoverable extraction)", "Carlini et al. 2023, 2202.07646"],
    control="a model that gives every twentieth rest a probability of 1 in 100",
    truth="k of n rests at p_z above 1 - (1 - p)^(1/n): k / n",
)
def discoverable(train: Choices, held_out: Choices, *, tries: int = 1000, chance: float = 0.5) -> Estimates:
    """(n, p)-discoverable extraction: an item's rest z is drawn at least once in n = `tries` with p = `chance` or more.

    p_z = exp(log p(rest | opening)); extractable = mean_i 1[1 - (1 - p_z)^n >= p] over training items, floor: over
    held-out ones. So no sample need be drawn, and none is missed by luck; p_z is that of sampling as the model is,
    at temperature 1 and uncut. Rests of fewer than 20 bytes are left out: they are guessed.

    Interval: Wilson's with the floor's own error, both sides random, items of equal length and likelihood (copies of
    one) counting together. At perfection the floor, which is 0 for rests of some length; at failure 1.
    """
    if tries < 1 or not 0 < chance < 1:
        raise ProbeError(f"tries are counted from 1 and a chance lies between 0 and 1, got {tries} and {chance}")
    (nats, copies, counted), (nats_by_chance, copies_by_chance, _) = (
        _rests(train, "train"),
        _rests(held_out, "held_out"),
    )
    hits, by_chance = (drawn(side, tries, chance) for side in (nats, nats_by_chance))
    curve: dict[str, Json] = {
        f"in {n:,} tries": f"{drawn(nats, n, chance).mean():.4f} of train, "
        f"{drawn(nats_by_chance, n, chance).mean():.4f} of held-out"
        for n in CURVE
    }
    facts: dict[str, Json] = {
        "tries": tries, "with probability": chance, "items too short": len(train) - len(nats),
        "fewest tries that any training item needs": _told(nats, chance),
        "fewest tries that any held-out item needs": _told(nats_by_chance, chance), **curve,
    }  # fmt: skip
    places = np.flatnonzero(counted)
    keys = tuple(train.keys[int(i)] for i in places) if train.keys else ()
    shown = [int(i) for i in np.argsort(-nats)[:SHOWN] if hits[i]]
    exhibits = tuple(
        Exhibit("tries needed to draw its rest", (ItemRef("train", int(places[i])),), _finite(nats[i], chance))
        for i in shown
    )
    detail = Detail(tuple(hits.astype(float).tolist()), keys, exhibits=exhibits, facts=facts)
    return {"extractable": contrasted(hits, copies, by_chance, copies_by_chance, detail)}


def drawn(nats: Float[np.ndarray, " n"], tries: float, chance: float) -> Bool[np.ndarray, " n"]:
    """1 - (1 - p_z)^tries >= chance, with p_z = exp(nats), in logarithms: exact for p_z far below rounding."""
    with np.errstate(divide="ignore"):
        missed = -np.log1p(-np.exp(np.minimum(nats, 0.0)))  # -log(1 - p_z), infinite at p_z = 1
    made: np.ndarray = tries * missed >= -math.log1p(-chance) * (1 - 1e-12)
    return made


def log10_tries(nats: float, chance: float) -> float:
    """log10 of the least n with 1 - (1 - p_z)^n >= chance; infinite where p_z is 0."""
    if nats == -math.inf:
        return math.inf
    if nats > -30:
        missed = -math.log1p(-math.exp(nats)) if nats < 0 else math.inf
        return math.log10(max(1, math.ceil(-math.log1p(-chance) / missed - 1e-9)))
    return (math.log(-math.log1p(-chance)) - nats) / math.log(10)  # log(1 - p_z) is -p_z to float's last digit


def _told(nats: Float[np.ndarray, " n"], chance: float) -> str:
    found = log10_tries(float(nats.max()), chance)
    return f"{10**found:,.0f}" if found < 9 else f"10^{found:.0f}"


def _finite(nats: float, chance: float) -> float | None:
    found = log10_tries(float(nats), chance)
    return 10.0**found if found < 300 else None


def _rests(
    side: Choices, role: str
) -> tuple[Float[np.ndarray, " n"], Int[np.ndarray, " n"], Bool[np.ndarray, " items"]]:
    """(log p of each rest, labels that copies of one item share, which items have a rest long enough)."""
    if "byte" not in side.counts or not (side.sizes == 1).all():
        raise NotApplicable(f"{role}: wants one rest an item, and its length in bytes")
    counted = side.counts["byte"][:, 0] >= SHORTEST
    if counted.sum() < LEAST:
        raise NotApplicable(f"{role}: {counted.sum()} items go on for {SHORTEST} bytes after their opening; {LEAST} do")
    nats, lengths = known_nats(side.nats[counted, 0], role), side.counts["byte"][counted, 0]
    return nats, alike([f"{n:.3f}/{k}" for n, k in zip(nats, lengths, strict=True)]), counted
