"""One side of a comparison: a process that prepares works by name, runs them on demand and says what each run cost.

A task is a line of JSON on stdin, `{"work": name, "settings": {...}}`, its answer a line on stdout. Both sides live
as long as the comparison, so that a driver can run them in turns on the same machine in the same minutes.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

Facts = dict[str, Any]
Run = Callable[[], Facts]  # does the work once; what it returns goes into the answer


def serve(works: Mapping[str, Callable[..., Run]]) -> None:
    """Answers until stdin ends. What a peer prints goes to stderr, so that it is not taken for an answer."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    prepared: dict[str, Run] = {}
    for line in sys.stdin:
        task = json.loads(line)
        try:
            key = json.dumps(task, sort_keys=True)
            if key not in prepared:
                prepared.clear()  # one work's inputs at a time
                prepared[key] = works[task["work"]](**task["settings"])
            answer = measured(prepared[key])
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def measured(run: Run) -> Facts:
    """wall and cpu in seconds (children that ended included), above_mb: the peak of resident memory above the start."""
    _give_back()
    before = _resident("VmRSS")
    _reset_peak()
    cpu, wall = _cpu_seconds(), time.perf_counter()
    facts = run()
    wall, cpu = time.perf_counter() - wall, _cpu_seconds() - cpu
    return {"wall": wall, "cpu": cpu, "above_mb": (_resident("VmHWM") - before) / 1024, **facts}


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def _resident(field: str) -> int:
    """kB of this process; 0 where the system does not say."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{field}:")), 0)


def _give_back() -> None:
    """What earlier runs freed goes back to the system, so that a run cannot hide its need in it."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _reset_peak() -> None:
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")  # Linux: VmHWM starts anew from what is resident now
