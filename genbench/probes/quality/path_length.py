"""Do outputs change steadily on the way from one latent to another, or in leaps?"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from genbench.core.errors import ControlFailed, NotApplicable
from genbench.core.evidence import Paths
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Exhibit, Interval, ItemRef, Json, Metric
from genbench.stats.intervals import ratio_interval
from genbench.stats.trimmed import trimmed_mean

LEAST = 20
SHOWN = 4
DIFFER = 0.1  # by how much the median way may be faster or slower in ten times the step


def _length(space: str, where: str) -> Metric:
    return Metric(
        unit="squared feature units",
        better="lower",
        title=f"Perceptual path length, {space}, {where}",
        summary=f"How fast outputs change between two latents of {space}, at {where}: squared, as the lens sees it.",
        reading="The floor is a straight way at a steady pace between the same outputs. Compare only through one lens; "
        "a model of little variety has short ways and a low floor.",
    )


@probe(
    reports={
        "z_full": _length("z", "random places"),
        "z_end": _length("z", "the beginnings of ways"),
        "w_full": _length("w", "random places"),
        "w_end": _length("w", "the beginnings of ways"),
        "detour": Metric(
            unit="ratio",
            better="lower",
            title="Detour between two outputs",
            summary="How much longer the way between two outputs is than a straight one, squared, in steps of a "
            "quarter.",
            reading="1: straight and steady. Where each step leads as far away as another output, and where all of the "
            "change falls into one step, it is the number of steps, or more.",
            margin=0.05,
        ),
    },
    cites=[
        "Karras et al. 2019, arXiv:1812.04948, section 4.1 (perceptual path length)",
        "Karras et al. 2020, arXiv:1912.04958 (in W, without the ends' crop)",
    ],
    control="a generator with a wall across its latents: path length and detour leap",
    truth="a linear map A of w: |A (w1 - w2)|^2 in w, detour 1; an arc of a right angle in z: (pi/2)^2 |A z|^2",
)
def path_length(generated: Paths) -> Estimates:
    """E |f(G(t + e)) - f(G(t))|^2 / e^2 over ways between two random latents; features f of the lens, e = 1e-4.

    In z the way is an arc, in w a line; t is uniform (full) or 0 (end). Mean without the lowest and highest hundredth,
    as published; ways random (Tukey-McLaughlin). Floor: the same mean of |f(G(1)) - f(G(0))|^2, below which no way
    between these ends can be on average (Cauchy-Schwarz), and which a linear G reaches in w. At failure without bound
    as walls grow steep, but one narrower than a hundredth of the ways is trimmed off: such are for `detour`.

    detour = k sum |f(G(j/k)) - f(G((j-1)/k))|^2 / sum |f(G(1)) - f(G(0))|^2, j = 1..k quarters, in w where there is
    one, else in z, where even a linear G makes a detour of 1.22 by the arc; linearized ratio, ways random; floor 1.
    Outputs are not rounded, and where rounding is left (8-bit outputs, half precision) there is no score: it shows in
    a median way whose speed is another in ten times the step, which single walls do not change. A model whose outputs
    do not differ has no ways: `ControlFailed`.
    """
    n = len(generated)
    if n < LEAST:
        raise NotApplicable(f"needs {LEAST} ways between latents, got {n}")
    for space, ends in generated.ends.items():
        if not all(np.isfinite(part).all() for part in (generated.speeds[space], generated.legs[space], ends)):
            raise NotApplicable(f"features on some ways through {space} are not finite")
    inner = "w" if "w" in generated.ends else "z"
    if not generated.ends[inner].mean() > 0:
        raise ControlFailed("collapsed: outputs do not differ from one another, which is not smoothness")
    lengths = {
        f"{space}_{where}": _measured(generated, space, row) for space in ("z", "w")
        for row, where in ((1, "full"), (0, "end"))
    }  # fmt: skip
    return {**lengths, "detour": _detour(generated, inner)}


def _measured(found: Paths, space: str, row: int) -> Estimate | Absent:
    if space not in found.speeds:
        return Absent(f"the model has no latent space {space}")
    speeds, ratio = found.speeds[space][row], _unlike(found.speeds[space][1], found.coarse[space])
    if abs(ratio - 1) > DIFFER:
        return Absent(
            f"outputs or features are rounded: in ten times the step of {found.step:g} the median way is {ratio:.3g} "
            "times as fast"
        )
    value, interval = trimmed_mean(speeds)
    interval = Interval(max(0.0, interval.low), interval.high, interval.level, interval.method)
    facts: dict[str, Json] = {
        "step": found.step, "median way in ten times the step": ratio,
        "mean of all": float(speeds.mean()),
    }  # fmt: skip
    detail = Detail(exhibits=_exhibits(speeds), facts=facts)
    return Estimate(value, len(speeds), interval, trimmed_mean(found.ends[space])[0], detail)


def _unlike(fine: Float[np.ndarray, " n"], coarse: Float[np.ndarray, " c"]) -> float:
    """Median over ways of the squared speed in long steps, as a part of that in short ones; 1 where nothing moves."""
    fine = fine[: len(coarse)]
    still = (fine == 0) & (coarse == 0)
    ratios = np.divide(coarse, fine, out=np.full(len(coarse), np.inf), where=fine > 0)
    return float(np.median(np.where(still, 1.0, ratios)))


def _detour(found: Paths, space: str) -> Estimate:
    legs, ends = found.legs[space], found.ends[space]
    steps = legs.shape[1]
    long = steps * legs.sum(axis=1)
    interval = ratio_interval(long, ends)
    # No way is shorter than a straight one: below 1 is only the reach of the formula, a billionth above it rounding.
    low, high = (max(1.0, end) for end in (interval.low - 1e-9, interval.high))
    interval = Interval(low, high, interval.level, interval.method)
    largest = legs.max(axis=1) / np.maximum(legs.sum(axis=1), np.finfo(float).tiny)
    facts: dict[str, Json] = {
        "latent space": space, "steps": steps, "mean share of a way's largest step, squared": float(largest.mean()),
    }  # fmt: skip
    return Estimate(float(long.sum() / ends.sum()), len(ends), interval, 1.0, Detail(facts=facts))


def _exhibits(speeds: Float[np.ndarray, " n"]) -> tuple[Exhibit, ...]:
    """The outputs at whose latents the fastest ways begin."""
    worst = np.argsort(-speeds, kind="stable")[:SHOWN]
    return tuple(Exhibit("a way that changes fast begins here", (ItemRef("generated", int(i)),), float(speeds[i]))
                 for i in worst)  # fmt: skip
