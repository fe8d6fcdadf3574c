"""Does what comes back from a translation resemble what was sent, and does it survive losing what no eye sees?"""

from __future__ import annotations

from math import sqrt

import numpy as np
from jaxtyping import Float

from genbench.core.errors import ControlFailed, NotApplicable
from genbench.core.evidence import Arrays, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Exhibit, Interval, ItemRef, Json, Metric
from genbench.stats.finite import finite_rows
from genbench.stats.intervals import bootstrap

LEAST = 20
SHOWN = 4


@probe(
    reports={
        "error": Metric(
            unit="share of the distance between unrelated items",
            better="lower",
            title="Cycle error",
            summary="How far an item lies from what came back of it, there and back, as a share of how far unrelated "
            "items lie apart.",
            reading="0: everything comes back. 1: as far off as another item.",
            margin=0.02,
        ),
        "hidden": Metric(
            unit="share of the distance between unrelated items",
            better="lower",
            title="Cycle error that only an invisible message had hidden",
            summary="How much worse items come back once what no eye sees in the translations is drawn anew, beyond "
            "what so small a change explains.",
            reading="0: translations show what they need to come back. Towards 1: they carry it in what nobody sees, "
            "so the low cycle error is steganography, not translation.",
            tolerance=0.1,
            margin=0.03,
        ),
    },
    cites=[
        "Zhu et al. 2017, arXiv:1703.10593 (cycle consistency)",
        "Chu et al. 2017, arXiv:1712.02950 (CycleGAN, a master of steganography)",
    ],
    control="a translator that hides its input in a thousandth of its output's range",
    truth="an inverted copy: error 0 and hidden at most 0",
)
def cycle(
    source: Arrays, generated: Arrays, held_out: Arrays, cycled: Arrays, moved: Arrays, recycled: Arrays, *, rng: Rng,
    resamples: int = 500,
) -> Estimates:  # fmt: skip
    """x: source item, y = G(x), F(y) what came back, y~ = y with what no eye sees drawn anew; items [n ...].

    error = sqrt(E |F(y) - x|^2 / A_x), with A_x the mean squared distance of two source items and A_y that of two real
    items of the other domain. An honest F passes a change on as it passes any: m = sqrt(E |y~ - y|^2 / A_y) of the way
    between unrelated items becomes m of the way between unrelated sources, on top of its error. So
    hidden = sqrt(E |F(y~) - x|^2 / A_x) - sqrt(error^2 + m^2), 0 or below for honest translators, and near 1 - error
    where the cycle lives in what was drawn anew.

    Intervals redraw items with all that was made of them, and the real items of the other domain (bias-corrected
    bootstrap); where every item came back exactly, a share of 3/n may still not (rule of three). Where sources do not
    differ there is no cycle to judge: `ControlFailed`.
    """
    n = len(source)
    if n < LEAST or len(held_out) < LEAST:
        raise NotApplicable(f"needs {LEAST} items of either domain, got {n} and {len(held_out)}")
    x, y, back, y_moved, again, target = (
        _rows(side, role)
        for side, role in (
            (source, "source"), (generated, "generated"), (cycled, "cycled"), (moved, "moved"), (recycled, "recycled"),
            (held_out, "held_out"),
        )
    )  # fmt: skip
    if x.shape != y.shape or target.shape[1] != y.shape[1]:
        raise NotApplicable(f"items of one shape are compared, got {x.shape}, {y.shape} and {target.shape}")
    own = np.stack(
        [_squared(back, x), _squared(again, x), _squared(y_moved, y), _squared(x, x.mean(axis=0))], axis=1
    )  # [n 4]
    other = _squared(target, target.mean(axis=0))
    if min(own[:, 3].mean(), other.mean()) <= 1e-12:
        raise ControlFailed("items of one domain do not differ from one another: there is no cycle to judge")
    error, hidden = _error(own), _hidden(own, other)
    interval = bootstrap(_error, [own], rng=rng, resamples=resamples)
    if own[:, 0].max() <= 1e-12:
        interval = Interval(0.0, sqrt(3 / n), method="rule of three, items random")
    each = np.sqrt(own[:, 0] / _apart(own[:, 3]))
    lost = np.sqrt(own[:, 1] / _apart(own[:, 3]))
    facts: dict[str, Json] = {
        "error once translations were moved": float(np.sqrt(np.square(lost).mean())),
        "how far they were moved": float(np.sqrt(own[:, 2].mean() / _apart(other))),
    }
    detail = Detail(tuple(each.tolist()), source.keys, exhibits=_worst(each, "cycled"), facts=facts)
    shown = Detail(tuple(lost.tolist()), source.keys, exhibits=_worst(lost, "recycled"), facts=facts)
    own_hidden = bootstrap(_hidden, [own, other], rng=rng, resamples=resamples)
    return {
        "error": Estimate(error, n, interval, 0.0, detail),
        "hidden": Estimate(hidden, n, own_hidden, 0.0, shown),
    }


def _rows(side: Arrays, role: str) -> Float[np.ndarray, "n d"]:
    """Items in a row each, in shares of their range."""
    rows: np.ndarray = finite_rows(side.x.reshape(len(side), -1), role) / (side.high - side.low)
    return rows


def _squared(a: Float[np.ndarray, "n d"], b: Float[np.ndarray, "*n d"]) -> Float[np.ndarray, " n"]:
    made: np.ndarray = np.square(a - b).sum(axis=1)
    return made


def _apart(about_mean: Float[np.ndarray, " n"]) -> float:
    """Mean squared distance of two items, from squared distances to their mean: 2 n / (n - 1) times their mean."""
    n = len(about_mean)
    return float(2 * n / (n - 1) * about_mean.mean())


def _error(own: Float[np.ndarray, "n 4"]) -> float:
    return sqrt(float(own[:, 0].mean()) / _apart(own[:, 3]))


def _hidden(own: Float[np.ndarray, "n 4"], other: Float[np.ndarray, " m"]) -> float:
    passed_on = float(own[:, 2].mean()) / _apart(other)
    return sqrt(float(own[:, 1].mean()) / _apart(own[:, 3])) - sqrt(_error(own) ** 2 + passed_on)


def _worst(each: Float[np.ndarray, " n"], role: str) -> tuple[Exhibit, ...]:
    return tuple(
        Exhibit(
            "input, its translation, and what came back",
            (ItemRef("source", int(i)), ItemRef("generated", int(i)), ItemRef(role, int(i))),
            float(each[i]),
        )
        for i in np.argsort(-each, kind="stable")[:SHOWN]
    )
