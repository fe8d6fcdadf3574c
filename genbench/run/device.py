"""Which device does the work."""

from __future__ import annotations

from genbench.core.errors import GenBenchError


def pick_device(wanted: str) -> str:
    """`auto` takes cuda, then mps, then cpu; any other name must be present on this machine."""
    import torch

    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if present[name])
    names = [name for name, there in present.items() if there and name != "cuda"]
    names += ["cuda", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))] if present["cuda"] else []
    if wanted not in names:
        raise GenBenchError(f"device {wanted!r} is not on this machine; here: {', '.join(names)}, or auto")
    return wanted


def describe_device(device: str) -> str:
    """The device with its make, such as "cuda: NVIDIA H100" or "cpu: x86_64, 2 cores"."""
    import os
    import platform

    import torch

    if device.startswith("cuda"):
        return f"{device}: {torch.cuda.get_device_name(device)}"
    return f"{device}: {platform.machine()}, {os.cpu_count()} cores" if device == "cpu" else device
