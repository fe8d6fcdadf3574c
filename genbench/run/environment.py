"""The machine and the code a run stands on."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
from pathlib import Path

from genbench.core.score import Environment
from genbench.core.version import __version__
from genbench.run.device import describe_device

PACKAGES = (
    "torch", "numpy", "scipy", "scikit-learn", "pandas", "transformers", "torchmetrics", "codecarbon", "safetensors",
    "pillow",
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
