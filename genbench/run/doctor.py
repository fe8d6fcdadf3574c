"""What this machine offers to a run."""

from __future__ import annotations

import importlib.util
import platform
from dataclasses import dataclass
from pathlib import Path

from genbench.core.extras import EXTRAS
from genbench.run.device import describe_device
from genbench.run.environment import environment


@dataclass(frozen=True)
class Finding:
    """One thing looked for."""

    what: str
    here: bool
    detail: str


def examine() -> list[Finding]:
    """Devices, dtypes, energy counters, extras and versions, each as found."""
    import torch

    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    bf16 = cuda and torch.cuda.is_bf16_supported()
    where = environment("cpu")
    return [
        Finding("python", True, where.python),
        Finding("device cpu", True, f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads"),
        Finding("device cuda", cuda, describe_device("cuda") if cuda else "torch sees no CUDA device"),
        Finding("device mps", mps, "Apple GPU" if mps else "not an Apple GPU build"),
        Finding("dtype float32", True, "the default on every device"),
        Finding("dtype bfloat16", bf16, "opt-in, recorded in provenance" if bf16 else "no device that computes in it"),
        _rapl(),
        *(
            Finding(f"extra {name}", _installed(modules), "installed" if _installed(modules) else _install(name))
            for name, modules in EXTRAS.items()
        ),
        *(Finding(f"package {name}", True, version) for name, version in where.packages.items()),
    ]


def _rapl() -> Finding:
    counters = sorted(Path("/sys/class/powercap").glob("intel-rapl*/energy_uj"))
    readable = [c for c in counters if _readable(c)]
    if readable:
        return Finding("energy counter (RAPL)", True, f"{len(readable)} readable domains")
    why = "present, not readable by this user" if counters else "absent; CPU energy is modelled from CPU-seconds"
    return Finding("energy counter (RAPL)", False, why)


def _readable(path: Path) -> bool:
    try:
        path.read_text()
    except OSError:
        return False
    return True


def _installed(modules: tuple[str, ...]) -> bool:
    return all(importlib.util.find_spec(module) is not None for module in modules)


def _install(extra: str) -> str:
    return f"pip install 'genbench[{extra}]'"
