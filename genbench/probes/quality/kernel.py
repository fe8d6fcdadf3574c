"""Kernel distance (MMD) between outputs and real items, seen through a lens."""

from __future__ import annotations

from genbench.core.evidence import Features
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Metric
from genbench.stats.intervals import normal_interval
from genbench.stats.kernel import mmd


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
    variance of the U-statistic to second order. Floor: train against held-out, or 0 where that falls below. At
    perfection 0, at failure without bound.
    """
    found = mmd(generated.x, held_out.x)
    real = mmd(train.x, held_out.x)
    interval = normal_interval(found.value, found.standard_error, method="U-statistic variance, both samples random")
    facts = {"real against real": real.value, "n reference": len(held_out)}
    return {"mmd2": Estimate(found.value, len(generated), interval, max(0.0, real.value), Detail(facts=facts))}
