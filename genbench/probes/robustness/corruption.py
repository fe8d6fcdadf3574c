"""How far do outputs move when the input is spoiled in ways that happen to inputs?"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from genbench.core.errors import ControlFailed, NotApplicable
from genbench.core.evidence import Rng, Sweep
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Json, Metric
from genbench.stats.intervals import bootstrap

LEAST = 20


@probe(
    reports={
        "movement": Metric(
            unit="share of the distance between unrelated outputs",
            better="lower",
            title="Movement under corruptions",
            summary="How far an output moves when its input is spoiled, over all corruptions and severities, as a "
            "share of how far outputs for different inputs lie apart.",
            reading="0: spoiled inputs change nothing. 1: an output is as far off as that of another input.",
            margin=0.05,
        ),
        "excess": Metric(
            unit="share of the distance between unrelated items",
            better="lower",
            title="Movement beyond what happened to the input",
            summary="How much farther outputs move than the spoiled inputs themselves had moved, each in shares of "
            "the distance between unrelated ones.",
            reading="Below 0: the model mends what was spoiled. 0: it passes it on. Above: it makes it worse.",
            margin=0.05,
        ),
    },
    cites=["Hendrycks and Dietterich 2019, arXiv:1903.12261 (common corruptions, severities 1 to 5)"],
    control="outputs that answer to a spoiled input as to another one: movement 1",
    truth="outputs that are their inputs: excess 0",
)
def corruption(source: Sweep, *, rng: Rng, resamples: int = 500) -> Estimates:
    """Mean over corruptions c and severities s of m_cs = sqrt(E |o_cs - o|^2 / A), A the mean |o - o'|^2; [c s n d].

    o_cs: output for the spoiled input, o: for the untouched one, o': for another. excess = movement of the outputs -
    that of the inputs, measured in the same way through the same lens. The curve over severities stands in the details,
    corruption by corruption. Intervals redraw items with all that happened to them (bias-corrected bootstrap);
    corruptions are fixed. At perfection movement 0; floor of both 0. Where outputs do not differ from one another they
    cannot move: `ControlFailed`; a collapsed model is not robust.
    """
    n = len(source)
    if n < LEAST:
        raise NotApplicable(f"needs at least {LEAST} items, got {n}")
    outputs, inputs = (
        _moves(spoiled, clean)
        for spoiled, clean in ((source.outputs, source.clean_outputs), (source.inputs, source.clean_inputs))
    )
    for what, side in (("outputs", outputs), ("inputs", inputs)):
        if side[:, -1].mean() <= 1e-12:
            raise ControlFailed(f"collapsed: {what} do not differ from one another, which is not stability")
    both = np.stack([outputs, inputs], axis=1)  # [n 2 c*s+1]
    moved, given = _by_kind(outputs), _by_kind(inputs)
    kinds = [f"{name} {severity}" for name in source.names for severity in source.severities]
    facts: dict[str, Json] = {
        "outputs": {kind: round(float(m), 4) for kind, m in zip(kinds, moved, strict=True)},
        "inputs": {kind: round(float(m), 4) for kind, m in zip(kinds, given, strict=True)},
        "worst": kinds[int(moved.argmax())],
    }
    detail = Detail(facts=facts)
    return {
        "movement": Estimate(
            _movement(outputs), n, bootstrap(_movement, [outputs], rng=rng, resamples=resamples), 0.0, detail
        ),
        "excess": Estimate(_excess(both), n, bootstrap(_excess, [both], rng=rng, resamples=resamples), 0.0, detail),
    }


def _moves(spoiled: Float[np.ndarray, "c s n d"], clean: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n k"]:
    """Squared movement of each item under each corruption, and last its squared distance to the mean: [n c*s+1]."""
    clean = clean.astype(np.float64)
    moved = np.square(spoiled.astype(np.float64) - clean).sum(axis=3)  # [c s n]
    about = np.square(clean - clean.mean(axis=0)).sum(axis=1)
    return np.column_stack([moved.reshape(-1, len(clean)).T, about])


def _by_kind(side: Float[np.ndarray, "n k"]) -> Float[np.ndarray, " j"]:
    n = len(side)
    made: np.ndarray = np.sqrt(side[:, :-1].mean(axis=0) / (2 * n / (n - 1) * side[:, -1].mean()))
    return made


def _movement(side: Float[np.ndarray, "n k"]) -> float:
    return float(_by_kind(side).mean())


def _excess(both: Float[np.ndarray, "n 2 k"]) -> float:
    return _movement(both[:, 0]) - _movement(both[:, 1])
