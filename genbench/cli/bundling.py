"""Options that belong together reach a command as one value, so that its signature stays as short as its idea."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields
from typing import Any


def bundled(kind: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Hands a command the options that `kind`, a dataclass, has fields for as one value of it, called `how`.

    Stands below the options: they are click's own, each with its help, and are named as the fields are.
    """
    names = [field.name for field in fields(kind)]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def call(**given: Any) -> None:
            command(how=kind(**{name: given.pop(name) for name in names}), **given)

        return call

    return decorate
