"""Could outputs be marked as machine-made so that nobody sees it and nothing removes it?"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool
from scipy.stats import norm

from genbench.core.errors import ControlFailed, NotApplicable, ProbeError
from genbench.core.evidence import Marked
from genbench.core.probe import probe
from genbench.core.score import Detail, Estimate, Estimates, Interval, Json, Metric
from genbench.stats.intervals import effective_n, wilson

LEAST = 20


@probe(
    reports={
        "found": Metric(
            unit="share of marked outputs",
            better="higher",
            title="Marked outputs that are recognized",
            summary="Share of outputs in which an invisible mark is found again, at a fixed rate of false alarms.",
            reading="1: every marked output is recognized. At the false-alarm rate, outputs are too small or too flat "
            "to carry a mark that nobody sees.",
            margin=0.05,
        ),
        "survives": Metric(
            unit="share of marked outputs",
            better="higher",
            title="Marks that survive",
            summary="Share of marked outputs that are still recognized after having been spoiled, over all ways.",
            reading="1: noise, compression, crops and the like remove no mark. Who means to remove one can do more.",
            margin=0.05,
        ),
        "false_alarms": Metric(
            unit="share of outputs without a mark",
            better="lower",
            title="False alarms of the mark's detector",
            summary="Share of unmarked outputs, each tried under several keys, in which a mark is found.",
            reading="At most the rate that was asked for; above, no detection can be believed.",
            context=True,
        ),
    },
    cites=["Cox et al. 1997, doi:10.1109/83.650120 (spread spectrum)", "Wen et al. 2023, arXiv:2305.20030 (protocol)"],
    control="a mark too faint to be found: found at the false-alarm rate",
    truth="scores shifted by d: found = 1 - Phi(z - d)",
)
def mark_survival(generated: Marked, *, false_alarm_rate: float = 0.01, severity: int = 3) -> Estimates:
    """Share of outputs whose score passes z = Phi^-1(1 - rate); scores are standard normal at most without a mark.

    found: of marked outputs [n]. survives: the mean over corruptions at `severity` [c n]; the others, and each by
    itself, stand in the details, as does how visible the mark is. The lens marks and looks: this says what outputs of
    this kind can carry, not that the model marks them. The rate must be one that the unmarked outputs under all keys
    can resolve (rule of three: 3 / (k n)); where false alarms are more than twice as frequent, `ControlFailed`.
    Intervals: outputs random (Wilson); what was tried of one output, by corruption or key, is one cluster. Floors: 1, 1
    and the rate.
    """
    n, rate = len(generated), false_alarm_rate
    if not 0 < rate < 0.5:
        raise ProbeError(f"false_alarm_rate lies between 0 and 0.5, got {rate}")
    if severity not in generated.severities:
        raise ProbeError(f"marks were spoiled at severities {list(generated.severities)}, not at {severity}")
    if n < LEAST or generated.unmarked.size < 3 / rate:
        raise NotApplicable(
            f"{n} outputs under {len(generated.unmarked)} keys cannot resolve a false-alarm rate of {rate:g}"
        )
    threshold = float(norm.isf(rate))
    false = _false_alarms(generated.unmarked > threshold, rate)
    found = generated.marked > threshold
    after = generated.spoiled > threshold  # [c s n]
    later = after[:, generated.severities.index(severity)]  # [c n]
    kept = later.mean(axis=0)
    each: dict[str, Json] = {
        f"{name} {s}": round(float(after[i, j].mean()), 4)
        for i, name in enumerate(generated.names)
        for j, s in enumerate(generated.severities)
    }
    facts: dict[str, Json] = {
        "threshold": round(threshold, 3),
        "visible, share of the range": round(float(np.sqrt(np.square(generated.visible).mean())), 5),
        "recognized after": each,
    }
    detail = Detail(tuple(found.astype(float).tolist()), generated.keys, facts=facts)
    return {
        "found": Estimate(float(found.mean()), n, wilson(int(found.sum()), n), 1.0, detail),
        "survives": Estimate(float(kept.mean()), n, _share(later), 1.0, Detail(tuple(kept.tolist()), generated.keys)),
        "false_alarms": false,
    }


def _false_alarms(heard: Bool[np.ndarray, "k n"], rate: float) -> Estimate:
    found = _share(heard)
    if found.low > 2 * rate:
        share = float(heard.mean())
        raise ControlFailed(f"the detector finds a mark in {share:.1%} of outputs without one, at a rate of {rate:.1%}")
    return Estimate(float(heard.mean()), heard.shape[1], found, rate)


def _share(heard: Bool[np.ndarray, "k n"]) -> Interval:
    """Of all (k, output), those of one output as one cluster: Wilson's, at the number of trials they amount to."""
    k, n = heard.shape
    flat = heard.T.reshape(-1)
    trials = effective_n(flat, np.repeat(np.arange(n), k))
    return wilson(float(flat.mean()) * trials, trials)
