"""The words for results: what a probe returns, and what becomes of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"


@dataclass(frozen=True)
class Toward:
    """A score that is best at a target in the middle, such as an attack's AUC at 0.5."""

    target: float


Better: TypeAlias = Literal["lower", "higher"] | Toward


@dataclass(frozen=True)
class Metric:
    """What one number of a probe means, told once beside the probe.

    unit: "probability", "nats/token", "squared distance", "joules" ...
    better: the direction in which the model is better.
    summary: one plain sentence: what is measured.
    reading: one plain sentence: what good and bad values look like.
    tolerance: how far past its floor the score may lie, in its unit, before it is an alarm; None: no alarm.
    margin: the smallest difference between two models that matters, in its unit; None: any.
    context: shown beside the verdict, never part of it (popular scores with known false alarms).
    repeatable: the same suite and seed give the same value (false for joules and seconds).
    title: how a report names it; empty: the metric's own name in words.
    sized: what is bound to the number of outputs, for runs that may stop early: "value" where the score means something
        else at another n (the share of real items that n outputs cover), "floor" where only its floor shrinks with n.
    """

    unit: str
    better: Better
    summary: str
    reading: str = ""
    tolerance: float | None = None
    margin: float | None = None
    context: bool = False
    repeatable: bool = True
    title: str = ""
    sized: Literal["", "value", "floor"] = ""


@dataclass(frozen=True)
class Interval:
    """A confidence interval in the score's unit; `method` says how it was made and what it resamples."""

    low: float
    high: float
    level: float = 0.95
    method: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high):
            raise ValueError(f"not an interval: low {self.low}, high {self.high}")
        if not 0 < self.level < 1:
            raise ValueError(f"an interval's level lies between 0 and 1, got {self.level}")


@dataclass(frozen=True)
class ItemRef:
    """Points at one item by its role and its index within that role's evidence."""

    role: str
    index: int


@dataclass(frozen=True)
class Exhibit:
    """Evidence for a reader's eyes: a few items side by side, with what their relation measured."""

    caption: str
    items: tuple[ItemRef, ...]
    value: float | None = None


@dataclass(frozen=True)
class Detail:
    """What stands behind one number.

    values: per-item values, paired across runs by `keys`; clusters: items that share a context;
    exhibits: items worth seeing; facts: small named facts (settings found, counts, control outcomes).
    """

    values: tuple[float, ...] = ()
    keys: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    facts: Mapping[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, other in (("keys", self.keys), ("clusters", self.clusters)):
            if other and len(other) != len(self.values):
                raise ValueError(f"detail has {len(self.values)} values and {len(other)} {name}")


@dataclass(frozen=True)
class Estimate:
    """A number as a probe knows it: value, how many items it rests on, its interval and its floor.

    floor: what a perfect model would score at this n (not 0: a perfect generator's measured FID is not 0).
    """

    value: float
    n: int
    interval: Interval | None = None
    floor: float | None = None
    detail: Detail = field(default_factory=Detail)

    def __post_init__(self) -> None:
        for name, number in (("value", self.value), ("floor", self.floor)):
            if number is not None and not math.isfinite(number):
                raise ValueError(f"an estimate's {name} must be finite, got {number}")


@dataclass(frozen=True)
class Absent:
    """Stands where an estimate would, and says why there is none."""

    because: str


Estimates: TypeAlias = Mapping[str, Estimate | Absent]


@dataclass(frozen=True)
class Environment:
    """The machine and the code of a run, shared by all its scores."""

    genbench: str
    revision: str
    dirty: bool
    python: str
    platform: str
    device: str
    packages: Mapping[str, str]


@dataclass(frozen=True)
class Provenance:
    """Enough to make the score again: every digest is a SHA-256 in hex, "" where there is no such part.

    dataset_digest: over the items and who is in which split, whole splits always. reference: how many items of a split
    the probe was shown, by split, where the suite cut it short; one that is not in it was shown whole or not at all.
    asked: the n that the suite asks of this probe alone; 0 where it asks none but its own. after_fit: the settings of
    the model that its fit did not read, such as the steps of a sample: they tell apart models that share one fit.
    """

    probe: str
    probe_version: str
    settings: Mapping[str, Json]
    model: str
    model_digest: str
    dataset: str
    dataset_digest: str
    lens: str
    lens_digest: str
    seed: int
    dtype: str
    environment: Environment
    benchmark: str = ""
    benchmark_digest: str = ""
    reference: Mapping[str, int] = field(default_factory=dict)
    asked: int = 0
    after_fit: Mapping[str, Json] = field(default_factory=dict)


State: TypeAlias = Literal["alarm", "clear", "unsure", "info"]


@dataclass(frozen=True)
class Score:
    """One measured number with all that is needed to read it, trust it and repeat it."""

    probe: str
    metric: str
    model: str
    dataset: str
    lens: str
    title: str
    definition: Metric
    estimate: Estimate
    provenance: Provenance

    @property
    def id(self) -> str:
        """`axis.probe.metric`, as gates and exports name it."""
        return f"{self.probe}.{self.metric}"

    @property
    def state(self) -> State:
        """Alarm, clear or unsure about the tolerance around the floor; info where the metric sets none."""
        tolerance, floor = self.definition.tolerance, self.estimate.floor
        if tolerance is None or floor is None or self.definition.context:
            return "info"
        interval = self.estimate.interval
        ends = (self.estimate.value,) * 2 if interval is None else (interval.low, interval.high)
        best, worst = excess(ends, floor, self.definition.better)
        if best > tolerance:
            return "alarm"
        return "clear" if worst <= tolerance else "unsure"


@dataclass(frozen=True)
class Skipped:
    """A cell with nothing to measure, and the reason. planned: known before a second was spent."""

    probe: str
    model: str
    dataset: str
    lens: str
    because: str
    metric: str = ""
    planned: bool = False


@dataclass(frozen=True)
class Failed:
    """A cell that broke, with the error in one line and the traceback kept."""

    probe: str
    model: str
    dataset: str
    lens: str
    error: str
    traceback: str = ""


Outcome: TypeAlias = Score | Skipped | Failed


def excess(ends: tuple[float, float], floor: float, better: Better) -> tuple[float, float]:
    """(best, worst) distance of an interval's ends past the floor, positive where the model is worse than it.

    For a metric with a target, distance is taken from the target and the floor is a value beside it.
    """
    low, high = ends
    if better == "lower":
        return low - floor, high - floor
    if better == "higher":
        return floor - high, floor - low
    target = better.target
    nearest = 0.0 if low <= target <= high else min(abs(low - target), abs(high - target))
    farthest = max(abs(low - target), abs(high - target))
    allowance = abs(floor - target)
    return nearest - allowance, farthest - allowance
