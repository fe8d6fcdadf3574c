"""Can outputs still be told from real items?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Json, Metric
from genbench.stats.detectors import LEAST, Kind, asked, dealt, fitted
from genbench.stats.finite import finite_rows


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
    generated: Features, held_out: Features, train: Features, *, rng: Rng, folds: int = 3, limit: int = 4000,
    detector: Kind = "better",
) -> Estimates:  # fmt: skip
    """AUC, on unseen items, of the better of two detectors (logistic regression, nearest neighbours); features [n d].

    Both sides have the same n and come through the same lens. Real items are seen as if saved like the outputs, as a
    file's format is no property of a model: where outputs lie in JPEG files, through JPEG with their tables, unless all
    real items lie in such files too. What does not tell its loss (WebP, an array made of JPEGs, JPEGs resized since) is
    not matched, nor is a loss of the real items alone. Texts of both sides are cut to one length, which three in four
    of either have, and shorter ones are left out. Each distinct item counts once: a detector that has seen an output
    would know its copy, which tells nothing of how outputs look. Detectors are fitted on one half of the items
    and the better is chosen there, by cross-validation; the other half is judged. So neither choice nor fit is
    rewarded, and the judged items are independent given the detector: DeLong's interval (both sides random) holds for
    this detector, at 0.5 too, where pooled cross-validation makes it too narrow. A detector with more data or eyes
    would find more: the AUC bounds detectability from below. `detector` names one kind in place of the better.

    Floor: training items in the outputs' place, what a detector reads into two real samples. At perfection of the model
    0.5, at failure 1. What it makes of other models' outputs is a table of the run, see `genbench detectors`.
    """
    generated, held_out, train = (
        replace(side, x=finite_rows(side.x, role))
        for side, role in ((generated, "generated"), (held_out, "held_out"), (train, "train"))
    )
    real, made = (dealt(side, limit, rng) for side in (held_out, generated))
    n = min(len(made), len(real))
    if n < LEAST:
        raise NotApplicable(
            f"needs {2 * LEAST} distinct items a side, got {_distinct(generated)} outputs and "
            f"{_distinct(held_out)} real ones"
        )
    judge = fitted(made, real, folds, detector, rng)
    found = asked(judge, made, real)
    twin, floor = dealt(train, 2 * n, rng), 0.5
    if len(twin) == n:
        seen = asked(fitted(twin, real, folds, detector, rng), twin, real)
        floor = max(0.5, seen.auc if seen else 0.5)
    assert found is not None  # a half holds no row of the other, and there are enough
    facts: dict[str, Json] = {
        "detector": judge.name,
        "fitted on, a side": n,
        "repeated outputs left out": len(generated) - _distinct(generated),
    }
    return {"auc": Estimate(found.auc, found.outputs, found.interval, floor, Detail(facts=facts))}


def _distinct(side: Features) -> int:
    return len(np.unique(side.x, axis=0))
