"""Can an attacker tell from the model's log-probabilities of single tokens whether a text was trained on?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Features, Rng, TokenLogProbs
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Json
from genbench.probes.memorization._attacks import attacked, reports_of
from genbench.probes.memorization._blind import BLIND, FOLDS, blind, void

SURE = 1e-6  # nats: a deviation below this is that of a token that nothing competes with

ATTACKS = {
    "min_k": ("Min-K%", "the mean log-probability of a text's least likely tokens"),
    "min_k_plus": ("Min-K%++", "the same, each token against what the model expects in its place"),
    "zlib": ("zlib ratio", "the log-probability of a text for each byte that zlib leaves of it"),
}
REPORTS = reports_of(
    ATTACKS, good="0.5: the model gives nothing away. Towards 1: who was in the training data can be told."
)


@probe(
    reports={**REPORTS, "blind_auc": BLIND},
    cites=[
        "Shi et al. 2024, arXiv:2310.16789 (Min-K%)",
        "Zhang et al. 2025, arXiv:2404.02936 (Min-K%++)",
        "Carlini et al. 2021, arXiv:2012.07805 (zlib ratio)",
        "Das et al. 2024, arXiv:2406.16201 (blind baselines)",
    ],
    control="an overfit gpt",
    truth="members = non-members: 0.5 and 0.01",
)
def token_membership(
    train: TokenLogProbs,
    held_out: TokenLogProbs,
    train_seen: Features,
    held_out_seen: Features,
    *,
    rng: Rng,
    share: float = 0.2,
) -> Estimates:
    """Three membership scores of a text x of tokens x_1..x_T, each high for members; k = max(1, floor(share T)).

    min_k = mean of the k lowest log p(x_t | x_<t). min_k_plus = mean of the k lowest z_t = (log p(x_t | x_<t) - mu_t) /
    sigma_t, mu_t and sigma_t mean and deviation of log p of a token drawn in that place; where sigma_t is 0 nothing
    competes, and z_t is 0. zlib = log p(x) / bytes that zlib leaves of x. Texts without a token are left out.

    auc: Mann-Whitney, Wilson's interval at DeLong's variance; tpr: at the threshold that 1 % of held-out items exceed
    (needs 300), Wilson's with the threshold's own error; both sides random. Floors 0.5 and what guessing is expected
    to score. Void where a judge that never saw the model tells the sides apart. At failure 1 and 1.
    """
    if not 0 < share <= 1:
        raise ProbeError(f"the share of tokens lies above 0 and up to 1, got {share}")
    if min(len(train), len(held_out), len(train_seen), len(held_out_seen)) < FOLDS:
        raise NotApplicable(f"membership needs {FOLDS} items a side, got {len(train)} and {len(held_out)}")
    unseen = blind(train_seen, held_out_seen, rng)
    if gone := void(unseen):
        return dict.fromkeys(REPORTS, gone) | {"blind_auc": unseen}
    members, others = (scores(side, role, share) for side, role in ((train, "train"), (held_out, "held_out")))
    found: dict[str, Estimate | Absent] = {"blind_auc": unseen}
    for name in ATTACKS:
        own, rest = members[name], others[name]
        if min(len(own), len(rest)) < FOLDS:
            gone = Absent(f"{len(own)} training and {len(rest)} held-out texts have such a score; {FOLDS} are needed")
            found |= {f"{name}_auc": gone, f"{name}_tpr": gone}
            continue
        facts: dict[str, Json] = {"members": len(own), "others": len(rest)}
        if name != "zlib":
            facts["share of tokens"] = share
        detail = Detail(facts=facts)
        found[f"{name}_auc"], found[f"{name}_tpr"] = attacked(own, rest, detail)
    return found


def scores(side: TokenLogProbs, role: str, share: float) -> Mapping[str, Float[np.ndarray, " n"]]:
    """The three scores of each text that has a token. `ProbeError` names the first place that holds no number."""
    for what in ("nats", "means", "deviations"):
        spoiled = np.flatnonzero(np.isnan(getattr(side, what)) | np.isposinf(getattr(side, what)))
        if len(spoiled):
            item = int(np.searchsorted(side.offsets, spoiled[0], side="right")) - 1
            raise ProbeError(f"{role}: item {item} holds {what} that are no number ({len(spoiled)} tokens do)")
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(side.deviations > SURE, (side.nats - side.means) / side.deviations, 0.0)
    lowest, lowest_z, whole = [], [], []
    for i in range(len(side)):
        own = slice(int(side.offsets[i]), int(side.offsets[i + 1]))
        if own.start == own.stop:
            continue
        lowest.append(_lowest(side.nats[own], share))
        lowest_z.append(_lowest(z[own], share))
        if "zlib" in side.counts:
            whole.append(float(side.nats[own].sum()) / int(side.counts["zlib"][i]))
    return {"min_k": np.array(lowest), "min_k_plus": np.array(lowest_z), "zlib": np.array(whole)}


def _lowest(values: Float[np.ndarray, " t"], share: float) -> float:
    k = max(1, int(share * len(values)))
    return float(np.partition(values, k - 1)[:k].mean())
