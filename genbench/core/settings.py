"""Settings are keyword-only parameters: a signature is the schema, its annotation the check."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

REQUIRED = inspect.Parameter.empty
GIVEN_BY_HARNESS = frozenset({"rng", "self"})


@dataclass(frozen=True)
class Setting:
    """One keyword-only parameter. `default` is REQUIRED where the user must give a value."""

    name: str
    annotation: Any
    default: Any

    @property
    def required(self) -> bool:
        return self.default is REQUIRED


def settings_of(target: Callable[..., Any]) -> dict[str, Setting]:
    """The settings of a probe or data function, or of a class by its `__init__`, by name, in order."""
    function = _asked(target)
    if function is object.__init__:
        return {}
    hints = get_type_hints(function)
    return {
        name: Setting(name, hints.get(name, Any), parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and name not in GIVEN_BY_HARNESS
    }


def marked(target: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of what `settings_of` reads, by name, with the marks that `Annotated` has put on them."""
    function = _asked(target)
    return {} if function is object.__init__ else get_type_hints(function, include_extras=True)


def _asked(target: Callable[..., Any]) -> Callable[..., Any]:
    """Whose parameters they are."""
    function: Callable[..., Any] = target.__init__ if inspect.isclass(target) else target
    return function


def with_defaults(settings: Mapping[str, Setting], given: Mapping[str, Any]) -> dict[str, Any]:
    """All settings a call will run with: defaults, overlaid with what was given. For digests and provenance."""
    return {name: given.get(name, s.default) for name, s in settings.items() if name in given or not s.required}
