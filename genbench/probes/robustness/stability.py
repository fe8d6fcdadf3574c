"""How far do outputs move when their input is nudged?"""

from __future__ import annotations

from math import sqrt

import numpy as np

from genbench.core.errors import ControlFailed, NotApplicable
from genbench.core.evidence import Features, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Exhibit, Interval, ItemRef, Metric
from genbench.stats.finite import finite_rows
from genbench.stats.intervals import bootstrap

SHOWN = 4
LEAST = 20


@probe(
    reports={
        "movement": Metric(
            unit="share of the distance between unrelated outputs",
            better="lower",
            title="Movement under a nudge",
            summary="How far an output moves when its prompt or latent is nudged, as a share of how far outputs for "
            "fresh chance lie apart.",
            reading="0: nudges change nothing. 1: a nudge changes as much as fresh chance does.",
            margin=0.05,
        ),
    },
    cites=["Karras et al. 2019, arXiv:1812.04948 (perceptual path length, the same idea in the limit)"],
    control="outputs redrawn at every nudge: 1",
    truth="outputs equal to their inputs, nudge of strength s on normal latents: sqrt(1 - sqrt(1 - s^2))",
)
def stability(anchor: Features, perturbed: Features, again: Features, *, rng: Rng, resamples: int = 1000) -> Estimates:
    """Ratio of root mean squares: sqrt(sum_i |a_i - p_i|^2 / sum_i |a_i - b_i|^2), features [n d].

    a_i: output; p_i: output for the nudged input with the same chance; b_i: output with fresh chance. Interval: triples
    redrawn (bias-corrected bootstrap); where no output moved at all, up to a share of 3/n may still move as far as
    fresh chance does (rule of three). Floor 0, reached by a model that ignores the nudge; at failure about 1. Where
    outputs do not differ from one another the ratio means nothing: `ControlFailed`; a collapsed model is not stable.
    """
    n = min(len(anchor), len(perturbed), len(again))
    if n < LEAST:
        raise NotApplicable(f"needs at least {LEAST} outputs, got {n}")
    a, p, b = (
        finite_rows(side.x[:n], role)
        for side, role in ((anchor, "anchor"), (perturbed, "perturbed"), (again, "again"))
    )  # fmt: skip
    moved, apart = np.square(a - p).sum(axis=1), np.square(a - b).sum(axis=1)
    if apart.mean() <= 1e-9 * np.square(a).sum(axis=1).mean():
        raise ControlFailed("collapsed: outputs do not differ from one another, which is not stability")
    pairs = np.stack([moved, apart], axis=1)  # [n 2]
    interval = bootstrap(_ratio, [pairs], rng=rng, resamples=resamples)
    if moved.max() <= 1e-9 * apart.mean():
        interval = Interval(0.0, max(_ratio(pairs), sqrt(3 / n)), method="rule of three, outputs random")
    each = np.sqrt(moved / apart.mean())
    worst = tuple(
        Exhibit(
            "output, and what a nudge made of it",
            (ItemRef("anchor", int(i)), ItemRef("perturbed", int(i))),
            float(each[i]),
        )
        for i in np.argsort(-each, kind="stable")[:SHOWN]
    )
    detail = Detail(tuple(each.tolist()), tuple(anchor.keys[:n]), exhibits=worst)
    return {"movement": Estimate(_ratio(pairs), n, interval, 0.0, detail)}


def _ratio(pairs: np.ndarray) -> float:
    return float(np.sqrt(pairs[:, 0].sum() / pairs[:, 1].sum()))
