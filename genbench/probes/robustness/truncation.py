"""What does drawing latents towards their average gain in realism, and what does it cost in variety and identity?"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from genbench.core.errors import ControlFailed, NotApplicable
from genbench.core.evidence import Features, Rng, Truncations
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Exhibit, Interval, ItemRef, Json, Metric
from genbench.stats.finite import finite_rows
from genbench.stats.frechet import frechet
from genbench.stats.intervals import normal_interval, wilson
from genbench.stats.prdc import Balls, distances, measure

GROUPS = 20
SHOWN = 4


@probe(
    reports={
        "recall_lost": Metric(
            unit="share",
            better="lower",
            title="Recall lost by truncation",
            summary="How much less of the real items the outputs cover when latents are drawn towards their average.",
            reading="0: no variety is lost. Up to the whole recall of the model without truncation.",
            margin=0.02,
            sized="value",
        ),
        "precision_gained": Metric(
            unit="share",
            better="higher",
            title="Precision gained by truncation",
            summary="How many more of the outputs lie among real items when latents are drawn towards their average.",
            reading="Above 0: truncation buys realism. At 0 or below, it only costs variety.",
            margin=0.02,
        ),
        "identity_kept": Metric(
            unit="share of outputs",
            better="higher",
            title="Identity kept under truncation",
            summary="Share of truncated outputs that are nearer to their own untruncated output than to any other.",
            reading="1: truncation makes the same things more typical. Towards 0: it makes other things.",
            margin=0.02,
            sized="value",
        ),
        "class_kept": Metric(
            unit="share of outputs",
            better="higher",
            title="Class kept under truncation",
            summary="Share of truncated outputs that the lens sees in the class of their own untruncated output.",
            reading="1: no class changes. Outputs that were of no clear class change it without harm.",
            margin=0.02,
        ),
    },
    cites=[
        "Karras et al. 2019, arXiv:1812.04948, appendix B (truncation in W)",
        "Kynkäänniemi et al. 2019, arXiv:1904.06991 (truncation as a trade of recall for precision)",
    ],
    control="latents all drawn into one point: recall is lost whole, identity kept by one output in n",
    truth="a model that ignores truncation: nothing lost or gained, all kept",
)
def truncation(
    generated: Truncations, held_out: Features, *, rng: Rng, psi: float = 0.7, k: int = 5, limit: int = 1000
) -> Estimates:
    """Outputs at psi beside those of the same latents at 1; features [p n d] and [m d], at most `limit` rows a side.

    recall_lost = recall(1) - recall(psi), precision_gained = precision(psi) - precision(1), both by k-nearest-neighbour
    balls as in quality.prdc. Intervals: delete-group jackknife of the difference, latents and real items random, each
    latent with all its truncations. identity_kept = mean_i 1[own untruncated output is the nearest of all n];
    class_kept = mean_i 1[same label]; Wilson, latents random. Floors: 0, 0, 1 and 1. The details have precision,
    recall, both shares and the Fréchet distance (corrected) at every psi that was drawn. Where untruncated outputs do
    not differ, there is nothing to keep: `ControlFailed`.
    """
    if psi not in generated.psis[1:]:
        known = ", ".join(f"{other:g}" for other in generated.psis[1:])
        raise NotApplicable(f"outputs are truncated at {known}; psi = {psi:g} is none of these")
    x = np.stack([finite_rows(some, "generated") for some in generated.x])[:, :limit]
    real = finite_rows(held_out.x, "held_out")[:limit]
    n, at = x.shape[1], generated.psis.index(psi)
    if min(n, len(real)) < 4 * k:
        raise NotApplicable(f"k = {k} neighbours need {4 * k} items a side, got {n} outputs and {len(real)} real")
    if np.ptp(x[0], axis=0).max() == 0:
        raise ControlFailed("collapsed: outputs do not differ from one another, so that truncation has no effect")
    labels = None if generated.labels is None else generated.labels[:, :limit]
    kept = np.stack([distances(some, x[0]).argmin(axis=1) == np.arange(n) for some in x])
    same = None if labels is None else labels == labels[0]
    balls = [measure(real, some) for some in x]
    curve = [_point(own, some, real, k) for own, some in zip(balls, x, strict=True)]
    lost, gained = _differences((balls[0], balls[at]), (len(real), n), k, rng)
    facts = _facts(generated.psis, curve, kept, same)
    detail = Detail(facts={"psi": psi, "k": k, "n reference": len(real), "by psi": facts}, exhibits=_changed(kept[at]))
    first, then = curve[0], curve[at]
    return {
        "recall_lost": Estimate(first["recall"] - then["recall"], n, lost, 0.0, detail),
        "precision_gained": Estimate(then["precision"] - first["precision"], n, gained, 0.0),
        "identity_kept": Estimate(float(kept[at].mean()), n, wilson(int(kept[at].sum()), n), 1.0),
        "class_kept": Absent("the lens names no classes")
        if same is None
        else Estimate(float(same[at].mean()), n, wilson(int(same[at].sum()), n), 1.0),
    }


def _point(balls: Balls, some: Float[np.ndarray, "n d"], real: Float[np.ndarray, "m d"], k: int) -> dict[str, float]:
    scores = balls.scores(np.arange(len(real)), np.arange(len(some)), k)
    return {"precision": scores["precision"], "recall": scores["recall"], "distance": frechet(some, real).corrected}


def _differences(balls: tuple[Balls, Balls], sizes: tuple[int, int], k: int, rng: Rng) -> tuple[Interval, Interval]:
    """Intervals of recall(1) - recall(psi) and precision(psi) - precision(1), by leaving out groups of either side.

    sizes: of real items and of outputs.
    """
    everyone = [np.arange(size) for size in sizes]

    def changes(rows: list[np.ndarray]) -> list[float]:
        first, then = (some.scores(rows[0], rows[1], k) for some in balls)
        return [first["recall"] - then["recall"], then["precision"] - first["precision"]]

    variance = np.zeros(2)
    for side, size in enumerate(sizes):
        cuts, runs = min(GROUPS, size // (k + 2)), []
        for group in np.array_split(rng.permutation(size), cuts):
            rows = list(everyone)
            rows[side] = np.setdiff1d(everyone[side], group, assume_unique=True)
            runs.append(changes(rows))
        variance += (cuts - 1) / cuts * np.square(np.array(runs) - np.mean(runs, axis=0)).sum(axis=0)
    # Where two psis differ in no item no group shows a difference, and yet one more of n might: at least 1/n.
    errors = np.maximum(np.sqrt(variance), 0.5 / min(sizes))
    method = "delete-group jackknife of the difference, latents and real items random"
    lost, gained = (normal_interval(v, float(e), method=method) for v, e in zip(changes(everyone), errors, strict=True))
    return lost, gained


def _facts(
    psis: tuple[float, ...], curve: list[dict[str, float]], kept: np.ndarray, same: np.ndarray | None
) -> dict[str, Json]:
    made: dict[str, Json] = {}
    for i, psi in enumerate(psis):
        row: dict[str, Json] = {name: round(value, 4) for name, value in curve[i].items()}
        row["identity kept"] = round(float(kept[i].mean()), 4)
        if same is not None:
            row["class kept"] = round(float(same[i].mean()), 4)
        made[f"{psi:g}"] = row
    return made


def _changed(kept: np.ndarray) -> tuple[Exhibit, ...]:
    return tuple(Exhibit("output that truncation makes another one of", (ItemRef("generated", int(i)),))
                 for i in np.flatnonzero(~kept)[:SHOWN])  # fmt: skip
