"""The user's own object: anything that can sample, give log-probabilities, complete or be differentiated."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from genbench.core.data import Item
from genbench.core.digest import digest, file_digest
from genbench.core.errors import ModelError, suggestion
from genbench.core.model import CAPABILITIES, family


@family(modality="any")
class Python:
    """Your object, named `package.module:object`: an instance, a class (built with `arguments`), or a function.

    It can do what its methods can: sample(seeds), log_prob(items), complete(prompts, seeds), loss_and_grad(x),
    fit(data, training) ... A plain function counts as sample(seeds). Give it identity() -> str where its behaviour
    depends on more than the source of its module, such as weights on disk.
    """

    def __init__(self, *, object: str, arguments: dict[str, Any] | None = None) -> None:
        self.object, self.arguments = object, arguments or {}

    def unwrap(self) -> Any:
        """The object itself, with an identity made from its module's source where it has none."""
        found = _imported(self.object)
        if inspect.isclass(found):
            try:
                found = found(**self.arguments)
            except TypeError as error:
                raise ModelError(f"{self.object}: cannot be built with {self.arguments}: {error}") from error
        elif callable(found) and not _capabilities(found):
            found = FromFunction(found)
        if not _capabilities(found):
            names = ", ".join(c.__name__ for c in CAPABILITIES)
            raise ModelError(f"{self.object} can do nothing a probe could use; give it the methods of one of {names}")
        if not hasattr(found, "identity"):
            found.identity = lambda: _source_identity(self.object, self.arguments)
        return found


class FromFunction:
    """A function of seeds as a sampler."""

    def __init__(self, function: Callable[[Sequence[int]], Sequence[Item]]) -> None:
        self.function = function

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return self.function(seeds)


def _capabilities(found: Any) -> list[str]:
    return [c.__name__ for c in CAPABILITIES if isinstance(found, c)]


def _imported(name: str) -> Any:
    module, colon, attribute = name.partition(":")
    if not colon or not attribute:
        raise ModelError(f"python: wants package.module:object, got {name!r}")
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ModelError(f"python: {name!r}: no module {error.name!r}; is it installed, or on PYTHONPATH?") from error
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            known = [n for n in dir(found) if not n.startswith("_")]
            raise ModelError(f"python: {module!r} has no {part!r}{suggestion(part, known)}") from None
    return found


def _source_identity(name: str, arguments: Mapping[str, Any]) -> str:
    module = importlib.import_module(name.partition(":")[0])
    path = getattr(module, "__file__", None)
    return digest(name, arguments, file_digest(Path(path)) if path else "")
