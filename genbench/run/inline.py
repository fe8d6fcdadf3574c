"""A suite of one model that is already in memory."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from genbench.core.digest import digest
from genbench.core.lens import identity_of
from genbench.run.suite import Suite

_held: dict[str, Any] = {}


def __getattr__(name: str) -> Any:
    """`genbench.run.inline:<name>`, as the `python` family imports it, is the object held under that name."""
    if name in _held:
        return _held[name]
    raise AttributeError(name)


@contextmanager
def inline_suite(
    model: Any, *, data: str | Path | Mapping[str, Any], probes: Sequence[str], n: int, seed: int
) -> Iterator[Suite]:
    """A suite that names `model` for as long as the block lasts.

    The name holds the object's `identity()`, or else chance: evidence of one object is never another's.
    """
    own = identity_of(model)
    unique = digest(own)[:16] if own else uuid.uuid4().hex
    name = f"held_{unique}"
    _held[name] = model
    source = dict(data) if isinstance(data, Mapping) else _source(data)
    try:
        yield Suite.from_mapping(
            {
                "name": "evaluate",
                "n": n,
                "seed": seed,
                "data": {"data": source},
                "models": [{"name": type(model).__name__, "python": f"{__name__}:{name}", "data": "data"}],
                "probes": list(probes),
            }
        )
    finally:
        del _held[name]


def _source(data: str | Path) -> dict[str, str]:
    if isinstance(data, Path) or Path(data).exists():
        return {"path": str(data)}
    return {"source": data}
