"""Can outputs still be told from real items by their own numbers? No lens's view stands between."""

from __future__ import annotations

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Arrays, Rng
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Json, Metric
from genbench.stats.detectors import LEAST, asked
from genbench.stats.raw_detectors import convolved, shown


@probe(
    reports={
        "auc": Metric(
            unit="probability",
            better="higher",
            title="Detectability of outputs, raw inputs",
            summary="Chance that a network of convolutions ranks an output above a real item as machine-made.",
            reading="1: outputs can be told and labelled. 0.5: a small network that learned from them cannot tell. "
            "Sees traces that a lens's features leave out. High quality pulls it down, so it is no alarm.",
            margin=0.03,
            sized="value",
        ),
    },
    cites=[
        "Wang et al. 2020, arXiv:1912.11035 (convolutions as detectors of generated items)",
        "Lopez-Paz and Oquab 2017, arXiv:1610.06545 (classifier two-sample tests)",
    ],
    control="noise about the mean item: near 1",
    truth="real items against real items: 0.5",
    format_matched=True,
)
def detectability_raw(
    generated: Arrays, held_out: Arrays, *, rng: Rng, steps: int = 300, limit: int = 2000
) -> Estimates:
    """AUC, on unseen items, of a small network of convolutions trained on the items themselves, arrays [n c h w].

    `misuse.detectability` with the items' own numbers for a lens's features: where a lens resizes, averages or leaves
    out, what gives outputs away may be lost before any detector looks. Of items with more than 64 places along an axis
    the middle 64 are seen, at their own scale, as shrinking would wipe out the finest traces. As there, real items are
    seen as if saved like the outputs, each distinct item counts once, both sides have the same n, the network learns
    from one half of the items (`steps` of 32, so at 150 a side each some thirty times) and the other half is judged:
    DeLong's interval, both sides of what is judged random, holds for this network. One with more data, eyes or depth
    would find more: the AUC bounds detectability from below. `genbench detectors` shows what each model's network makes
    of other models' outputs.

    Floor and value at perfection of the model: 0.5, exactly, as outputs and real items then change places freely; at
    failure 1. `NotApplicable` where items have no places [height width], or fewer than 40 a side are distinct.
    """
    seen = shown(generated, held_out, limit, rng)
    n = min(len(seen.made), len(seen.real))
    if n < LEAST:
        raise NotApplicable(
            f"needs {2 * LEAST} distinct items a side, got {seen.distinct} outputs and {seen.distinct_real} real ones"
        )
    found = asked(convolved(seen.made, seen.real, seen.shape, steps, rng), seen.made, seen.real)
    assert found is not None  # a half holds no row of the other, and there are enough
    facts: dict[str, Json] = {
        "detector": "convolutions",
        "fitted on, a side": n,
        "places seen of each item": "{} x {} of {} x {}".format(*seen.shape[1:], *generated.x.shape[2:]),
        "repeated outputs left out": len(generated) - seen.distinct,
    }
    return {"auc": Estimate(found.auc, found.outputs, found.interval, 0.5, Detail(facts=facts))}
