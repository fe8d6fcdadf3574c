"""What it costs to ask: CPU seconds of the commands that must answer at once.

The budget for `--help` is 0.2 CPU seconds, interpreter included; that no torch is imported is a test.
"""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys

COMMANDS = (["--help"], ["run", "--help"], ["list", "probes"], ["list", "models", "--json"])
TIMES = 15


def cpu_seconds(arguments: list[str]) -> float:
    """User and system time of one `genbench ...` in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "genbench", *arguments], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores; {TIMES} calls each after one to warm the disk")
    print(f"{'command':<32}{'median':>9}{'least':>9}{'most':>9}   CPU seconds")
    for arguments in COMMANDS:
        cpu_seconds(arguments)
        found = [cpu_seconds(arguments) for _ in range(TIMES)]
        cells = "".join(f"{value:9.3f}" for value in (statistics.median(found), min(found), max(found)))
        print(f"{'genbench ' + ' '.join(arguments):<32}{cells}")


if __name__ == "__main__":
    main()
