"""Outcomes to JSON and back, exactly. JSON never holds NaN; the environment is kept once per run, not per score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from genbench.core.errors import ResultsError
from genbench.core.score import (
    Better,
    Detail,
    Environment,
    Estimate,
    Exhibit,
    Failed,
    Interval,
    ItemRef,
    Metric,
    Outcome,
    Provenance,
    Score,
    Skipped,
    Toward,
)


def encode(outcome: Outcome) -> dict[str, Any]:
    """Plain values for one outcome, tagged with its kind."""
    if isinstance(outcome, Skipped):
        return {"kind": "skipped", **asdict(outcome)}
    if isinstance(outcome, Failed):
        return {"kind": "failed", **asdict(outcome)}
    plain = asdict(outcome)
    plain["definition"]["better"] = _better_out(outcome.definition.better)
    plain["provenance"].pop("environment")
    return {"kind": "score", **plain}


def decode(plain: Mapping[str, Any], environment: Environment) -> Outcome:
    """The outcome again. `ResultsError` where the record is of no known kind, or does not hold what its kind has."""
    try:
        return _decoded(plain, environment)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ResultsError(f"not an outcome as this GenBench knows it: {type(error).__name__}: {error}") from error


def _decoded(plain: Mapping[str, Any], environment: Environment) -> Outcome:
    kind, rest = plain.get("kind"), {key: value for key, value in plain.items() if key != "kind"}
    if kind == "skipped":
        return Skipped(**rest)
    if kind == "failed":
        return Failed(**rest)
    if kind != "score":
        raise ResultsError(f"an outcome of kind {kind!r}; known: score, skipped, failed")
    definition = {**rest.pop("definition")}
    definition["better"] = _better_in(definition["better"])
    provenance = Provenance(**rest.pop("provenance"), environment=environment)
    return Score(
        **{**rest, "estimate": _estimate(rest["estimate"])}, definition=Metric(**definition), provenance=provenance
    )


def _estimate(plain: Mapping[str, Any]) -> Estimate:
    interval, detail = plain["interval"], plain["detail"]
    return Estimate(
        value=plain["value"],
        n=plain["n"],
        interval=Interval(**interval) if interval else None,
        floor=plain["floor"],
        detail=Detail(
            values=tuple(detail["values"]),
            keys=tuple(detail["keys"]),
            clusters=tuple(detail["clusters"]),
            exhibits=tuple(_exhibit(exhibit) for exhibit in detail["exhibits"]),
            facts=detail["facts"],
        ),
    )


def _exhibit(plain: Mapping[str, Any]) -> Exhibit:
    return Exhibit(plain["caption"], tuple(ItemRef(**item) for item in plain["items"]), plain["value"])


def _better_out(better: Better) -> Any:
    return {"toward": better.target} if isinstance(better, Toward) else better


def _better_in(plain: Any) -> Better:
    return Toward(plain["toward"]) if isinstance(plain, Mapping) else plain
