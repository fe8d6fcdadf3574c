"""The whole selftest: which rows there are, which of them must be run again, and what the certificate then says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from genbench.core.catalogue import Entry, catalogue, find
from genbench.core.digest import digest
from genbench.core.version import __version__
from genbench.results.certificate import NAME, Certificate, Proof, Vouched, read_certificate
from genbench.results.evidence_files import write_whole
from genbench.run.home import Home
from genbench.run.voice import Tell, Voice
from genbench.selftest import trials
from genbench.selftest.coverage import QUICK, THOROUGH, Case, Covered, cases, cover
from genbench.selftest.plant import PlantSpec
from genbench.selftest.rows import Demand, Row
from genbench.selftest.sources import code_behind
from genbench.selftest.trials import try_probe

ENGINE = Path(trials.__file__)


@dataclass(frozen=True)
class Request:
    """probes: ids to test, none for all. n: outputs per trial. full: the counts of a long run.

    coverage_only: nothing is planted, and the certificate stays as it is.
    """

    probes: tuple[str, ...] = ()
    n: int = 300
    full: bool = False
    coverage_only: bool = False


@dataclass(frozen=True)
class Findings:
    """Every row, and every interval's coverage. reused: how many parts had been run before."""

    rows: tuple[Row, ...]
    coverage: tuple[Covered, ...]
    reused: int

    @property
    def held(self) -> bool:
        return all(row.held for row in self.rows) and all(covered.held for covered in self.coverage)


def selftest(request: Request, home: Home, voice: Voice) -> Findings:
    """Runs what is not known yet, and writes the certificate of the probes asked for; others keep theirs.

    What is kept is named by the code of the plant and of all it imports, of the probe and the statistics, and by
    the counts. `UnknownName` where a probe is asked for that is not in the catalogue.
    """
    wanted = tuple(find("probe", id).id for id in request.probes) or tuple(catalogue("probe"))
    kept = Kept(home.root / "selftest" / "kept")
    plants = () if request.coverage_only else catalogue("plant").values()
    pairs = [(e, id) for e in plants for id in e.load().__genbench__.probes if id in wanted]
    known = [case for case in cases() if not request.probes or set(case.probes) & set(wanted)]
    rows: list[Row] = []
    covered: list[Covered] = []
    with voice.bar("selftest") as tell:
        part = Part(tell, len(pairs) + len(known))
        for entry, probe in pairs:
            part.begin(f"{entry.id}, {probe}")
            rows += _rows(entry, probe, request, kept, part)
        for case in known:
            part.begin(f"coverage, {case.name}")
            covered.append(_covered(case, THOROUGH if request.full else QUICK, kept, part))
    findings = Findings(tuple(rows), tuple(covered), kept.reused)
    if request.coverage_only:
        return findings
    folder = home.root / "selftest"
    before = read_certificate(folder) or Certificate()
    vouched = {id: _vouched(id, findings.rows, request) for id in wanted}
    Certificate({**before.probes, **vouched}).write(folder / NAME)
    return findings


class Part:
    """Progress over many parts: the bar moves within each."""

    def __init__(self, tell: Tell, parts: int) -> None:
        self.bar, self.parts, self.done, self.label = tell, parts, -1, ""

    def begin(self, label: str) -> None:
        self.done, self.label = self.done + 1, label
        self.bar(self.done, self.parts, label)

    def within(self, done: int, total: int) -> None:
        self.bar(self.done, self.parts, f"{self.label} {done}/{total}")


class Kept:
    """Results of earlier selftests, each under the digest of everything that made it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.reused = folder, 0

    def read(self, key: str) -> Any:
        """None where it is not there, or not whole."""
        try:
            found = json.loads((self.folder / f"{key}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        self.reused += 1
        return found

    def write(self, key: str, plain: Any) -> None:
        write_whole(self.folder / f"{key}.json", json.dumps(plain, allow_nan=False).encode("utf-8"))


def _rows(entry: Entry, probe: str, request: Request, kept: Kept, part: Part) -> list[Row]:
    spec: PlantSpec = entry.load().__genbench__
    times = spec.full if request.full else spec.trials
    code = [entry.code, code_behind(entry.path, ENGINE), find("probe", probe).code]
    key = digest("rows", entry.id, probe, code, request.n, times)
    known = kept.read(key)
    if known is None:
        found = try_probe(entry, probe, n=request.n, trials=times, tell=part.within)
        kept.write(key, [_plain(row) for row in found])
        return found
    return [_row(plain) for plain in known]


def _covered(case: Case, runs: int, kept: Kept, part: Part) -> Covered:
    code = [code_behind(case.path), *(find("probe", id).code for id in case.probes)]
    key = digest("coverage", case.name, case.truth, list(case.metrics), code, runs)
    known = kept.read(key)
    if known is None:
        found = cover(case, runs, part.within)
        kept.write(key, {"covered": found.covered, "lost": found.lost})
        return found
    told = case.metrics, case.miss, case.least
    return Covered(case.method, case.data, case.truth, known["covered"], runs, known["lost"], *told)


def _plain(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.plain().items() if name not in ("low", "high", "held")}


def _row(plain: Mapping[str, Any]) -> Row:
    demand = Demand(plain["metric"], plain["dose"], plain["how"], plain["want"], plain["share"])
    return Row(plain["plant"], demand, plain["heard"], plain["trials"], plain["lost"])


def _vouched(probe: str, rows: Sequence[Row], request: Request) -> Vouched:
    """What the certificate says of one probe; rows that are only shown are not part of it."""
    proofs = [_proof(row) for row in rows if row.demand.probe == probe and row.demand.want != "shown"]
    blank = Vouched(find("probe", probe).code, f"{datetime.now(UTC):%Y-%m-%d}", __version__, request.n, request.full)
    return replace(
        blank,
        power=tuple(p for p in proofs if p.want == "heard"),
        false_alarms=tuple(p for p in proofs if p.want == "silent"),
    )


def _proof(row: Row) -> Proof:
    plain = row.plain()
    del plain["share"]
    return Proof(**{**plain, "dose": str(plain["dose"])})
