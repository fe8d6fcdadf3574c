"""A probe is a pure function from evidence to estimates; its signature is its contract.

    @probe(reports={"closer": Metric(...)}, cites=["..."], control="copycat", truth="gaussian")
    def copying(generated: Features, train: Features, held_out: Features) -> Estimates: ...

Positional parameters are needs: the name is a role, or a role and a word of the probe's own where it wants two kinds
of evidence in one role (`train`, `train_seen`); the annotation is the kind. A parameter called `model` is annotated
with a capability and receives the model itself. Keyword-only parameters are settings;
`rng`, where asked for, is the only source of chance.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from genbench.core.evidence import KINDS, ROLES
from genbench.core.lens import OFFERS
from genbench.core.model import CAPABILITIES
from genbench.core.score import Estimates, Metric
from genbench.core.settings import Setting, settings_of

AXES = ("quality", "memorization", "robustness", "bias", "misuse", "energy")


@dataclass(frozen=True)
class Need:
    """Evidence of `kind` in `role`; or, where role is "model", a model with the capability `kind`."""

    parameter: str
    role: str
    kind: type


@dataclass(frozen=True)
class ProbeSpec:
    """What `@probe` says."""

    reports: Mapping[str, Metric]
    cites: tuple[str, ...]
    control: str
    truth: str
    format_matched: bool = False


@dataclass(frozen=True)
class Probe:
    """A probe as the catalogue hands it out. `version` is the digest of its source."""

    id: str
    function: Callable[..., Estimates]
    spec: ProbeSpec
    needs: tuple[Need, ...]
    settings: Mapping[str, Setting]
    wants_rng: bool
    version: str

    @property
    def axis(self) -> str:
        return self.id.split(".")[0]

    def needs_role(self, role: str) -> bool:
        return any(need.role == role for need in self.needs)

    @property
    def uses_lens(self) -> bool:
        """Whether any need is seen through a lens."""
        return any(need.kind in OFFERS for need in self.needs)


F = TypeVar("F", bound=Callable[..., Estimates])


def probe(
    *, reports: Mapping[str, Metric], cites: Sequence[str], control: str, truth: str, format_matched: bool = False
) -> Callable[[F], F]:
    """Marks a function as the probe of its file.

    reports: every metric the function returns, by name. cites: where the definition comes from.
    control: the planted defect it must catch. truth: a case whose value is known.
    format_matched: it sees real items as they would be, had they been saved like the outputs.
    """

    def mark(function: F) -> F:
        function.__genbench__ = ProbeSpec(dict(reports), tuple(cites), control, truth, format_matched)  # type: ignore[attr-defined]
        return function

    return mark


def read_probe(id: str, function: Callable[..., Estimates], version: str) -> Probe:
    """The contract of a marked function; `ValueError` says what in it is malformed."""
    spec = getattr(function, "__genbench__", None)
    if not isinstance(spec, ProbeSpec):
        raise ValueError("is not marked with @probe(...)")
    if id.split(".")[0] not in AXES:
        raise ValueError(f"stands under {id.split('.')[0]!r}; the axes are {', '.join(AXES)}")
    for name, value in (
        ("reports", spec.reports),
        ("cites", spec.cites),
        ("control", spec.control),
        ("truth", spec.truth),
    ):
        if not value:
            raise ValueError(f"@probe(...) leaves `{name}` empty")
    hints = get_type_hints(function)
    if hints.get("return") != Estimates:
        raise ValueError("must be annotated as returning Estimates")
    needs, wants_rng = [], False
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            wants_rng |= name == "rng"
            if name != "rng" and parameter.default is inspect.Parameter.empty:
                raise ValueError(f"setting `{name}` has no default")
        elif parameter.kind in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL):
            raise ValueError(f"may not take *{name}: needs and settings are named")
        else:
            needs.append(_need(name, hints.get(name)))
    return Probe(id, function, spec, tuple(needs), settings_of(function), wants_rng, version)


def _need(name: str, kind: Any) -> Need:
    if name == "model":
        if kind not in CAPABILITIES:
            allowed = ", ".join(c.__name__ for c in CAPABILITIES)
            raise ValueError(f"`model` must be annotated with one of {allowed}")
        return Need(name, name, kind)
    role = next((r for r in sorted(ROLES, key=len, reverse=True) if name == r or name.startswith(f"{r}_")), None)
    if role is None:
        raise ValueError(f"`{name}` is no role; roles are {', '.join(ROLES)}, or `model`")
    if kind not in KINDS:
        raise ValueError(f"`{name}` must be annotated with one of {', '.join(k.__name__ for k in KINDS)}")
    return Need(name, role, kind)
