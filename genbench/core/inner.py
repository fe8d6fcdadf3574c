"""A model within something else, such as a chatbot's or a judge's, by its family's name and settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeAlias

from genbench.core.catalogue import find
from genbench.core.digest import digest
from genbench.core.errors import GenBenchError, suggestion
from genbench.core.lens import identity_of
from genbench.core.model import Fittable, Placeable, Remote, Stands
from genbench.core.settings import marked, settings_of

WITHIN = "the family of the model within"
Family: TypeAlias = Annotated[str, WITHIN]  # of a setting; the inner model's own then stand below `settings`


def inner_of(target: Callable[..., Any]) -> str | None:
    """The setting of a family or lens that names the family of a model within it; None where there is none within."""
    hints = marked(target).items()
    return next((name for name, hint in hints if WITHIN in getattr(hint, "__metadata__", ())), None)


def inner_model(of: str, settings: Mapping[str, Any], owner: str, error: type[GenBenchError]) -> Any:
    """The model, which comes trained. `error`, whose message begins with `owner`, where it cannot be had so:

    a setting is unknown or missing, or the model would have to be trained first.
    """
    cls = find("model", of).load()
    known = settings_of(cls)
    for name in settings:
        if name not in known:
            raise error(f"{owner}: {of} has no setting {name!r}{suggestion(name, list(known))}")
    if missing := [name for name, setting in known.items() if setting.required and name not in settings]:
        raise error(f"{owner}: {of} needs the setting {', '.join(map(repr, missing))}")
    made = cls(**settings)
    model = made.unwrap() if isinstance(made, Stands) else made
    if isinstance(model, Fittable):
        raise error(f"{owner}: {of} is trained here; name one that comes trained, such as hf, endpoint or python")
    return model


def lend_abilities(outer: Any, inner: Any) -> None:
    """Lets what holds a model move, and be elsewhere, just where the model within can and is."""
    names = [*(["place"] if isinstance(inner, Placeable) else ()), *(REMOTE if isinstance(inner, Remote) else ())]
    for name in names:
        setattr(outer, name, getattr(inner, name))


REMOTE = ("keep_in", "vouched", "spent", "elsewhere")


def inner_identity(of: str, model: Any) -> str:
    """Digest of the family's code, which the code of what holds it does not name, and of the model's identity."""
    return digest(find("model", of).code, identity_of(model))
