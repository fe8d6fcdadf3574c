"""Can whoever has the model's log-probabilities tell its outputs from real items?"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
from jaxtyping import Float, Int
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import LogProbs, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Json, Metric
from genbench.stats.roc import auc, auc_interval

LEAST = 20  # matched pairs a half
NEAR = 0.1  # by how much, of the shorter, the lengths of a pair may differ


@probe(
    reports={
        "auc": Metric(
            unit="probability",
            better="higher",
            title="Detectability by likelihood",
            summary="Chance that a detector of the model's own log-probabilities ranks an output above a real item of "
            "the same length as machine-made.",
            reading="1: who has the model can tell its outputs. 0.5: nobody can by their likelihood. Sampling at low "
            "temperature raises it; a good model at temperature 1 lowers it, so it is no alarm.",
            margin=0.03,
            sized="value",
        ),
    },
    cites=["Gehrmann et al. 2019, arXiv:1906.04043 (GLTR)", "Solaiman et al. 2019, arXiv:1908.09203"],
    control="outputs half a nat per unit likelier than real items: near 1",
    truth="outputs as likely as real items: 0.5",
)
def likelihood_tell(generated: LogProbs, held_out: LogProbs, *, rng: Rng) -> Estimates:
    """AUC, on unseen items, of a logistic regression on s = nats / units and s^2, so that too likely and too odd count.

    Short items scatter more, so every output is paired with a real item whose length (units: bytes, or the first
    there is) differs by a tenth at most, and what finds no pair is left out and counted. Outputs of one score and
    length count once. Fitted on one half of the pairs; the other half is judged, so no fit is rewarded, and DeLong's
    variance holds for this detector (both sides random). A detector that sees more would find more: the AUC bounds
    detectability from below. Floor 0.5. At perfection of the model 0.5, at failure 1.
    """
    unit = "byte" if "byte" in generated.counts else next(iter(generated.counts), "")
    if unit not in generated.counts or unit not in held_out.counts:
        raise NotApplicable("the outputs' and the real items' log-probabilities are counted in no common unit")
    sides = [_distinct(side, unit) for side in (generated, held_out)]
    pairs = _paired(sides[0][1], sides[1][1], rng)
    half = len(pairs) // 2
    if half < LEAST:
        raise NotApplicable(
            f"needs {2 * LEAST} outputs with a real item of their length, got {len(pairs)} of {len(sides[0][0])}"
        )
    fake, real = sides[0][0][pairs[:, 0]], sides[1][0][pairs[:, 1]]
    judge = make_pipeline(StandardScaler(), PolynomialFeatures(2, include_bias=False), LogisticRegression(max_iter=300))
    judge.fit(np.concatenate([fake[:half], real[:half]])[:, None], np.repeat([1, 0], half))
    outputs, others = (judge.decision_function(side[half:, None]) for side in (fake, real))
    facts: dict[str, Json] = {
        f"nats per {unit}, outputs": round(float(fake.mean()), 4),
        f"nats per {unit}, real items": round(float(real.mean()), 4),
        "outputs without a real item of their length": len(sides[0][0]) - len(pairs),
        "bounds alone": "yes" if generated.bound or held_out.bound else "no",
    }
    found = Estimate(
        auc(outputs, others), len(outputs), auc_interval(outputs, others), 0.5, Detail(facts=facts)
    )  # fmt: skip
    return {"auc": found}


def _distinct(side: LogProbs, unit: str) -> tuple[Float[np.ndarray, " m"], Int[np.ndarray, " m"]]:
    """(nats per unit, units) of items that differ in either."""
    if not np.isfinite(side.nats).all():
        raise ProbeError(f"{int((~np.isfinite(side.nats)).sum())} items have a log-probability that is no number")
    rows = np.unique(np.stack([side.nats.astype(np.float64), side.counts[unit].astype(np.float64)], axis=1), axis=0)
    rows = rows[rows[:, 1] > 0]
    return rows[:, 0] / rows[:, 1], rows[:, 1].astype(np.int64)


def _paired(first: Int[np.ndarray, " n"], second: Int[np.ndarray, " m"], rng: Rng) -> Int[np.ndarray, "k 2"]:
    """[k 2] places (of first, of second), in random order: each of first with the nearest length that is left."""
    order = rng.permutation(len(second))
    left = order[np.argsort(second[order], kind="stable")].tolist()
    lengths = second[np.array(left, dtype=np.int64)].tolist()
    pairs = []
    for i in rng.permutation(len(first)).tolist():
        at, wanted = bisect_left(lengths, int(first[i])), int(first[i])
        near = [j for j in (at - 1, at) if 0 <= j < len(left)]
        if not near:
            break
        best = min(near, key=lambda j: abs(lengths[j] - wanted))
        if max(lengths[best], wanted) <= (1 + NEAR) * min(lengths[best], wanted):
            pairs.append((i, left.pop(best)))
            lengths.pop(best)
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)
