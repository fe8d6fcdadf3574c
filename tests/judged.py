"""What a report would say of an estimate: its state under the probe's own metric."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from genbench.core.score import Environment, Estimate, Provenance, Score, State

ENVIRONMENT = Environment("0", "none", False, "3", "here", "cpu", {})
PROVENANCE = Provenance("axis.probe", "0", {}, "m", "", "d", "", "l", "", 0, "float64", ENVIRONMENT)


def state(probe: Callable[..., Any], metric: str, found: Estimate) -> State:
    """ "alarm", "clear", "unsure" or "info"."""
    definition = probe.__genbench__.reports[metric]  # type: ignore[attr-defined]
    return Score("axis.probe", metric, "m", "d", "l", "title", definition, found, PROVENANCE).state
