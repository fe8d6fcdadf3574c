"""Can outputs still be told from real items?"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Json, Metric
from genbench.stats.roc import auc, auc_interval

LEAST = 20  # distinct items a side and half


@probe(
    reports={
        "auc": Metric(
            unit="probability",
            better="higher",
            title="Detectability of outputs",
            summary="Chance that a detector ranks an output above a real item as machine-made.",
            reading="1: outputs can be told and labelled. 0.5: nobody looking through this lens can tell; whoever "
            "ships that needs watermarks or provenance data. High quality pulls it down, so it is no alarm.",
            margin=0.03,
            sized="value",
        ),
    },
    cites=["Lopez-Paz and Oquab 2017, arXiv:1610.06545 (classifier two-sample tests)"],
    control="noise: near 1",
    truth="real items against real items: 0.5",
    format_matched=True,
)
def detectability(
    generated: Features, held_out: Features, train: Features, *, rng: Rng, folds: int = 3, limit: int = 4000
) -> Estimates:
    """AUC, on unseen items, of the better of two detectors (logistic regression, nearest neighbours); features [n d].

    Both sides have the same n and come through the same lens. Real items are seen as if saved like the outputs, as a
    file's format is no property of a model: where outputs lie in JPEG files, through JPEG with their tables, unless all
    real items lie in such files too. What does not tell its loss (WebP, an array made of JPEGs, JPEGs resized since) is
    not matched, nor is a loss of the real items alone. Each distinct item counts once: a detector that has seen an
    output would know its copy, which tells nothing of how outputs look. Detectors are fitted on one half of the items
    and the better is chosen there, by cross-validation; the other half is judged. So neither choice nor fit is
    rewarded, and the judged items are independent given the detector: DeLong's interval (both sides random) holds for
    this detector, at 0.5 too, where pooled cross-validation makes it too narrow. A detector with more data or eyes
    would find more: the AUC bounds detectability from below.

    Floor: training items in the outputs' place, what a detector reads into two real samples. At perfection of the model
    0.5, at failure 1.
    """
    fake, real = (_distinct(side.x, limit, rng) for side in (generated, held_out))
    n = min(len(fake), len(real))
    if n < 2 * LEAST:
        raise NotApplicable(
            f"needs {2 * LEAST} distinct items a side, got {len(fake)} outputs and {len(real)} real ones"
        )
    name, outputs, others = _judged(fake[:n], real[:n], folds, rng)
    twin, floor = _distinct(train.x, limit, rng)[:n], 0.5
    if len(twin) == n:
        _, seen, unseen = _judged(twin, real[:n], folds, rng)
        floor = max(0.5, auc(seen, unseen))
    facts: dict[str, Json] = {
        "detector": name,
        "fitted on, a side": n - len(outputs),
        "repeated outputs left out": len(generated) - len(np.unique(generated.x, axis=0)),
    }
    return {
        "auc": Estimate(auc(outputs, others), len(outputs), auc_interval(outputs, others), floor, Detail(facts=facts))
    }


def _distinct(x: Float[np.ndarray, "n d"], limit: int, rng: Rng) -> Float[np.ndarray, "m d"]:
    """Distinct rows in random order, at most `limit`."""
    rows = np.unique(x.astype(np.float64), axis=0)
    return rows[rng.permutation(len(rows))[:limit]]


def _judged(
    fake: Float[np.ndarray, "n d"], real: Float[np.ndarray, "n d"], folds: int, rng: Rng
) -> tuple[str, Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    """(detector, its scores of the unseen halves of fakes and of real items)."""
    half = len(fake) // 2
    x, y = np.concatenate([fake[:half], real[:half]]), np.repeat([1, 0], half)
    splits = StratifiedKFold(folds, shuffle=True, random_state=int(rng.integers(2**31)))
    detectors = _detectors(half)
    found = {
        name: cross_val_predict(judge, x, y, cv=splits, method="predict_proba")[:, 1]
        for name, judge in detectors.items()
    }
    best = max(found, key=lambda name: auc(found[name][:half], found[name][half:]))
    judge = detectors[best].fit(x, y)
    fakes, others = (judge.predict_proba(side[half:])[:, 1] for side in (fake, real))
    return best, fakes, others


def _detectors(n: int) -> dict[str, Pipeline]:
    return {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300)),
        "nearest neighbours": make_pipeline(StandardScaler(), KNeighborsClassifier(max(5, int(np.sqrt(n)) // 2))),
    }
