"""Scores across runs: an SQLite index, derived from the run folders and made again from them at any time."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd

from genbench.core.errors import ResultsError
from genbench.results.run import Run

COLUMNS = ("created", "run", "revision", "model", "id", "title", "value", "low", "high", "n", "unit", "state", "lens")


def reindex(runs: Path) -> int:
    """Reads every run folder below `runs` and writes the index anew. Returns how many runs are in it.

    A folder that cannot be read is left out; `unreadable` names it.
    """
    rows, count = [], 0
    for path in sorted(p.parent for p in runs.glob("*/run.json")):
        try:
            run = Run.load(path)
            frame = run.scores()
        except ResultsError:
            continue
        count += 1
        for record in frame.to_dict(orient="records"):
            header: dict[Any, Any] = {
                "created": run.header.created,
                "run": path.name,
                "revision": run.header.environment.revision[:12],
            }
            rows.append(tuple({**record, **header}[column] for column in COLUMNS))
    runs.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(runs / "index.sqlite")) as index, index:
        index.execute("drop table if exists scores")
        index.execute(f"create table scores ({', '.join(COLUMNS)})")
        index.executemany(f"insert into scores values ({', '.join('?' * len(COLUMNS))})", rows)
    return count


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
    """Scores of all runs, oldest first; the index is renewed when a run is newer than it."""
    if _stale(runs):
        reindex(runs)
    clauses = [(name, value) for name, value in (("id", metric), ("model", model)) if value]
    where = " where " + " and ".join(f"{name} = ?" for name, _ in clauses) if clauses else ""
    with closing(sqlite3.connect(runs / "index.sqlite")) as index:
        order = " order by created, run, model, id"
        return pd.read_sql_query(f"select * from scores{where}{order}", index, params=[v for _, v in clauses])


def _stale(runs: Path) -> bool:
    index = runs / "index.sqlite"
    if not index.exists():
        return True
    made = index.stat().st_mtime
    return any(path.stat().st_mtime >= made for path in (*runs.glob("*/outcomes.jsonl"), *runs.glob("*/run.json")))
