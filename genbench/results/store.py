"""The run folder, which is the truth about a run, and the cache of evidence by content."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from genbench.core.digest import digest
from genbench.core.errors import ResultsError
from genbench.core.evidence import Stage
from genbench.core.lens import Rendering
from genbench.core.score import Environment, Outcome
from genbench.core.secrets import masked, without_secrets
from genbench.results import lines
from genbench.results.codec import decode, encode
from genbench.results.evidence_files import read_evidence, write_evidence, write_whole

fcntl: Any = importlib.import_module("fcntl") if os.name == "posix" else None

FORMAT = 1


@dataclass(frozen=True)
class Header:
    """What a run is, written before its first outcome. created: UTC, ISO 8601. command: what repeats it."""

    name: str
    created: str
    suite: dict[str, Any]
    suite_path: str
    environment: Environment
    seed: int
    command: str
    version: str
    format: int = FORMAT


@dataclass(frozen=True)
class RunFolder:
    """One run's folder, open for writing and reading. Every append is on disk when the call returns."""

    path: Path
    header: Header

    @classmethod
    def create(cls, path: Path, header: Header) -> RunFolder:
        """A new run, credentials in its header hidden. `ResultsError` where the folder already holds one."""
        header = replace(header, suite=without_secrets(header.suite), command=without_secrets(header.command))
        if (path / "run.json").exists():
            raise ResultsError(f"{path} already holds a run; choose another folder, or resume it")
        write_whole(path / "run.json", json.dumps(asdict(header), indent=1, allow_nan=False).encode())
        return cls(path, header)

    def mend(self) -> None:
        """Cuts off torn last lines, so that the run can be taken up again. Only for who holds it: see `held`."""
        for name in ("outcomes", "stages", "events"):
            lines.mend(self.path / f"{name}.jsonl")

    def records(self, name: str) -> Iterator[dict[str, Any]]:
        """The records of outcomes, stages or events as they were written."""
        return lines.read(self.path / f"{name}.jsonl")

    @property
    def status(self) -> str:
        """finished, interrupted, broken, or unfinished where the process was killed."""
        path = self.path / "status.json"
        return str(json.loads(path.read_text())["status"]) if path.exists() else "unfinished"

    def append_outcome(self, cell: str, outcomes: Sequence[Outcome]) -> None:
        """All outcomes of a cell in one record: a cell is done or it is not."""
        lines.append(self.path / "outcomes.jsonl", {"cell": cell, "outcomes": _plain(outcomes)})

    def outcomes(self) -> dict[str, tuple[Outcome, ...]]:
        """Outcomes by cell, in the order they came. A cell recorded twice counts as last recorded."""
        where = self.header.environment
        return {
            record["cell"]: tuple(decode(plain, where) for plain in record["outcomes"])
            for record in self.records("outcomes")
        }

    def append_stage(self, model: str, stage: Stage) -> None:
        lines.append(self.path / "stages.jsonl", {"model": model, "stage": asdict(stage)})

    def stages(self) -> list[tuple[str, Stage]]:
        """(model, stage) as they were measured; model is "" for the harness's own."""
        return [(r["model"], Stage.read(r["stage"])) for r in self.records("stages")]

    def append_event(self, kind: str, **payload: Any) -> None:
        """kind: data, model, fit, cost, quarantined, note ..."""
        lines.append(self.path / "events.jsonl", {"kind": kind, **without_secrets(payload)})

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Events of a kind in order; one that a resumed run said again counts once."""
        found = [r for r in self.records("events") if r["kind"] == kind]
        return list({json.dumps(event, sort_keys=True): event for event in found}.values())

    def keep_rendering(self, owner: str, role: str, index: int, rendering: Rendering) -> None:
        """A picture or an excerpt of one item; owner is a model's name, or a dataset's for its own items.

        Addresses, numbers and keys in a text are masked: a run folder is passed on.
        """
        path = self._rendering(owner, role, index)
        if rendering.kind == "image":
            write_whole(path.with_suffix(".png"), rendering.png)
        else:
            write_whole(path.with_suffix(".txt"), masked(rendering.text).encode("utf-8", "replace"))

    def rendering(self, owner: str, role: str, index: int) -> Rendering | None:
        path = self._rendering(owner, role, index)
        if path.with_suffix(".png").exists():
            return Rendering("image", png=path.with_suffix(".png").read_bytes())
        if path.with_suffix(".txt").exists():
            return Rendering("text", text=path.with_suffix(".txt").read_text(encoding="utf-8"))
        return None

    def _rendering(self, owner: str, role: str, index: int) -> Path:
        # Names come from users: what is no plain character becomes a dash, and a digest tells apart what is alike then.
        plain = "".join(c if (c.isalnum() and c.isascii()) or c == "-" else "-" for c in owner)
        safe = plain if plain == owner and len(owner) <= 60 else f"{plain[:50]}-{digest(owner)[:8]}"
        return self.path / "renderings" / safe / f"{role}-{index}"

    @contextmanager
    def held(self) -> Iterator[None]:
        """For one process at a time. `ResultsError` where another is writing to this run just now."""
        if fcntl is None:
            yield
            return
        with (self.path / "lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise ResultsError(f"another process is writing to {self.path}; wait for it, or start anew") from error
            yield

    def finish(self, status: str) -> None:
        """status: finished, interrupted or broken."""
        write_whole(self.path / "status.json", json.dumps({"status": status}).encode())


def rendering_owner(role: str, *, dataset: str, model: str, asked: tuple[str, str]) -> str:
    """Whose an item is, for renderings: the dataset's, the model's, or the model's where a probe asked it.

    asked: (probe, benchmark). Two probes may ask about unlike parts of one benchmark, so each has items of its own.
    """
    if role in ("train", "held_out"):
        return dataset
    return " ".join([model, *asked]) if role in ("benchmark", "answered") else model


def recordable(outcomes: Sequence[Outcome]) -> None:
    """Raises `ValueError` or `TypeError` where outcomes hold what no record can: NaN, infinity, objects."""
    lines.encoded({"outcomes": _plain(outcomes)})


def _plain(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    return [without_secrets(encode(outcome)) for outcome in outcomes]


def read_header(path: Path) -> Header:
    """The header of a run folder. `ResultsError` where there is none, or one of a later format."""
    try:
        plain = json.loads((path / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ResultsError(f"{path} is no run folder: it holds no run.json") from error
    except ValueError as error:
        raise ResultsError(f"{path / 'run.json'} is not JSON: {error}") from error
    return header_of(plain, path / "run.json")


def header_of(plain: Any, where: Path) -> Header:
    """A header from its plain values, which were read from `where`. `ResultsError` where they are none."""
    if isinstance(plain, dict) and plain.get("format", 0) > FORMAT:
        raise ResultsError(f"{where} was written by a later GenBench ({plain.get('version')}); update to read it")
    try:
        return Header(**{**plain, "environment": Environment(**plain["environment"])})
    except (KeyError, TypeError) as error:
        raise ResultsError(f"{where} is no header of a run: {error}") from error


class Cache:
    """Made things by content hash. What cannot be read counts as absent; writers never disturb readers."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _file(self, key: str, suffix: str = ".safetensors") -> Path:
        return self.root / key[:2] / f"{key}{suffix}"

    def has(self, key: str) -> bool:
        return self._file(key).exists()

    def get(self, key: str) -> Any:
        """The thing, or None where it is absent or unreadable (an unreadable file is removed)."""
        path = self._file(key)
        if not path.exists():
            return None
        try:
            return read_evidence(path)
        except ResultsError:
            path.unlink(missing_ok=True)
            return None

    def put(self, key: str, made: Any, cost: Stage | None = None) -> None:
        """Keeps a thing and what it cost. The cost is written first: whoever finds the thing finds its cost."""
        if cost is not None:
            write_whole(self._file(key, ".cost.json"), json.dumps(asdict(cost)).encode())
        write_evidence(self._file(key), made)

    def cost(self, key: str) -> Stage | None:
        path = self._file(key, ".cost.json")
        return Stage.read(json.loads(path.read_text())) if path.exists() else None

    def keys(self) -> Iterator[str]:
        return (path.stem for path in self.root.glob("*/*.safetensors"))
