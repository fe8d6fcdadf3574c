"""`python -m benchmarks.peers`: the tools that speed and numbers are compared with, in an environment of their own.

benchmarks/.peers is a virtual environment with torch-fidelity, pytorch-fid, clean-fid, prdc and lm-eval, beside the
very torch (and transformers, where it is here) that GenBench runs on, so that a ratio compares code and not releases.
Nothing of it is imported by GenBench.

The first three import torchvision. Where the release that fits this torch cannot be loaded (its wheels on PyPI want
CUDA's libraries, also where there is no GPU), an older one is installed without its dependencies: what the peers use of
it (the definition of a network, one conversion of arrays) is plain Python and the same in both.
"""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import venv
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / ".peers"
PYTHON = FOLDER / ("Scripts" if sys.platform == "win32" else "bin") / "python"
PEERS = {"torch-fidelity": "torch_fidelity", "pytorch-fid": "pytorch_fid.fid_score", "clean-fid": "cleanfid.fid",
         "prdc": "prdc", "lm-eval": "lm_eval"}  # fmt: skip
WITH_NEEDS = {"lm-eval"}  # whose many requirements are installed too
NEEDS = ("numpy", "scipy", "pillow", "tqdm", "requests", "scikit-learn", "psutil")
LAST_PLAIN_TORCHVISION = "0.15.2"  # the last that imports without its compiled part


def make() -> dict[str, str]:
    """Makes the environment where there is none; {peer: version, or why it cannot be used} as `state`."""
    if not PYTHON.exists():
        print(f"making {FOLDER}", flush=True)
        venv.create(FOLDER, with_pip=True)
        _pip(f"torch=={importlib.metadata.version('torch')}", *NEEDS)
    for peer in PEERS:
        if _version(peer) is None:
            _pip(peer, *_same("torch", "transformers", "accelerate")) if peer in WITH_NEEDS else _pip("--no-deps", peer)
    if not _imports("torchvision"):
        _pip("--no-deps", "torchvision")
    if not _imports("torchvision"):
        _pip("--no-deps", f"torchvision=={LAST_PLAIN_TORCHVISION}")
    return state()


def state() -> dict[str, str]:
    """{peer: version} of those that import, {peer: "absent: ..."} of the rest."""
    found = {}
    for peer, module in PEERS.items():
        version = _version(peer) if PYTHON.exists() else None
        if version is None:
            found[peer] = "absent: not installed; `python -m benchmarks.peers` installs it"
        else:
            found[peer] = version if _imports(module) else "absent: installed, but it cannot be imported"
    return found


def _same(*names: str) -> list[str]:
    """Those that are here, at the release that is here."""
    found = {dist.name: dist.version for dist in importlib.metadata.distributions()}
    return [f"{name}=={found[name]}" for name in names if name in found]


def _pip(*arguments: str) -> None:
    """Installs into the environment; a failure is shown, and then found by `state`."""
    subprocess.run(
        [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments], check=False
    )


def _version(peer: str) -> str | None:
    call = f"import importlib.metadata as m; print(m.version({peer!r}))"
    done = subprocess.run([str(PYTHON), "-c", call], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def _imports(module: str) -> bool:
    return subprocess.run([str(PYTHON), "-c", f"import {module}"], capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    print(json.dumps(make(), indent=2))
