"""The two processes of a comparison, and their turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.peers import PYTHON

ROOT = Path(__file__).resolve().parents[2]


class Side:
    """A worker process; `ask` runs one work once and returns what it cost."""

    def __init__(self, interpreter: str, module: str, threads: int | None = None) -> None:
        environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
        if threads is not None:
            environment |= {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
        self.process = subprocess.Popen(
            [interpreter, "-m", module], cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    @classmethod
    def ours(cls, threads: int | None = None) -> Side:
        return cls(sys.executable, "benchmarks.speed.ours", threads)

    @classmethod
    def theirs(cls, threads: int | None = None) -> Side:
        return cls(str(PYTHON), "benchmarks.speed.theirs", threads)

    def ask(self, work: str, **settings: Any) -> dict[str, Any]:
        """The answer; `RuntimeError` where the work failed or the process died."""
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("this side has no pipes")
        self.process.stdin.write(json.dumps({"work": work, "settings": settings}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process of {work} ended with {self.process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{work}: {answer['error']}")
        return answer

    def close(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait()

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
