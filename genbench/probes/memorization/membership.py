"""Can an attacker tell from the model's likelihood whether an item was trained on?"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features, LogProbs, Rng
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Metric, Toward
from genbench.probes.memorization._tail import tail
from genbench.stats.finite import finite_rows, known_nats
from genbench.stats.roc import auc, auc_interval

FOLDS = 5


@probe(
    reports={
        "auc": Metric(
            unit="probability",
            better=Toward(0.5),
            title="Membership attack, AUC",
            summary="Chance that a training item gets a higher likelihood than a held-out one.",
            reading="0.5: the model gives nothing away. Towards 1: who was in the training data can be told.",
            tolerance=0.1,
            margin=0.02,
        ),
        "tpr_at_1pct_fpr": Metric(
            unit="share of members",
            better="lower",
            title="Membership attack, true positives at 1 % false alarms",
            summary="Share of training items an attacker can name while being wrong on 1 % of others.",
            reading="1 % is guessing. This tail, and not the average, is what a person in the data is exposed to.",
            tolerance=0.05,
            margin=0.01,
        ),
        "blind_auc": Metric(
            unit="probability",
            better=Toward(0.5),
            title="Blind baseline, AUC",
            summary="How well a classifier that never saw the model tells training items from held-out ones.",
            reading="Must be near 0.5, or the two sets differ by themselves and no attack on the model can be "
            "believed.",
            context=True,
        ),
    },
    cites=["Carlini et al. 2022, arXiv:2112.03570", "Das et al. 2024, arXiv:2406.16201 (blind baselines)"],
    control="an overfit twin",
    truth="members = non-members: 0.5",
)
def membership(
    train: LogProbs, held_out: LogProbs, train_seen: Features, held_out_seen: Features, *, rng: Rng
) -> Estimates:
    """Likelihood attack: items with more nats per unit are called members; scores [n] and [m].

    auc is the Mann-Whitney statistic (DeLong interval, both sides random); tpr_at_1pct_fpr is taken at the threshold
    that 1 % of held-out items exceed (Wilson's interval, with the threshold's own error; needs 300 of them). Void where
    a logistic regression on features, cross-validated, tells the two sides apart without the model. Floors: 0.5, and
    what guessing is expected to score at this m, a little above 0.01 (`chance_tpr`).
    """
    said = [known_nats(side.nats, role) for side, role in ((train, "train"), (held_out, "held_out"))]
    if min(len(train), len(held_out), len(train_seen), len(held_out_seen)) < FOLDS:
        raise NotApplicable(f"membership needs {FOLDS} items a side, got {len(train)} and {len(held_out)}")
    blind = _blind(finite_rows(train_seen.x, "train_seen"), finite_rows(held_out_seen.x, "held_out_seen"), rng)
    low = blind.interval.low if blind.interval else 0.0
    if low > 0.5 and blind.value > 0.55:
        void = Absent(
            f"void: a classifier that never saw the model tells train from held-out with AUC {blind.value:.2f}, "
            "so the two sets differ by themselves"
        )
        return {"auc": void, "tpr_at_1pct_fpr": void, "blind_auc": blind}
    unit = next((u for u in train.counts if min(train.counts[u].min(), held_out.counts[u].min()) > 0), None)
    members, others = (
        nats / side.counts[unit] if unit else nats for nats, side in zip(said, (train, held_out), strict=True)
    )
    score = f"nats per {unit}" if unit else "nats"
    detail = Detail(facts={"score": score, "members": len(members), "others": len(others)})
    return {
        "auc": Estimate(auc(members, others), len(members), auc_interval(members, others), 0.5, detail),
        "tpr_at_1pct_fpr": tail(members, others, detail=detail),
        "blind_auc": blind,
    }


def _blind(members: Float[np.ndarray, "n d"], others: Float[np.ndarray, "m d"], rng: Rng) -> Estimate:
    """AUC of a judge of features alone. Scores become ranks within their own fold: folds differ in intercept, by their
    share of members, and mixing them would push a judge that knows nothing below 0.5."""
    x = np.concatenate([members, others])
    y = np.concatenate([np.ones(len(members)), np.zeros(len(others))])
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=int(rng.integers(2**31)))
    said = np.empty(len(x))
    for learnt, judged in folds.split(x, y):
        judge = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=500)).fit(x[learnt], y[learnt])
        said[judged] = (rankdata(judge.decision_function(x[judged])) - 0.5) / len(judged)
    interval = auc_interval(said[y == 1], said[y == 0])
    return Estimate(auc(said[y == 1], said[y == 0]), len(x), interval, 0.5)
