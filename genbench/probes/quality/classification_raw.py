"""Do the outputs teach a classifier of raw inputs what real items would? No network's view stands between."""

from __future__ import annotations

import math

import numpy as np

from genbench.core.evidence import Annotations, Arrays, Features, Labels, Rng
from genbench.core.probe import probe
from genbench.core.score import Estimates, Metric
from genbench.probes.quality.classification import classification

MOST = 512  # numbers an item may have, above which it is projected


@probe(
    reports={
        "lost": Metric(
            unit="share of held-out items",
            better="lower",
            title="Accuracy lost by learning from outputs, raw inputs",
            summary="By how much a classifier trained on raw outputs falls behind one trained on as many real items.",
            reading="0: outputs teach as much as real items do; below 0 they teach more. Sees what the same on a "
            "network's features cannot: outputs that please the network and look like nothing.",
            margin=0.01,
        ),
        "accuracy": Metric(
            unit="share of held-out items",
            better="higher",
            title="Classification accuracy score, raw inputs",
            summary="Accuracy, on held-out real items, of a classifier trained on raw outputs.",
            reading="The floor is that of the same classifier trained on as many real items.",
            margin=0.01,
        ),
    },
    cites=["Ravuri and Vinyals 2019, arXiv:1905.10887", "Santurkar et al. 2018, arXiv:1711.00970"],
    control="outputs that carry a network's labels and none of the classes' looks",
    truth="real items in the outputs' place: nothing is lost",
)
def classification_raw(
    generated: Arrays, generated_said: Annotations, held_out: Arrays, held_out_true: Labels, train: Arrays,
    train_true: Labels, *, rng: Rng, limit: int = 2000,
) -> Estimates:  # fmt: skip
    """`quality.classification` on the items' own numbers [n ...], flattened, instead of a lens's features.

    Where one network gives features and labels, any output falls where that network puts its label, and a classifier
    of features learns the network's own rule from whatever it is shown: on features the score is nearly blind. Raw
    inputs are not the network's, so here its labels have to be earned. Items of more than 512 numbers are projected to
    512 by one random Gaussian matrix (Johnson and Lindenstrauss 1984), alike on all sides. Estimators, intervals and
    floors are that probe's, and so are the labels. A linear classifier is no match for a network, so read `accuracy`
    against its floor only. At failure the share of the class that is always said.
    """
    d = math.prod(generated.x.shape[1:])
    project = rng.normal(0, 1 / math.sqrt(MOST), (d, MOST)) if d > MOST else None
    flat = [_flat(side, limit, project) for side in (generated, held_out, train)]
    said = Annotations(generated_said.labels[:limit], generated_said.names)
    held, seen = (Labels(true.labels[:limit], true.names) for true in (held_out_true, train_true))
    return classification(flat[0], said, flat[1], held, flat[2], seen, rng=rng, limit=limit)


def _flat(side: Arrays, limit: int, project: np.ndarray | None) -> Features:
    rows = np.asarray(side.x[:limit], np.float64).reshape(min(len(side.x), limit), -1)  # [n ...] -> [n d]
    return Features(rows if project is None else rows @ project, tuple(side.keys[:limit]))
