"""The instrument's certificate: what each probe was shown to hear, and how often it was wrong, as a run carries it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from genbench.results.evidence_files import write_whole

NAME = "certificate.json"
Want: TypeAlias = Literal["heard", "silent"]
WANTS: tuple[Want, ...] = ("heard", "silent")


@dataclass(frozen=True)
class Proof:
    """One metric on one planted defect: heard in `heard` of `trials`, with Wilson's interval.

    how: the criterion by which it counts as heard. lost: trials that gave no score to listen to.
    """

    plant: str
    dose: str
    metric: str
    how: str
    want: Want
    heard: int
    trials: int
    lost: int
    low: float
    high: float
    held: bool

    def __post_init__(self) -> None:
        if self.want not in WANTS or not 0 <= self.heard <= self.trials or not 0 <= self.low <= self.high <= 1:
            raise ValueError(f"not a proof: {self}")


@dataclass(frozen=True)
class Vouched:
    """What is known of one probe. code: its digest then. date: UTC. n: outputs per trial; full: the long count."""

    code: str
    date: str
    version: str
    n: int
    full: bool
    power: tuple[Proof, ...] = ()
    false_alarms: tuple[Proof, ...] = ()

    @property
    def held(self) -> bool:
        """Whether it did all that was wanted of it."""
        return all(proof.held for proof in (*self.power, *self.false_alarms))


@dataclass(frozen=True)
class Certificate:
    """By probe id."""

    probes: Mapping[str, Vouched] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """As JSON, whole or not at all."""
        raw = json.dumps({"format": 1, **asdict(self)}, indent=1, allow_nan=False)
        write_whole(path, raw.encode("utf-8"))


def read_certificate(folder: Path) -> Certificate | None:
    """The certificate in that folder; None where there is none, or none that this GenBench can read."""
    try:
        plain = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return Certificate({str(id): _vouched(found) for id, found in plain["probes"].items()})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def carry(source: Path, run: Path) -> None:
    """Copies the certificate in `source` into the folder of a run, where there is one that can be read."""
    found = read_certificate(source)
    if found is not None:
        found.write(run / NAME)


def _vouched(plain: Mapping[str, Any]) -> Vouched:
    """`TypeError` or `ValueError` where a part is missing or of another kind."""
    power, false_alarms = (tuple(_proof(p) for p in plain[name]) for name in ("power", "false_alarms"))
    return Vouched(
        str(plain["code"]), str(plain["date"]), str(plain["version"]), int(plain["n"]), bool(plain["full"]),
        power, false_alarms,
    )  # fmt: skip


def _proof(plain: Mapping[str, Any]) -> Proof:
    want = plain["want"]
    return Proof(
        str(plain["plant"]), str(plain["dose"]), str(plain["metric"]), str(plain["how"]), want,
        int(plain["heard"]), int(plain["trials"]), int(plain["lost"]), float(plain["low"]), float(plain["high"]),
        bool(plain["held"]),
    )  # fmt: skip
