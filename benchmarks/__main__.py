"""`python -m benchmarks [--quick] [NAME ...]`: runs every benchmark here, or those named, and prints their tables.

A benchmark is a file of this folder that defines `main()`, which measures and prints. Each runs in a process of its
own, so that none inherits what another imported, allocated or warmed.
"""

from __future__ import annotations

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


if __name__ == "__main__":
    if "--quick" in sys.argv:
        os.environ["BENCH_QUICK"] = "1"  # small sizes, in those that have them
    sys.exit(run([name for name in sys.argv[1:] if name != "--quick"]))
