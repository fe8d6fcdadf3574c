"""Image metrics, side by side with torch-fidelity, pytorch-fid, clean-fid and prdc.

Both sides are processes that may use every core, live through the whole table and work in turns, beside the same
torch. The ratio is the peer's least seconds over GenBench's by the clock on the wall, which is what a person waits for;
that of CPU-seconds is shown beside it. Other work moves that clock: run this on a quiet machine. A target is met where
it is reached, the results agree, and memory and error stay within their bounds. BENCH_QUICK=1 takes small sizes,
BENCH_N a number of files, BENCH_ROWS only rows that contain the word: these take the place of their like in the page,
and the rest of it stays.
"""

from __future__ import annotations

import os
import platform
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.peers import make
from benchmarks.speed.rows import Row, rows
from benchmarks.speed.sides import Side
from benchmarks.speed.weights import write_random_state

PAGE = Path(__file__).resolve().parents[1] / "docs" / "bench.md"
TURNS = 2
FLAT_MB = 64
FILES, WARM = 10_000, 64
GPU = "GPU: share of the network's own throughput"
HEAD = ["work", "peer", "GenBench, s", "peer's, s", "ratio", "ratio of CPU-seconds", "target", "met"]
CORES = os.cpu_count() or 1


def main() -> None:
    quick, word = bool(os.environ.get("BENCH_QUICK")), os.environ.get("BENCH_ROWS", "")
    files = int(os.environ.get("BENCH_N", FILES))
    state = make()
    with tempfile.TemporaryDirectory() as folder:
        weights, expected = str(write_random_state(Path(folder) / "state.pth")), str(Path(folder) / "expected.npy")
        every = rows(weights, expected, folder, quick=quick, files=files)
        table = [row for row in every if word.lower() in f"{row.work}, {row.peer}".lower()]
        with Side.ours(threads=CORES) as ours, Side.theirs(threads=CORES) as theirs:
            if state["torch-fidelity"].startswith("absent"):
                table = [row for row in table if row.most_error is None]
            elif any(row.most_error for row in table):
                n = next(row for row in table if row.most_error).theirs[1]["n"]
                theirs.ask("embed", peer="torch-fidelity", weights=weights, n=n, keep=expected)
            lines = []
            for row in table:
                print(f"  {row.work}, against {row.peer}", file=sys.stderr, flush=True)
                lines.append(_line(row, state, ours, theirs))
            if not word or word in GPU:
                lines.append(_gpu(ours, weights, 64 if quick else 512))
    head = _machine(state, quick)
    print("\n".join([*head, "", *_markdown([HEAD, *lines])]))
    if not quick:
        body = "\n".join([*head, "", *_markdown([HEAD, *_merged(lines, every)])])
        PAGE.write_text(
            f"# Speed on images, side by side\n\nWritten by `make bench`; not by hand.\n\n{body}\n", "utf-8"
        )


def _merged(lines: list[list[str]], order: list[Row]) -> list[list[str]]:
    """The page's rows, each replaced by its like among the new ones, in the table's order; those no longer in it go."""
    said = PAGE.read_text(encoding="utf-8").splitlines() if PAGE.exists() else []
    kept = [[cell.strip() for cell in line.strip("|").split("|")] for line in said if line.startswith("| ")][1:]
    found = {_kind(line): line for line in [*kept, *lines] if len(line) == len(HEAD)}
    kinds = [*(_kind([row.work, row.peer]) for row in order), _kind([f"{GPU}, 0 images", "itself"])]
    return [found[kind] for kind in kinds if kind in found]


def _kind(line: list[str]) -> tuple[str, str]:
    """Work and peer, whatever the number of files or images."""
    return re.sub(r"[\d,]+ (JPEGs|images)", r"\1", line[0]), line[1]


def _line(row: Row, state: dict[str, str], ours: Side, theirs: Side) -> list[str]:
    """One row, measured in turns after one run of each that is not counted."""
    target = f"{row.target:g}x"
    if (said := state[row.package or row.peer]).startswith("absent"):
        return [row.work, row.peer, "", "", "", "", target, f"cannot tell: {said}"]
    try:
        mine, yours = [], []
        smaller = None
        if row.flat:
            ours.ask(row.ours[0], **{**row.flat, "n": WARM})  # else the smaller run bears what a process takes once
            smaller = ours.ask(row.ours[0], **row.flat)["above_mb"]
        for turn in range(1 if row.once else TURNS + 1):
            a, b = ours.ask(row.ours[0], **row.ours[1]), theirs.ask(row.theirs[0], **row.theirs[1])
            if turn or row.once:
                mine.append(a)
                yours.append(b)
    except RuntimeError as error:
        return [row.work, row.peer, "", "", "", "", target, f"failed: {error}"]
    wall, cpu = (_least(yours, unit) / _least(mine, unit) for unit in ("wall", "cpu"))
    faults = _faults(row, mine[-1], yours[-1])
    notes = []
    if row.most_above_mb:
        notes.append(f"{mine[-1]['above_mb']:.0f} MB above inputs, the peer {yours[-1]['above_mb']:,.0f}")
    if smaller is not None:
        largest = max(a["above_mb"] for a in mine)
        grown = largest - smaller
        notes.append(f"{largest:.0f} MB, {grown:+.0f} against a quarter of the files")
        faults += ["memory grows"] if grown > FLAT_MB else []
    notes += [f"error {a['feature_error']:.1e}" for a in mine[-1:] if "feature_error" in a]
    met = "; ".join(["yes" if wall >= row.target and not faults else "no", *notes, *faults])
    costs = [f"{_least(answers, 'wall'):.3g}" for answers in (mine, yours)]
    return [row.work, row.peer, *costs, f"{wall:.1f}x", f"{cpu:.1f}x", target, met]


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

    work, target = f"{GPU}, {n} images", "0.7"
    if not torch.cuda.is_available():
        return [work, "itself", "", "", "", "", target, "cannot tell: no GPU here"]
    share = max(ours.ask("gpu", weights=weights, n=n)["share"] for _ in range(TURNS))
    return [work, "itself", f"{share:.2f}", "1", "", "", target, "yes" if share >= 0.7 else "no"]


def _least(answers: list[dict[str, Any]], unit: str) -> float:
    return float(min(answer[unit] for answer in answers))


def _machine(state: dict[str, str], quick: bool) -> list[str]:
    import importlib.metadata

    info = Path("/proc/cpuinfo")
    said = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in said if line.startswith("model name")]
    versions = ", ".join(f"{peer} {state[peer]}" for peer in ("torch-fidelity", "pytorch-fid", "clean-fid", "prdc"))
    size = "small sizes (BENCH_QUICK), shown for orientation only" if quick else "full sizes where not said otherwise"
    return [
        f"{models[0] if models else platform.machine()}, {CORES} threads; Python {platform.python_version()}, torch "
        f"{importlib.metadata.version('torch')} on both sides, scipy {importlib.metadata.version('scipy')}; "
        f"{versions}; {size}.",
        "",
        "Least of two turns after one that is not counted; PRDC and the folder have one turn. clean-fid's network file "
        "cannot be had offline: its architecture is timed as frozen TorchScript. All networks have the same random "
        "weights.",
    ]


def _markdown(table: list[list[str]]) -> list[str]:
    head, *body = (f"| {' | '.join(cells)} |" for cells in table)
    return [head, "|" + "---|" * len(table[0]), *body]


if __name__ == "__main__":
    main()
