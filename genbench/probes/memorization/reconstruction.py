"""Can the model make training items again more exactly than others like them?"""

from __future__ import annotations

import numpy as np

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features, Remakes, Rng
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
            title="Reconstruction attack, AUC",
            summary="Chance that the model comes nearer to a training item than to a held-out one.",
            reading="0.5: it makes both equally well. Towards 1: what it was trained on can be told by how well it is "
            "made again.",
            tolerance=0.1,
            margin=0.02,
        ),
        "tpr_at_1pct_fpr": Metric(
            unit="share of members",
            better="lower",
            title="Reconstruction attack, true positives at 1 % false alarms",
            summary="Share of training items that are made again so exactly that an attacker can name them while being "
            "wrong on 1 % of others.",
            reading="1 % is guessing.",
            tolerance=0.05,
            margin=0.01,
        ),
        "blind_auc": BLIND,
    },
    cites=["Webster et al. 2019, arXiv:1901.03396 (latent recovery)", "Carlini et al. 2022, arXiv:2112.03570 (tail)"],
    control="an autoencoder trained for long on few items",
    truth="members = non-members: 0.5",
)
def reconstruction(
    train: Remakes, held_out: Remakes, train_seen: Features, held_out_seen: Features, *, rng: Rng
) -> Estimates:
    """Attack by e = |x^ - x|, x^ the model's own version of x: the smaller the likelier a member; errors [n], [m].

    auc = P(e(member) < e(other)), the Mann-Whitney statistic (DeLong, both sides random); tpr_at_1pct_fpr at the error
    below which 1 % of held-out items lie (Wilson, with the threshold's own error; needs 300 of them). Void where a
    judge that never saw the model tells the sides apart. Floors 0.5 and a little above 0.01 (`chance_tpr`); at failure
    1. A small error on both sides is a good model, and so is no alarm; a search that ends too early errs on both.
    """
    if min(len(train), len(held_out), len(train_seen), len(held_out_seen)) < FOLDS:
        raise NotApplicable(f"needs {FOLDS} items a side, got {len(train)} and {len(held_out)}")
    if not (np.isfinite(train.errors).all() and np.isfinite(held_out.errors).all()):
        raise NotApplicable("some of the model's versions lie at no finite distance from their items")
    unseen = blind(train_seen, held_out_seen, rng)
    if gone := void(unseen):
        return {"auc": gone, "tpr_at_1pct_fpr": gone, "blind_auc": unseen}
    members, others = -train.errors, -held_out.errors
    nearest = tuple(
        Exhibit("training item the model makes most exactly", (ItemRef("train", int(i)),), float(train.errors[i]))
        for i in np.argsort(train.errors, kind="stable")[:SHOWN]
    )
    facts: dict[str, Json] = {
        "versions": train.how,
        "median error, training items": float(np.median(train.errors)),
        "median error, held-out items": float(np.median(held_out.errors)),
    }
    detail = Detail(exhibits=nearest, facts=facts)
    whole, rare = attacked(members, others, detail)
    return {"auc": whole, "tpr_at_1pct_fpr": rare, "blind_auc": unseen}
