"""The parts of a selftest: what each runs, what it depends on, and the plain words in which its result is kept."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from genbench.core.catalogue import find
from genbench.core.digest import digest
from genbench.results.evidence_files import write_whole
from genbench.run.environment import versions
from genbench.selftest import trials
from genbench.selftest.coverage import Case, Covered, cases, cover
from genbench.selftest.rows import Demand, Row
from genbench.selftest.sources import code_behind
from genbench.selftest.trials import try_probe

ENGINE = Path(trials.__file__)
Steps: TypeAlias = Callable[[int, int], None]  # done, total


@dataclass(frozen=True)
class Planting:
    """One plant, asked about by one probe: so many trials a dose, of n outputs each."""

    plant: str
    probe: str
    n: int
    trials: int

    @property
    def label(self) -> str:
        return f"{self.plant}, {self.probe}"

    @functools.cached_property
    def key(self) -> str:
        """Digest of the counts, of all code whose change could change the result, and of the packages' versions."""
        entry = find("plant", self.plant)
        code = [entry.code, code_behind(entry.path, ENGINE), find("probe", self.probe).code]
        return digest("rows", self.plant, self.probe, code, self.n, self.trials, versions())

    def run(self, tell: Steps) -> list[dict[str, Any]]:
        found = try_probe(find("plant", self.plant), self.probe, n=self.n, trials=self.trials, tell=tell)
        return [_plain(row) for row in found]

    def read(self, plain: Sequence[dict[str, Any]]) -> list[Row]:
        return [_row(each) for each in plain]


@dataclass(frozen=True)
class Covering:
    """One interval, on so many draws of a case whose truth is known."""

    name: str
    runs: int

    @property
    def label(self) -> str:
        return f"coverage, {self.name}"

    @functools.cached_property
    def key(self) -> str:
        case = self._case()
        code = [code_behind(case.path), *(find("probe", id).code for id in case.probes)]
        return digest("coverage", case.name, case.truth, list(case.metrics), code, self.runs, versions())

    def run(self, tell: Steps) -> dict[str, int]:
        found = cover(self._case(), self.runs, tell)
        return {"covered": found.covered, "lost": found.lost}

    def read(self, plain: dict[str, int]) -> Covered:
        case = self._case()
        told = case.metrics, case.miss, case.least
        return Covered(case.method, case.data, case.truth, plain["covered"], self.runs, plain["lost"], *told)

    def _case(self) -> Case:
        return next(case for case in cases() if case.name == self.name)


Part: TypeAlias = Planting | Covering


class Kept:
    """Results of all selftests so far, each under its part's key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, part: Part) -> Any:
        """None where it is not there, or not whole."""
        try:
            return json.loads((self.folder / f"{part.key}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def write(self, part: Part, plain: Any) -> None:
        write_whole(self.folder / f"{part.key}.json", json.dumps(plain, allow_nan=False).encode("utf-8"))


def _plain(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.plain().items() if name not in ("low", "high", "held")}


def _row(plain: dict[str, Any]) -> Row:
    demand = Demand(plain["metric"], plain["dose"], plain["how"], plain["want"], plain["share"])
    return Row(plain["plant"], demand, plain["heard"], plain["trials"], plain["lost"])
