"""A plant is a known defect in known doses, with the probes that must hear it and those that must stay silent.

    @plant(
        doses=(0.0, 0.05, 0.2),
        must_hear=(Heard("memorization.copying.tpr_at_1pct_fpr", since=0.2),),
        must_stay_silent=(Silent("memorization.copying.tpr_at_1pct_fpr", at=(0.0,)),),
    )
    def copies(dose: float, trial: Trial) -> Scene: ...

The function makes the evidence of one trial; the harness of the selftest calls the probes on it as a run does.
Doses stand in the order of their strength, weakest first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from genbench.core.evidence import Rng

Dose: TypeAlias = float | int | str


@dataclass(frozen=True)
class Trial:
    """One repetition: how many outputs to show, and its own chance. `seed` is for parts that want a whole number."""

    n: int
    rng: Rng
    seed: int


@dataclass(frozen=True)
class Scene:
    """What one trial shows the probes.

    evidence: by role (or "model"), everything there is in that role; a probe takes the kind it asks for.
    truth: known values, by metric id. settings: of probes, by probe id.
    """

    evidence: Mapping[str, Sequence[object]]
    truth: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Heard:
    """This metric must hear the plant from dose `since` on, or at the doses `at`; weaker doses are tried and shown.

    how: the criterion, a name in `hearing.CRITERIA`; "refused: word" wants a refusal whose reason holds the word.
    power: the share of trials that must hear it.
    """

    metric: str
    since: Dose | None = None
    at: tuple[Dose, ...] = ()
    how: str = "alarm"
    power: float = 0.8


@dataclass(frozen=True)
class Silent:
    """This metric must not hear anything at the doses `at` (none given: at any). rate: of false alarms that is allowed.

    With `how` "misses truth" this says that the interval covers the known value.
    """

    metric: str
    at: tuple[Dose, ...] = ()
    how: str = "alarm"
    rate: float = 0.05


@dataclass(frozen=True)
class PlantSpec:
    """What `@plant` says. trials: how often each dose is planted; full: how often in a run that has the night."""

    doses: tuple[Dose, ...]
    must_hear: tuple[Heard, ...]
    must_stay_silent: tuple[Silent, ...]
    trials: int
    full: int

    @property
    def probes(self) -> tuple[str, ...]:
        """Ids of the probes that it names."""
        metrics = [*(h.metric for h in self.must_hear), *(s.metric for s in self.must_stay_silent)]
        return tuple(dict.fromkeys(map(probe_of, metrics)))


def probe_of(metric: str) -> str:
    """`memorization.copying` of `memorization.copying.closer`."""
    return metric.rpartition(".")[0]


F = TypeVar("F", bound=Callable[..., Scene])


def plant(
    *,
    doses: Sequence[Dose],
    must_hear: Sequence[Heard] = (),
    must_stay_silent: Sequence[Silent] = (),
    trials: int = 20,
    full: int = 500,
) -> Callable[[F], F]:
    """Marks `(dose, trial) -> Scene` as the plant of its file. `ValueError` where it expects at an unknown dose."""
    expected: tuple[Heard | Silent, ...] = (*must_hear, *must_stay_silent)
    for expectation in expected:
        since = (expectation.since,) if isinstance(expectation, Heard) and expectation.since is not None else ()
        if unknown := [dose for dose in (*expectation.at, *since) if dose not in doses]:
            raise ValueError(f"{expectation.metric} is expected at {unknown[0]!r}, which is no dose of {list(doses)}")
        if isinstance(expectation, Heard) and (since == ()) == (expectation.at == ()):
            raise ValueError(f"{expectation.metric} must be heard either `since` a dose or `at` some")

    def mark(function: F) -> F:
        function.__genbench__ = PlantSpec(  # type: ignore[attr-defined]
            tuple(doses), tuple(must_hear), tuple(must_stay_silent), trials, full
        )
        return function

    return mark
