"""Image metrics, side by side with torch-fidelity, pytorch-fid, clean-fid and prdc.

Both sides are processes that live through the whole table and work in turns, in an environment with the same torch. The
ratio is the peer's least time over GenBench's, in wall seconds and in CPU-seconds; a target is met where both reach it,
the results agree, and memory and error stay within their bounds. BENCH_QUICK=1 takes small sizes.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.peers import make
from benchmarks.speed.rows import Row, rows
from benchmarks.speed.sides import Side
from benchmarks.speed.weights import write_random_state

PAGE = Path(__file__).resolve().parents[1] / "docs" / "bench.md"
TURNS, QUICK_TURNS = 3, 2
FLAT_MB = 64
HEAD = ["work", "peer", "GenBench", "peer's", "ratio (wall)", "ratio (CPU)", "target", "met"]


def main() -> None:
    quick = bool(os.environ.get("BENCH_QUICK"))
    state = make()
    with tempfile.TemporaryDirectory() as folder:
        weights, expected = str(write_random_state(Path(folder) / "state.pth")), str(Path(folder) / "expected.npy")
        table = rows(weights, expected, folder, quick=quick)
        with Side.ours() as ours, Side.theirs() as theirs:
            if not state["torch-fidelity"].startswith("absent"):
                theirs.ask(table[0].theirs[0], **{**table[0].theirs[1], "keep": expected})
            else:
                table = [row for row in table if row.most_error is None]
            lines = []
            for row in table:
                print(f"  {row.work}, against {row.peer}", file=sys.stderr, flush=True)
                lines.append(_line(row, state, ours, theirs, QUICK_TURNS if quick else TURNS))
            lines.append(_gpu(ours, weights, 64 if quick else 512))
    page = "\n".join([*_machine(state, quick), "", *_markdown([HEAD, *lines])])
    print(page)
    if not quick:
        PAGE.write_text(f"# Speed, side by side\n\nWritten by `make bench`; not by hand.\n\n{page}\n", encoding="utf-8")


def _line(row: Row, state: dict[str, str], ours: Side, theirs: Side, turns: int) -> list[str]:
    """One row, measured in turns after one run of each that is not counted."""
    target = f"{row.target:g}x"
    if (said := state[row.package or row.peer]).startswith("absent"):
        return [row.work, row.peer, "", "", "", "", target, f"cannot tell: {said}"]
    try:
        mine, yours = [], []
        smaller = ours.ask(row.ours[0], **row.flat)["above_mb"] if row.flat else None
        for turn in range(1 if row.once else turns + 1):
            a, b = ours.ask(row.ours[0], **row.ours[1]), theirs.ask(row.theirs[0], **row.theirs[1])
            if turn or row.once:
                mine.append(a)
                yours.append(b)
    except RuntimeError as error:
        return [row.work, row.peer, "", "", "", "", target, f"failed: {error}"]
    wall, cpu = (_least(yours, unit) / _least(mine, unit) for unit in ("wall", "cpu"))
    faults = _faults(row, mine[-1], yours[-1])
    notes = [f"{a['above_mb']:.0f} MB above inputs" for a in mine[-1:] if row.most_above_mb]
    if smaller is not None:
        grown = max(a["above_mb"] for a in mine) - smaller
        notes.append(f"memory {grown:+.0f} MB against a quarter of the files")
        faults += ["memory grows"] if grown > FLAT_MB else []
    notes += [f"error {a['feature_error']:.1e}" for a in mine[-1:] if "feature_error" in a]
    met = "yes" if min(wall, cpu) >= row.target and not faults else "no"
    met = "; ".join([met, *notes, *faults])
    return [row.work, row.peer, _cost(mine), _cost(yours), f"{wall:.1f}x", f"{cpu:.1f}x", target, met]


def _faults(row: Row, a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    found = []
    if row.agree and abs(a[row.agree[0]] - b[row.agree[0]]) > row.agree[1] * abs(b[row.agree[0]]):
        found.append(f"{row.agree[0]} differs: {a[row.agree[0]]:.8g} against {b[row.agree[0]]:.8g}")
    if row.most_error and a["feature_error"] > row.most_error:
        found.append(f"error above {row.most_error:g}")
    if row.most_above_mb and a["above_mb"] > row.most_above_mb:
        found.append(f"memory above {row.most_above_mb:g} MB")
    return found


def _gpu(ours: Side, weights: str, n: int) -> list[str]:
    import torch

    work, target = f"GPU: share of the network's own throughput, {n} images", "0.7"
    if not torch.cuda.is_available():
        return [work, "itself", "", "", "", "", target, "cannot tell: no GPU here"]
    share = max(ours.ask("gpu", weights=weights, n=n)["share"] for _ in range(TURNS))
    return [work, "itself", f"{share:.2f}", "1", "", "", target, "yes" if share >= 0.7 else "no"]


def _least(answers: list[dict[str, Any]], unit: str) -> float:
    return float(min(answer[unit] for answer in answers))


def _cost(answers: list[dict[str, Any]]) -> str:
    return f"{_least(answers, 'wall'):.3g} s ({_least(answers, 'cpu'):.3g} CPU s)"


def _machine(state: dict[str, str], quick: bool) -> list[str]:
    import importlib.metadata

    info = Path("/proc/cpuinfo")
    said = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in said if line.startswith("model name")]
    load = os.getloadavg()[0]
    versions = ", ".join(f"{peer} {version}" for peer, version in state.items())
    size = "small sizes (BENCH_QUICK), shown for orientation only" if quick else "full sizes"
    return [
        f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores, {platform.system()}; load {load:.1f} "
        f"at the end; Python {platform.python_version()}, torch {importlib.metadata.version('torch')} on both sides; "
        f"{versions}; {size}.",
        "",
        "Least of several turns. clean-fid's network file cannot be had offline: its architecture is timed as frozen "
        "TorchScript. All networks have the same random weights.",
    ]


def _markdown(table: list[list[str]]) -> list[str]:
    head, *body = (f"| {' | '.join(cells)} |" for cells in table)
    return [head, "|" + "---|" * len(table[0]), *body]


if __name__ == "__main__":
    main()
