"""Language, side by side with lm-evaluation-harness, CrowS-Pairs' loop and transformers' generate.

Both sides are processes with one thread that live through the table and work in turns, beside the same torch and
transformers. The ratio is the peer's least CPU-seconds over GenBench's; a target is met where it is reached and the
results agree. BENCH_QUICK=1 takes small sizes.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from benchmarks.peers import PYTHON, make
from benchmarks.speed.language_rows import TextRow, text_rows
from benchmarks.speed.sides import Side

PAGE = Path(__file__).resolve().parents[1] / "docs" / "bench-text.md"
TURNS = 2
FLAT_MB = 64
HEAD = ["work", "peer", "GenBench, CPU s", "peer's, CPU s", "ratio", "target", "met"]


def main() -> None:
    quick = bool(os.environ.get("BENCH_QUICK"))
    state = make()
    with tempfile.TemporaryDirectory() as folder:
        table = text_rows(Path(folder), quick=quick)
        with (
            Side(sys.executable, "benchmarks.speed.language_ours", 1) as ours,
            Side(str(PYTHON), "benchmarks.speed.language_theirs", 1) as theirs,
        ):
            lines = []
            for row in table:
                print(f"  {row.title}, against {row.peer}", file=sys.stderr, flush=True)
                lines.append(_line(row, ours, theirs))
        lines.append(_memory(str(table[0].both["path"])))
    page = "\n".join([*_machine(state, quick), "", *_markdown([HEAD, *lines])])
    print(page)
    if not quick:
        PAGE.write_text(
            f"# Speed on language, side by side\n\nWritten by `make bench`; not by hand.\n\n{page}\n", encoding="utf-8"
        )


def _line(row: TextRow, ours: Side, theirs: Side) -> list[str]:
    """One row, measured in turns; the first turn warms what the first run of a process makes."""
    target = f"{row.target:g}x"
    try:
        turns = [(ours.ask(row.work, **row.both), theirs.ask(row.work, **row.both, **row.theirs)) for _ in range(TURNS)]
    except RuntimeError as error:
        return [row.title, row.peer, "", "", "", target, f"cannot tell: {error}"]
    mine, yours = (min(turn[side]["cpu"] for turn in turns) for side in (0, 1))
    name, allowed = row.agree
    a, b = turns[-1][0][name], turns[-1][1][name]
    agree = abs(a - b) <= allowed
    met = "yes" if yours / mine >= row.target and agree else "no"
    said = f"{met}; {name} {a:.7g} and {b:.7g}" + ("" if agree else ", which differ")
    return [row.title, row.peer, f"{mine:.3g}", f"{yours:.3g}", f"{yours / mine:.1f}x", target, said]


def _memory(path: str) -> list[str]:
    """Peak memory above the model's of few short texts, of many, and of long ones.

    Each by a process of its own: what an earlier model freed lies in pieces, and what does not fit into them is added.
    """
    few, many, long = (_above(path, n, length) for n, length in ((8, 700), (32, 700), (2, 5600)))
    met = "yes" if max(many, long) - few <= FLAT_MB else "no"
    said = f"{met}; {few:.0f} MB for 8 texts of 700 words, {many:.0f} for 32, {long:.0f} for 2 of 5,600"
    return ["peak memory as texts grow in number or length", "itself", "", "", "", f"within {FLAT_MB} MB", said]


def _above(path: str, n: int, length: int) -> float:
    """MB above the loaded model's."""
    with Side(sys.executable, "benchmarks.speed.language_ours", 1) as ours:
        return float(ours.ask("documents", path=path, n=n, length=length)["above_mb"])


def _machine(state: dict[str, str], quick: bool) -> list[str]:
    import importlib.metadata

    info = Path("/proc/cpuinfo")
    said = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in said if line.startswith("model name")]
    versions = {name: importlib.metadata.version(name) for name in ("torch", "transformers")}
    size = "small sizes (BENCH_QUICK), shown for orientation only" if quick else "full sizes"
    return [
        f"{models[0] if models else 'unknown processor'}, one thread; "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + f" on both sides; lm-eval {state['lm-eval']}; {size}. All models have random weights of a fixed seed.",
    ]


def _markdown(table: list[list[str]]) -> list[str]:
    head, *body = (f"| {' | '.join(cells)} |" for cells in table)
    return [head, "|" + "---|" * len(table[0]), *body]


if __name__ == "__main__":
    main()
