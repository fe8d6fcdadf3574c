"""The instrument's certificate in a report: what each probe of this run was shown to hear, and how often it erred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genbench.core.inert import inert
from genbench.results.certificate import Proof, Vouched, read_certificate
from genbench.results.run import Run

MOST = 4  # plants shown for each probe
COMMAND = "genbench selftest"


@dataclass(frozen=True)
class Shown:
    """One proof in words: "copies at 0.05", "38 of 40", "83 to 99 %"."""

    what: str
    count: str
    interval: str
    held: bool


@dataclass(frozen=True)
class Line:
    """One probe of the run. warning: why the certificate does not, or not wholly, vouch for it; empty where it does."""

    probe: str
    power: tuple[Shown, ...]
    false_alarms: tuple[Shown, ...]
    left_out: int
    made: str
    warning: str
    sign: str


@dataclass(frozen=True)
class Vouchers:
    """lines: empty where the run carries no certificate. stale: probes whose code has changed since."""

    lines: tuple[Line, ...]
    stale: int
    command: str = COMMAND


def vouchers(run: Run) -> Vouchers:
    """The part of the run's certificate that concerns its scores."""
    found = read_certificate(run.path)
    if found is None:
        return Vouchers((), 0)
    versions = {score.probe: score.provenance.probe_version for score in run.measured}
    lines = tuple(_line(probe, code, found.probes.get(probe)) for probe, code in sorted(versions.items()))
    stale = sum(probe in found.probes and found.probes[probe].code != code for probe, code in versions.items())
    return Vouchers(lines, stale)


def _line(probe: str, code: str, vouched: Vouched | None) -> Line:
    if vouched is None:
        return Line(probe, (), (), 0, "", "not part of this certificate", "missing")
    power, quiet = _weakest(vouched.power), _worst(vouched.false_alarms)
    left_out = max(0, len(power) - MOST) + max(0, len(quiet) - MOST)
    warning, sign = "", "clear"
    if not vouched.held:
        warning, sign = "did not do all that was wanted of it", "alarm"
    if vouched.code != code:
        warning, sign = "its code has changed since, so this speaks of another version", "unsure"
    made = f"{vouched.date}, n = {vouched.n}{', full' if vouched.full else ''}"
    return Line(
        probe, tuple(map(_shown, power[:MOST])), tuple(map(_shown, quiet[:MOST])), left_out, made, warning, sign
    )


def _weakest(proofs: Sequence[Proof]) -> list[Proof]:
    """Of each plant and metric the first dose that must be heard, failures before others."""
    first: dict[tuple[str, str], Proof] = {}
    for proof in proofs:
        first.setdefault((proof.plant, proof.metric), proof)
    failed = [proof for proof in proofs if not proof.held]
    return list(dict.fromkeys([*failed, *first.values()]))


def _worst(proofs: Sequence[Proof]) -> list[Proof]:
    """Of each plant the null that was misheard most often, failures before others, the most misheard next."""
    worst: dict[str, Proof] = {}
    for proof in sorted(proofs, key=lambda p: (p.held, -p.heard / max(p.trials, 1), -p.trials)):
        worst.setdefault(proof.plant, proof)
    return list(worst.values())


def _shown(proof: Proof) -> Shown:
    metric = proof.metric.rpartition(".")[2]
    what = f"{proof.plant}, {proof.dose}: {metric}, {_criterion(proof)}".replace("_", " ")
    count = f"{proof.heard} of {proof.trials}"
    return Shown(inert(what), count, f"{100 * proof.low:.0f} to {100 * proof.high:.0f} %", proof.held)


def _criterion(proof: Proof) -> str:
    """How it spoke, in words."""
    if proof.how.startswith("refused"):
        return "refused"
    words = {"alarm": "alarm", "off floor": "off its floor", "above truth": "above the stated value"}
    return words.get(proof.how, "truth outside the interval" if proof.how == "misses truth" else proof.how)
