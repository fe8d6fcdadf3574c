"""The user's own object: anything that can sample, give log-probabilities, complete or be differentiated."""

from __future__ import annotations

import importlib
import inspect
import sys
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
    fit(data, training) ... A plain function counts as sample(seeds): it is given a list of integers and returns one
    item for each, from that integer alone. Give the object identity() -> str where its behaviour depends on more
    than the files of its package and your other modules, such as weights elsewhere on disk; results are kept under
    that name.
    """

    def __init__(self, *, object: str, arguments: dict[str, Any] | None = None) -> None:
        self.object, self.arguments = object, arguments or {}

    def unwrap(self) -> Any:
        """What stands for the object: its capabilities and an identity. The object itself is left as it was."""
        return standing(load_object(self.object, self.arguments), source_identity(self.object, self.arguments))

    def stands_for(self) -> type:
        """The type whose methods tell what the object can do. `ModelError` where it is missing or can do nothing."""
        found = _imported(self.object)
        cls = found if inspect.isclass(found) else type(found)
        if any(issubclass(cls, capability) for capability in CAPABILITIES):
            return cls
        # Not `callable`: every class is, to be built.
        if not any("__call__" in vars(above) for above in cls.__mro__):
            raise _incapable(self.object, cls)
        return FromFunction


def load_object(name: str, arguments: Mapping[str, Any]) -> Any:
    """The object named `package.module:object`, a class built with `arguments`, a function made a sampler.

    `ModelError` where the module or the object is missing (with the nearest name), cannot be built, or offers
    no capability (with the list of what would do).
    """
    found = _imported(name)
    if inspect.isclass(found):
        try:
            found = found(**arguments)
        except Exception as error:
            raise ModelError(
                f"python: {name} cannot be built with {dict(arguments)}: {type(error).__name__}: {error}"
            ) from error
    elif arguments:
        raise ModelError(f"python: {name} is no class, so it takes no arguments, got {dict(arguments)}")
    if not _methods(found):
        if not callable(found):
            raise _incapable(name, type(found))
        found = FromFunction(found)
    return found


class FromFunction:
    """A function of seeds as a sampler."""

    def __init__(self, function: Callable[[Sequence[int]], Sequence[Item]]) -> None:
        self.function = function

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return self.function(seeds)


def _incapable(name: str, cls: type) -> ModelError:
    known = "; ".join(f"{c.__name__}: {', '.join(_members(c))}" for c in CAPABILITIES)
    return ModelError(f"python: {name} ({cls.__name__}) has the methods of no capability ({known})")


def standing(found: Any, identity: str) -> Any:
    """An object of a fresh class with just the capabilities of `found`, which does the work.

    A fresh class, because a plan asks a type what it can do; and the user's object may not be written on, or may
    change between two evaluations, which a remembered identity would hide.
    """
    own = getattr(found, "identity", None)
    methods = {name: _delegate(found, name) for name in _methods(found)}
    methods["identity"] = (lambda self: str(own())) if callable(own) else (lambda self: identity)
    return type(type(found).__name__, (), methods)()


def source_identity(name: str, arguments: Mapping[str, Any]) -> str:
    """SHA-256 over the name, the arguments, every file of the named module's package, and all modules of the user's.

    The user's modules are those loaded from outside the interpreter's own folders. What is read from elsewhere at run
    time (weights on disk) is not seen: that is what an object's own identity() is for.
    """
    module = importlib.import_module(name.partition(":")[0])
    top = importlib.import_module(module.__name__.partition(".")[0])
    folders = [Path(folder) for folder in getattr(top, "__path__", ())]
    files = {path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    files |= {Path(path) for path in _loaded_files() if Path(path).is_file()}
    if path := getattr(module, "__file__", None):
        files.add(Path(path))
    return digest(name, arguments, sorted(file_digest(path) for path in files))


def _loaded_files() -> list[str]:
    own = tuple({sys.prefix, sys.base_prefix, str(Path(__file__).parents[1])})
    found = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    return [path for path in found if path and not path.startswith(own)]


def _delegate(found: Any, name: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any) -> Any:
        return getattr(found, name)(*args)

    method.__name__ = name
    return method


def _members(capability: type) -> list[str]:
    return sorted(name for name in vars(capability) if not name.startswith("_"))


def _methods(found: Any) -> list[str]:
    return [name for c in CAPABILITIES if isinstance(found, c) for name in _members(c)]


def _imported(name: str) -> Any:
    module, colon, attribute = name.partition(":")
    if not colon or not attribute or not module or module.startswith("."):
        raise ModelError(f"python: wants package.module:object, got {name!r}")
    if str(Path.cwd()) not in sys.path:  # an installed command does not look where it is called, and its user does
        sys.path.append(str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ModelError(f"python: {name!r}: no module {error.name!r}; is it installed, or on PYTHONPATH?") from error
    except Exception as error:
        raise ModelError(f"python: {module!r} cannot be imported: {type(error).__name__}: {error}") from error
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            known = [n for n in dir(found) if not n.startswith("_")]
            raise ModelError(f"python: {module!r} has no {part!r}{suggestion(part, known)}") from None
    return found
