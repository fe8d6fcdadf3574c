"""Scores across runs: an SQLite index, derived from the run folders and made again from them at any time."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd

from genbench.core.digest import digest
from genbench.core.errors import ResultsError
from genbench.core.score import Score
from genbench.results.run import Run

INDEX = "index.sqlite"
COLUMNS = (
    "created", "run", "revision", "device", "model", "model_digest", "dataset", "id", "title", "value", "low", "high",
    "n", "unit", "state", "lens", "repeatable", "made",
)  # fmt: skip


def reindex(runs: Path) -> int:
    """Reads every run folder below `runs` and writes the index anew, all or nothing. Returns how many runs are in it.

    A folder that cannot be read is left out; `unreadable` names it.
    """
    rows, count, seen = [], 0, _signatures(runs)
    for name in seen:
        try:
            run = Run.load(runs / name)
            records = run.scores().to_dict(orient="records")
        except ResultsError:
            continue
        count += 1
        for score, record in zip(run.measured, records, strict=True):
            header: dict[Any, Any] = {"created": run.header.created, "run": name, **_origin(score)}
            rows.append(tuple({**record, **header}[column] for column in COLUMNS))
    runs.mkdir(parents=True, exist_ok=True)
    new = runs / f"index.sqlite.{os.getpid()}.new"
    new.unlink(missing_ok=True)
    with closing(sqlite3.connect(new)) as index, index:
        index.execute(f"create table scores ({', '.join(COLUMNS)})")
        index.executemany(f"insert into scores values ({', '.join('?' * len(COLUMNS))})", rows)
        index.execute("create table seen (run, signature)")
        index.executemany("insert into seen values (?, ?)", seen.items())
    new.replace(runs / INDEX)
    return count


def _origin(score: Score) -> dict[str, Any]:
    """Who made it, and `made`: a digest of all that two scores must share to lie on one line.

    That is what `compare` asks for as well: data and how much of them, lens, benchmark, precision, settings, probe; n
    where the score means something else at another; and for joules and seconds the machine and the way they were read.
    """
    p, definition = score.provenance, score.definition
    where = p.environment
    how: list[Any] = [
        p.dataset_digest, p.reference, p.lens_digest, p.benchmark_digest, p.dtype, p.settings, p.probe_version,
    ]  # fmt: skip
    if definition.sized == "value":
        how.append(score.estimate.n)
    if not definition.repeatable:
        how += [where.device, where.platform, str(score.estimate.detail.facts.get("method", ""))]
    return {
        "revision": where.revision[:12],
        "device": where.device,
        "model_digest": p.model_digest,
        "repeatable": definition.repeatable,
        "made": digest(how)[:12],
    }


def unreadable(runs: Path) -> dict[str, str]:
    """Run folders that cannot be read, and why."""
    found = {}
    for path in sorted(p.parent for p in runs.glob("*/run.json")):
        try:
            Run.load(path).scores()
        except ResultsError as error:
            found[path.name] = str(error)
    return found


def history(runs: Path, *, metric: str | None = None, model: str | None = None) -> pd.DataFrame:
    """Scores of all runs, oldest first; the index is renewed when runs came, went or changed; empty without any."""
    if not runs.is_dir():
        return pd.DataFrame(columns=list(COLUMNS))
    if _stale(runs):
        reindex(runs)
    clauses = [(name, value) for name, value in (("id", metric), ("model", model)) if value]
    where = " where " + " and ".join(f"{name} = ?" for name, _ in clauses) if clauses else ""
    with closing(sqlite3.connect(runs / INDEX)) as index:
        order = " order by created, run, model, id"
        return pd.read_sql_query(f"select * from scores{where}{order}", index, params=[v for _, v in clauses])


def _stale(runs: Path) -> bool:
    """Whether the index was made from other runs, or other states of them, than there are now."""
    if not (runs / INDEX).exists():
        return True
    try:
        with closing(sqlite3.connect(runs / INDEX)) as index:
            seen = dict(index.execute("select run, signature from seen"))
            columns = tuple(name for _, name, *_ in index.execute("pragma table_info(scores)"))
    except sqlite3.DatabaseError:  # written by an earlier version, or damaged: it is derived, so it is made again
        return True
    return columns != COLUMNS or seen != _signatures(runs)


def _signatures(runs: Path) -> dict[str, str]:
    """{run: sizes and times of its files}, whatever cannot be read included."""
    found = {}
    for header in sorted(runs.glob("*/run.json")):
        files = [path for path in (header, header.with_name("outcomes.jsonl")) if path.exists()]
        found[header.parent.name] = " ".join(f"{f.stat().st_size}@{f.stat().st_mtime_ns}" for f in files)
    return found
