"""What work has used: seconds, joules, and whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Part:
    """What a stage used of one component.

    component: "cpu", "gpu" or "ram". method: "counter", "sampled" or "model". low / high bound the joules. idle: of the
    joules, those that the machine would have drawn doing nothing; None where nobody knows.
    """

    component: str
    method: str
    joules: float
    low: float
    high: float
    idle: float | None = None


@dataclass(frozen=True)
class Stage:
    """What one stage of work used.

    seconds: wall time. cpu_seconds: this process's CPU time. joules: None where nothing could be measured or
    modelled; low / high bound it. method: of its parts, such as "counter+model", or "none". samples: items produced,
    if any. cached: the work was done in an earlier run and its record kept. parts: the joules by component. hours: the
    joules by hour, each hour in UTC as 2026-01-02T03, in order.
    """

    name: str
    seconds: float
    cpu_seconds: float
    joules: float | None = None
    joules_low: float | None = None
    joules_high: float | None = None
    method: str = "none"
    samples: int = 0
    cached: bool = False
    parts: tuple[Part, ...] = ()
    hours: tuple[tuple[str, float], ...] = ()

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Stage:
        """A stage from its plain values, as JSON holds them."""
        parts = tuple(Part(**part) for part in plain.get("parts", ()))
        hours = tuple((str(hour), float(joules)) for hour, joules in plain.get("hours", ()))
        return cls(**{**plain, "parts": parts, "hours": hours})


@dataclass(frozen=True)
class Energy:
    """What a model has used, stage by stage, what evaluating it has used beside, and the grid it ran on.

    stages: the model's own ("train", "sample", "score"). evaluation: the instrument's for this model ("look", "probe",
    "resample"). grams_co2e_per_kwh: carbon intensity, None where the country is unknown; grid: its source. hourly:
    where intensity is known by the hour, grams per kWh of each hour that the stages name and the source knows. pue:
    what the building draws for each joule of its computers; None where nobody said.
    """

    stages: tuple[Stage, ...]
    evaluation: tuple[Stage, ...] = ()
    grams_co2e_per_kwh: float | None = None
    grid: str = "unknown"
    hourly: Mapping[str, float] | None = None
    pue: float | None = None
    elsewhere: str = ""
