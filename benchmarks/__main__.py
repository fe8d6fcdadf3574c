"""`python -m benchmarks [--quick] [--n N] [--rows WORD] [NAME ...]`: runs every benchmark here, or the named.

A benchmark is a file of this folder that defines `main()`, which measures and prints its table. Each runs in a process
of its own, so that none inherits what another imported, allocated or warmed. --n (files in the folder of images) and
--rows (those rows of the table of images that contain the word) cut the long ones to what time allows.
"""

from __future__ import annotations

import argparse
import ast
import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
TOOLS = frozenset({"convert_llama2c", "reference_reports"})  # stand here, and measure nothing


def benchmarks() -> dict[str, str]:
    """{name: first line of its docstring} of the files that define `main()`; read, not imported."""
    found = {}
    for path in sorted(FOLDER.glob("[a-z]*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        if path.stem not in TOOLS and any(isinstance(n, ast.FunctionDef) and n.name == "main" for n in tree.body):
            found[path.stem] = (ast.get_docstring(tree) or path.stem).splitlines()[0]
    return found


def run(names: list[str]) -> int:
    """0, or 1 where one of them failed, or 2 where a name is none."""
    known = benchmarks()
    if unknown := [name for name in names if name not in known]:
        print(f"no benchmark is named {', '.join(unknown)}; known: {', '.join(known)}", file=sys.stderr)
        return 2
    failed = []
    for name in names or known:
        print(f"\n{name}: {known[name]}\n", flush=True)
        call = f"from benchmarks.{name} import main; main()"
        if subprocess.run([sys.executable, "-c", call], cwd=FOLDER.parent, check=False).returncode:
            failed.append(name)
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Runs benchmarks and prints their tables."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="none: all")
    parser.add_argument("--quick", action="store_true", help="small sizes, in those that have them")
    parser.add_argument("--n", type=int, help="files in the folder of images")
    parser.add_argument("--rows", help="of the table of images, only rows that contain this word")
    said = parser.parse_args()
    for name, value in (("BENCH_QUICK", said.quick), ("BENCH_N", said.n), ("BENCH_ROWS", said.rows)):
        if value:
            os.environ[name] = str(value)  # each benchmark is a process of its own
    return run(said.names)


if __name__ == "__main__":
    sys.exit(main())
