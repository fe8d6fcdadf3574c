"""The machine and the code a run stands on."""

from __future__ import annotations

import functools
import importlib.metadata
import platform
import subprocess
from pathlib import Path

from genbench.core.catalogue import code_of
from genbench.core.digest import digest
from genbench.core.score import Environment
from genbench.core.version import __version__
from genbench.run.device import describe_device

PACKAGES = (
    "torch", "numpy", "scipy", "scikit-learn", "pandas", "transformers", "torchmetrics", "codecarbon", "safetensors",
    "pillow",
)  # fmt: skip


# The code that asks for evidence: which items, by which seeds, in which words, in which format. What it uses of other
# rooms counts with it.
ASKED_BY = (
    "run/produce.py", "run/supply.py", "run/items.py", "run/asked.py", "run/inquiry.py", "run/joint.py",
    "run/joining.py", "run/looks.py", "run/matching.py", "run/roles.py",
    "core/chance.py", "core/data.py",
)  # fmt: skip


def environment(device: str) -> Environment:
    """Versions, platform, device, and the revision of the working directory's repository where there is one."""
    revision = _git("rev-parse", "HEAD")
    return Environment(
        genbench=__version__,
        revision=revision,
        dirty=bool(revision and _git("status", "--porcelain", "--untracked-files=no")),
        python=platform.python_version(),
        platform=platform.platform(),
        device=describe_device(device),
        packages={name: version for name in PACKAGES if (version := _version(name))},
    )


@functools.cache
def versions() -> dict[str, str]:
    """Of the packages that numbers depend on."""
    return {name: version for name in PACKAGES if name != "codecarbon" and (version := _version(name))}


def made_with() -> dict[str, str]:
    """What all evidence depends on besides models and lenses: the packages' versions, and the code that asks for it."""
    return {**versions(), "code": asking(Path(__file__).parents[1])}


def asking(package: Path) -> str:
    """The version of the code that asks for evidence, of a copy of this package: its files and what they import."""
    modules = [f"genbench.{name.removesuffix('.py').replace('/', '.')}" for name in ASKED_BY]
    return digest([code_of(package / name, module) for name, module in zip(ASKED_BY, modules, strict=True)])


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=Path.cwd(), capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
