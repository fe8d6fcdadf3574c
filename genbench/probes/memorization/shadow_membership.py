"""Can an attacker who trains models like this one tell whether an item was trained on?"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from genbench.core.errors import NotApplicable
from genbench.core.evidence import LOGIT, Features, Rng, ShadowLogProbs
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Json
from genbench.probes.memorization._attacks import attacked, reports_of, unit_of
from genbench.probes.memorization._blind import BLIND, FOLDS, blind, void
from genbench.stats.finite import known_nats
from genbench.stats.lira import lira_offline, lira_online, rmia_ratio
from genbench.stats.roc import auc

ATTACKS = {
    "lira": ("LiRA", "its likelihood under models that learned from it, against models that did not"),
    "rmia": (
        "RMIA",
        "how much likelier it is by this model than by the mean of models that did and did not learn from it",
    ),
    "reference": ("Reference models", "its log-probability past that by models that did not learn from it"),
}
REPORTS = reports_of(ATTACKS, good="0.5: the model gives nothing away, even to who can train models like it.")


@probe(
    reports={**REPORTS, "blind_auc": BLIND},
    cites=[
        "Carlini et al. 2022, arXiv:2112.03570 (LiRA)",
        "Zarifzadeh et al. 2024, arXiv:2312.03262 (RMIA)",
        "Watson et al. 2022, arXiv:2111.08440 (difficulty calibration)",
        "Das et al. 2024, arXiv:2406.16201 (blind baselines)",
    ],
    control="an overfit twin with shadows",
    truth="members = non-members: 0.5 and 0.01",
)
def shadow_membership(
    train: ShadowLogProbs, held_out: ShadowLogProbs, train_seen: Features, held_out_seen: Features, *, rng: Rng
) -> Estimates:
    """Three scores of an item x: t = log p(x) per unit by the model, against that by its k shadows (`stats/lira.py`).

    lira = log N(t; mu_in, s_in^2) - log N(t; mu_out, s_out^2); rmia = log p(x | model) - log p(x), p(x) the mean over
    shadows in and out, which orders items as the paper's score at gamma = 1; reference = (t - mu_out) / s_out. An item
    that is easy for every model is no member for that, which a plain likelihood attack takes it for.

    auc: Mann-Whitney, Wilson's interval at DeLong's variance; tpr: at the threshold that 1 % of held-out items exceed
    (needs 300). Items of both sides are random, the shadow models given: with few of them an attack is weaker than it
    could be, so a low score with 8 is no proof for an attacker with 64. Floors 0.5 and what guessing is expected to
    score. Void where a judge that never saw the model tells the sides apart. At failure 1 and 1.

    Of a GAN and its shadows (`shadow_discriminators`) t is what the discriminator says: a logit, as LiRA takes a
    classifier's, and RMIA then the probability of being real; or a critic's value, whose scale is each training's own.
    lira and reference set it against its own spread; rmia divides probabilities, which that gives none of: `Absent`.
    """
    sides = (train, held_out)
    if min(len(train), len(held_out), len(train_seen), len(held_out_seen)) < FOLDS:
        raise NotApplicable(f"membership needs {FOLDS} items a side, got {len(train)} and {len(held_out)}")
    unseen = blind(train_seen, held_out_seen, rng)
    if gone := void(unseen):
        return dict.fromkeys(REPORTS, gone) | {"blind_auc": unseen}
    unit = unit_of([side.counts for side in sides])
    amount = np.concatenate([side.counts[unit] if unit else np.ones(len(side)) for side in sides])
    said = np.concatenate(
        [known_nats(side.nats, role) for side, role in zip(sides, ("train", "held_out"), strict=True)]
    )
    shadows = np.concatenate([side.shadows for side in sides], axis=1)
    inside = np.concatenate([side.inside for side in sides], axis=1)
    if not (np.isfinite(said).all() and np.isfinite(shadows).all()):
        raise NotApplicable("a model gives an item probability 0, and against that no score can be set")
    member = np.arange(len(said)) < len(train)
    target, shadows = said / amount, shadows / amount
    scores: dict[str, Float[np.ndarray, " n"] | Absent] = {
        "lira": lira_online(target, shadows, inside),
        "rmia": _rmia(target, shadows, inside, train.definition),
        "reference": lira_offline(target, shadows, inside),
    }
    facts: dict[str, Json] = {
        "score": train.definition or (f"nats per {unit}" if unit else "nats"), "shadow models": len(shadows),
        "members": len(train), "others": len(held_out),
        "AUC without shadows": round(auc(target[member], target[~member]), 4),
    }  # fmt: skip
    detail, found = Detail(facts=facts), dict[str, Estimate | Absent](blind_auc=unseen)
    for name, score in scores.items():
        if isinstance(score, Absent):
            found[f"{name}_auc"] = found[f"{name}_tpr"] = score
            continue
        own, rest = score[member], score[~member]
        found[f"{name}_auc"], found[f"{name}_tpr"] = attacked(own, rest, detail)
    return found


def _rmia(
    target: Float[np.ndarray, " n"], shadows: Float[np.ndarray, "k n"], inside: Bool[np.ndarray, "k n"], definition: str
) -> Float[np.ndarray, " n"] | Absent:
    """Of log-probabilities, or of logits as log sigma(t); else there is no probability to divide."""
    if not definition:
        return rmia_ratio(target, shadows, inside)
    if definition != LOGIT:
        return Absent(f"RMIA divides probabilities, and an item's score is the {definition}, which is none")
    return rmia_ratio(-np.logaddexp(0, -target), -np.logaddexp(0, -shadows), inside)
