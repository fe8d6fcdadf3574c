"""The blind baseline: can one tell members from others by the items alone? Then no attack on a model proves a thing."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import rankdata

from genbench.core.evidence import Features, Rng
from genbench.core.score import Absent, Estimate, Metric, Toward
from genbench.stats.finite import finite_rows
from genbench.stats.permutation import dealt_auc_interval
from genbench.stats.roc import auc

FOLDS = 5
RIDGE = 80.0  # squared standardized units
CLEARLY = 0.55

BLIND = Metric(
    unit="probability",
    better=Toward(0.5),
    title="Blind baseline, AUC",
    summary="How well a classifier that never saw the model tells training items from held-out ones.",
    reading="Must be near 0.5, or the two sets differ by themselves and no attack on the model can be believed.",
    context=True,
)


def blind(members: Features, others: Features, rng: Rng) -> Estimate:
    """AUC of a judge of features alone, cross-validated, and its interval, widened to a permutation null; floor 0.5.

    All items are judged by judges that share most of what they learnt from, so DeLong's formula is too sure: by itself
    it left 0.5 out for 17 of 100 pairs of like sets. Hence the labels are dealt anew, and the judge learns again.
    """
    x, n = np.concatenate([finite_rows(members.x, "train_seen"), finite_rows(others.x, "held_out_seen")]), len(members)
    place = rng.permutation(len(x))

    def judged(labels: Bool[np.ndarray, "draws _"]) -> Float[np.ndarray, "draws _"]:
        said = np.empty(labels.shape)
        for fold in np.array_split(place, FOLDS):
            learnt = np.setdiff1d(place, fold)
            said[:, fold] = _said(x[learnt], labels[:, learnt].astype(np.float64), x[fold])
        return said

    said = judged((np.arange(len(x)) < n)[None])[0]
    interval = dealt_auc_interval((said[:n], said[n:]), judged, rng=rng)
    return Estimate(auc(said[:n], said[n:]), len(x), interval, 0.5)


def void(found: Estimate) -> Absent | None:
    """What stands in the place of every attack where the two sides differ by more than dealt labels let them."""
    low = found.interval.low if found.interval else 0.0
    if low <= 0.5 or found.value <= CLEARLY:
        return None
    return Absent(
        f"void: a classifier that never saw the model tells train from held-out with AUC {found.value:.2f}, "
        "so the two sets differ by themselves"
    )


def _said(
    learnt: Float[np.ndarray, "l d"], labels: Float[np.ndarray, "draws l"], judged: Float[np.ndarray, "j d"]
) -> Float[np.ndarray, "draws j"]:
    """A linear discriminant's verdicts on standardized features (least squares with RIDGE), for all dealings at once.

    As ranks from 0 to 1 within the fold: folds differ in intercept, by their share of members, and mixing them
    would push a judge that knows nothing below 0.5.
    """
    centre, scale = learnt.mean(axis=0), learnt.std(axis=0)
    z, unseen = ((side - centre) / np.where(scale > 0, scale, 1.0) for side in (learnt, judged))
    y = labels - labels.mean(axis=1, keepdims=True)
    if z.shape[1] <= len(z):
        found = unseen @ np.linalg.solve(z.T @ z + RIDGE * np.eye(z.shape[1]), z.T @ y.T)
    else:
        found = unseen @ z.T @ np.linalg.solve(z @ z.T + RIDGE * np.eye(len(z)), y.T)
    ranks: np.ndarray = (rankdata(found.T, axis=1) - 0.5) / len(judged)
    return ranks
