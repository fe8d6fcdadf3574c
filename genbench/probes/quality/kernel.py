"""Kernel distance (MMD) between outputs and real items, seen through a lens."""

from __future__ import annotations

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Metric
from genbench.stats.finite import finite_rows
from genbench.stats.kernel import mmd

LEAST = 3  # items a side, for the variance


@probe(
    reports={
        "mmd2": Metric(
            unit="squared MMD",
            better="lower",
            title="Kernel distance",
            summary="How far outputs and real items differ in any moment up to the third, without assuming a Gaussian.",
            reading="0 is perfect, and unbiased at any n: values around 0, below it too, mean that no difference is "
            "seen.",
        )
    },
    cites=["Bińkowski et al. 2018, arXiv:1801.01401 (KID)", "Gretton et al. 2012, JMLR 13"],
    control="noise: a Gaussian on pixels",
    truth="two samples of one distribution: 0 on average",
)
def kernel(generated: Features, held_out: Features, train: Features) -> Estimates:
    """Unbiased squared maximum mean discrepancy with KID's kernel (x.y / d + 1)^3 on features [n d], [m d].

    MMD^2 = E k(x,x') + E k(y,y') - 2 E k(x,y), the exact U-statistic over all pairs. Interval: both samples random,
    variance of the U-statistic to second order, and its growth with the truth at the upper end. Floor: 0, which a
    perfect model scores in expectation at any n; what train items score against held-out ones is a fact beside it, as
    one draw of that (its positive part would be a floor that is too high by 0.4 standard errors). At failure without
    bound.
    """
    x, y, z = finite_rows(generated.x, "generated"), finite_rows(held_out.x, "held_out"), finite_rows(train.x, "train")
    if min(len(x), len(y), len(z)) < LEAST:
        raise NotApplicable(
            f"a kernel distance needs {LEAST} items of each, got {len(x)} outputs, {len(y)} held-out, {len(z)} train"
        )
    found, real = mmd(x, y), mmd(z, y)
    facts = {
        "real against real": real.value,
        "its standard error": real.standard_error,
        "n reference": len(y),
    }
    return {"mmd2": Estimate(found.value, len(x), found.interval(), 0.0, Detail(facts=facts))}
