"""Can an attacker who holds a generator's discriminator tell from it whether an item was trained on?"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Features, Rng, Verdicts
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimates, Exhibit, ItemRef, Json, Metric, Toward
from genbench.probes.memorization._attacks import attacked
from genbench.probes.memorization._blind import BLIND, FOLDS, blind, void

SHOWN = 4


@probe(
    reports={
        "auc": Metric(
            unit="probability",
            better=Toward(0.5),
            title="Membership attack through the discriminator, AUC",
            summary="Chance that its discriminator holds a training item more real than a held-out one.",
            reading="0.5: it gives nothing away. Towards 1: whoever gets the discriminator can tell who was in the "
            "training data. A generator handed out alone does not give this away.",
            tolerance=0.1,
            margin=0.02,
        ),
        "tpr_at_1pct_fpr": Metric(
            unit="share of members",
            better="lower",
            title="Membership attack through the discriminator, true positives at 1 % false alarms",
            summary="Share of training items that its discriminator names, wrong on 1 % of others.",
            reading="1 % is guessing. This tail, and not the average, is what a person in the data is exposed to.",
            tolerance=0.05,
            margin=0.01,
        ),
        "blind_auc": BLIND,
    },
    cites=[
        "Hayes et al. 2017, arXiv:1705.07663 (LOGAN)",
        "Carlini et al. 2022, arXiv:2112.03570 (tail)",
        "Das et al. 2024, arXiv:2406.16201 (blind baselines)",
    ],
    control="a GAN trained for long on few items",
    truth="members = non-members: 0.5",
)
def discriminator_membership(
    train: Verdicts, held_out: Verdicts, train_seen: Features, held_out_seen: Features, *, rng: Rng
) -> Estimates:
    """White-box LOGAN: items that the discriminator of the last step holds more real are called members; [n] and [m].

    It was shown training items as real, held-out ones never, so where it has learned them by heart it tells the two
    apart, long before outputs look like copies. auc: Mann-Whitney (DeLong, both sides random); tpr_at_1pct_fpr at the
    score that 1 % of held-out items exceed (Wilson's interval, with the threshold's own error; needs 300). Void where a
    judge that never saw the model tells the sides apart. Floors 0.5 and what guessing is expected to score, a little
    above 0.01 (`chance_tpr`); at failure 1 and 1. A discriminator that is worth nothing gives nothing away either: this
    clears no generator, whose outputs `memorization.copying` looks at.
    """
    if min(len(train), len(held_out), len(train_seen), len(held_out_seen)) < FOLDS:
        raise NotApplicable(f"membership needs {FOLDS} items a side, got {len(train)} and {len(held_out)}")
    members, others = _known(train, "train"), _known(held_out, "held_out")
    unseen = blind(train_seen, held_out_seen, rng)
    if gone := void(unseen):
        return {"auc": gone, "tpr_at_1pct_fpr": gone, "blind_auc": unseen}
    surest = tuple(
        Exhibit("training item the discriminator is surest of", (ItemRef("train", int(i)),), float(members[i]))
        for i in np.argsort(-members, kind="stable")[:SHOWN]
    )
    facts: dict[str, Json] = {
        "score": train.definition,
        "median, training items": float(np.median(members)),
        "median, held-out items": float(np.median(others)),
    }
    whole, rare = attacked(members, others, Detail(exhibits=surest, facts=facts))
    return {"auc": whole, "tpr_at_1pct_fpr": rare, "blind_auc": unseen}


def _known(said: Verdicts, role: str) -> Float[np.ndarray, " n"]:
    """Scores in float64. `ProbeError` names the first item of which the discriminator says no finite number."""
    scores = np.asarray(said.scores, np.float64)
    if len(spoiled := np.flatnonzero(~np.isfinite(scores))):
        raise ProbeError(f"{role}: the discriminator's verdict on item {spoiled[0]} is {scores[spoiled[0]]}")
    return scores
