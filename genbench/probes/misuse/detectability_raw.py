"""Can outputs still be told from real items by their own numbers? No lens's view stands between."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Arrays, Features, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Json, Metric
from genbench.stats.detectors import LEAST, Detector, asked, dealt
from genbench.stats.finite import finite_rows

SIDE = 64  # places along an axis that are seen, at most


@probe(
    reports={
        "auc": Metric(
            unit="probability",
            better="higher",
            title="Detectability of outputs, raw inputs",
            summary="Chance that a network of convolutions ranks an output above a real item as machine-made.",
            reading="1: outputs can be told and labelled. 0.5: a small network that learned from them cannot tell. "
            "Sees traces that a lens's features leave out. High quality pulls it down, so it is no alarm.",
            margin=0.03,
            sized="value",
        ),
    },
    cites=[
        "Wang et al. 2020, arXiv:1912.11035 (convolutions as detectors of generated items)",
        "Lopez-Paz and Oquab 2017, arXiv:1610.06545 (classifier two-sample tests)",
    ],
    control="noise about the mean item: near 1",
    truth="real items against real items: 0.5",
    format_matched=True,
)
def detectability_raw(
    generated: Arrays, held_out: Arrays, *, rng: Rng, steps: int = 300, limit: int = 2000
) -> Estimates:
    """AUC, on unseen items, of a small network of convolutions trained on the items themselves, arrays [n c h w].

    `misuse.detectability` with the items' own numbers for a lens's features: where a lens resizes, averages or leaves
    out, what gives outputs away may be lost before any detector looks. Of items with more than 64 places along an axis
    the middle 64 are seen, at their own scale, as shrinking would wipe out the finest traces. As there, real items are
    seen as if saved like the outputs, each distinct item counts once, both sides have the same n, the network learns
    from one half of the items (`steps` of 32, so at 150 a side each some thirty times) and the other half is judged:
    DeLong's interval, both sides of what is judged random, holds for this network. One with more data, eyes or depth
    would find more: the AUC bounds detectability from below.

    Floor and value at perfection of the model: 0.5, exactly, as outputs and real items then change places freely; at
    failure 1. `NotApplicable` where items have no places [height width], or fewer than 40 a side are distinct.
    """
    shapes = {side.x.shape[1:] for side in (generated, held_out)}
    if any(len(shape) != 3 for shape in shapes) or len(shapes) > 1:
        raise NotApplicable(
            "convolutions look at items of one shape [channels height width], got "
            + " and ".join(sorted(" x ".join(map(str, shape)) for shape in shapes))
        )
    c, h, w = next(iter(shapes))
    shape = (c, min(h, SIDE), min(w, SIDE))
    rows = {role: _middle(side, shape, role) for role, side in (("held-out", held_out), ("generated", generated))}
    real, made = (dealt(side, limit, rng) for side in rows.values())
    n = min(len(made), len(real))
    distinct = {role: len(np.unique(side.x, axis=0)) for role, side in rows.items()}
    if n < LEAST:
        raise NotApplicable(
            f"needs {2 * LEAST} distinct items a side, got {distinct['generated']} outputs and "
            f"{distinct['held-out']} real ones"
        )
    from genbench.stats.convolutions import Convolutions  # torch, where a network is fitted and not where one is listed

    network = Convolutions(shape, steps=steps, seed=int(rng.integers(2**31)))
    network.fit(np.concatenate([made.fit[:n], real.fit[:n]]), np.repeat([1, 0], n))
    found = asked(Detector("convolutions", network, made, real), made, real)
    assert found is not None  # a half holds no row of the other, and there are enough
    facts: dict[str, Json] = {
        "detector": "convolutions",
        "fitted on, a side": n,
        "places seen of each item": f"{shape[1]} x {shape[2]} of {h} x {w}",
        "repeated outputs left out": len(generated) - distinct["generated"],
    }
    return {"auc": Estimate(found.auc, found.outputs, found.interval, 0.5, Detail(facts=facts))}


def _middle(side: Arrays, shape: tuple[int, int, int], role: str) -> Features:
    """The middle places of each item, flattened: [n c h w] -> float64 [n d]."""
    _, height, width = shape
    down, right = (side.x.shape[2] - height) // 2, (side.x.shape[3] - width) // 2
    seen: Float[np.ndarray, "n c a b"] = side.x[:, :, down : down + height, right : right + width]
    return Features(finite_rows(seen.reshape(len(seen), -1), role), side.keys)
