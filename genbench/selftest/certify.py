"""The whole selftest: which rows there are, which of them must be run again, and what the certificate then says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from genbench.core.catalogue import catalogue, find
from genbench.core.version import __version__
from genbench.results.certificate import NAME, Certificate, Proof, Vouched, read_certificate
from genbench.run.home import Home
from genbench.run.voice import Voice
from genbench.selftest.coverage import QUICK, THOROUGH, Covered, cases
from genbench.selftest.parts import Covering, Kept, Part, Planting
from genbench.selftest.plant import PlantSpec
from genbench.selftest.rows import Row
from genbench.selftest.side_by_side import run_parts
from genbench.selftest.trials import trials_of


@dataclass(frozen=True)
class Request:
    """probes: ids to test, none for all. n: outputs per trial. full: the counts of a long run.

    coverage_only: nothing is planted, and the certificate stays as it is. jobs: processes, which change no result.
    """

    probes: tuple[str, ...] = ()
    n: int = 300
    full: bool = False
    coverage_only: bool = False
    jobs: int = 1


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
    parts: list[Part] = [*_plantings(request, wanted), *_coverings(request, wanted)]
    unknown = [part for part in parts if kept.read(part) is None]
    with voice.bar("selftest") as tell:
        run_parts(unknown, kept, request.jobs, tell)
    rows = [row for part in parts if isinstance(part, Planting) for row in part.read(kept.read(part))]
    covered = [part.read(kept.read(part)) for part in parts if isinstance(part, Covering)]
    findings = Findings(tuple(rows), tuple(covered), len(parts) - len(unknown))
    if request.coverage_only:
        return findings
    folder = home.root / "selftest"
    before = read_certificate(folder) or Certificate()
    vouched = {id: _vouched(id, findings.rows, request) for id in wanted}
    Certificate({**before.probes, **vouched}).write(folder / NAME)
    return findings


def _plantings(request: Request, wanted: Sequence[str]) -> Iterator[Planting]:
    for entry in () if request.coverage_only else catalogue("plant").values():
        spec: PlantSpec = entry.load().__genbench__
        times = trials_of(spec, full=request.full)
        yield from (Planting(entry.id, probe, request.n, times) for probe in spec.probes if probe in wanted)


def _coverings(request: Request, wanted: Sequence[str]) -> Iterator[Covering]:
    for case in cases():
        if not request.probes or set(case.probes) & set(wanted):
            yield Covering(case.name, THOROUGH if request.full else QUICK)


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
