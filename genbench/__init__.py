"""GenBench: would you ship it?

import genbench as gb

run = gb.run("quickstart")
run.scores()                      # a pandas frame, one row per score
gb.evaluate(model, data="digits", probes=["quality.*"])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genbench.core.version import __version__

__all__ = ["Run", "Suite", "__version__", "evaluate", "load", "run"]

if TYPE_CHECKING:
    from genbench.api import Run, Suite, evaluate, load, run


def __getattr__(name: str) -> Any:
    """Imports the interface when it is first used, so that `import genbench` costs nothing."""
    if name in __all__:
        from genbench import api

        return getattr(api, name)
    raise AttributeError(f"module 'genbench' has no attribute {name!r}")
