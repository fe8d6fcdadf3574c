"""One call from a suite to a finished run folder: starts it, or takes up where a broken one ended."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from genbench.core.errors import GenBenchError, ResultsError, RunBroken
from genbench.core.score import Environment, Failed, Score
from genbench.core.secrets import without_secrets
from genbench.core.version import __version__
from genbench.meters.idle import idle_power
from genbench.meters.ledger import Ledger
from genbench.meters.opening import open_meter
from genbench.results.certificate import carry
from genbench.results.store import Cache, Header, RunFolder, read_header
from genbench.run.account import Account
from genbench.run.annex import tell_annex
from genbench.run.device import pick_device
from genbench.run.environment import environment
from genbench.run.execute import Execution
from genbench.run.forecast import remember
from genbench.run.home import Home
from genbench.run.overlooked import overlooked
from genbench.run.plan import Plan, make_plan
from genbench.run.suite import Suite
from genbench.run.until_decided import Declaration, UntilDecided, budget_of, declare, within
from genbench.run.voice import Voice


@dataclass(frozen=True)
class Options:
    """How to run, apart from what: none of these changes a score, except `device` in the last digits.

    budget: draw in growing blocks, at most so many samples from each model, and stop once every gate is decided. Scores
    are then those of the n at which a model's gates were.
    """

    device: str | None = None
    resume: bool = False
    home: Path | None = None
    out: Path | None = None
    budget: int | None = None
    command: Sequence[str] = ()


def run_suite(suite: Suite, options: Options = Options(), voice: Voice | None = None) -> Path:
    """Carries the suite out and returns its run folder.

    Raises what a bad suite, catalogue or device raises before anything is run; `RunBroken` where the disk gives
    up; `KeyboardInterrupt` after writing what is needed to resume.
    """
    voice = voice or Voice(quiet=True)
    home = Home.here(options.home)
    device = pick_device(options.device or suite.device)
    plan = make_plan(suite)
    declared = None
    if options.budget is not None:
        plan = within(plan, options.budget)
        declared = declare(plan, options.budget)
    folder = _open_folder(suite, options, home, device, voice)
    with folder.held():
        folder.mend()
        _carry_out(plan, folder, home, device, voice, declared=declared)
    return folder.path


def _carry_out(
    plan: Plan, folder: RunFolder, home: Home, device: str, voice: Voice, *, declared: Declaration | None
) -> None:
    """Runs what is left of the plan, in a folder that nobody else writes to."""
    suite = plan.suite
    meter = open_meter(suite.meters.meter, voice.warn)
    ledger = Ledger(meter, folder.append_stage, voice.warn, idle_power(meter))
    account = Account(Cache(home.cache), ledger, folder, counts=suite.meters.flop)
    until = UntilDecided(declared, folder, voice) if declared else None
    execution = Execution(plan, folder, account, device, voice, until=until)
    voice.say(f"{suite.name}: {_counts(plan)} on {device}")
    for note in overlooked(plan):
        voice.warn(note)
    try:
        with ledger:
            execution.run()
    except BaseException as error:
        with suppress(RunBroken):  # where the disk is full, this cannot be written either
            _tell_meter(folder, suite.meters.meter, ledger)
            folder.finish("interrupted" if isinstance(error, KeyboardInterrupt) else "broken")
        raise
    for warning in voice.warnings:
        folder.append_event("note", text=warning)
    _tell_meter(folder, suite.meters.meter, ledger)
    tell_annex(folder, [planned.name for planned in plan.models], suite.meters.pue)
    carry(home.root / "selftest", folder.path)
    folder.finish("finished")
    if declared is None:  # what a part of the samples did cost foretells nothing
        remember(plan, home, account.spent())
    voice.say(f"{suite.name}: {_found(folder)}")


def _tell_meter(folder: RunFolder, name: str, ledger: Ledger) -> None:
    """Keeps what the machine used while this session ran, what stages were charged with, and the meter's own total."""
    folder.append_event(
        "meter",
        meter=name,
        idle=asdict(ledger.idle),
        machine=ledger.machine,
        charged=ledger.charged,
        before=ledger.before,
        own_total=ledger.own_total(),
    )


def _open_folder(suite: Suite, options: Options, home: Home, device: str, voice: Voice) -> RunFolder:
    resolved, now = suite.model_dump(mode="json"), environment(device)
    if options.resume:
        for path in reversed(home.known()) if options.out is None else [options.out]:
            if (path / "run.json").is_file() and _same(path, resolved, options.budget, now):
                folder = RunFolder(path, read_header(path))
                voice.say(f"resuming {path}: {len(folder.outcomes())} cells are done")
                return folder
        if options.out is not None:
            raise GenBenchError(
                f"{options.out} holds no run of this suite as it stands, with these packages, on this device; "
                "leave --resume out to start anew"
            )
        voice.say("nothing to resume: no earlier run of this suite as it stands; starting anew")
    path = options.out or home.new_run(suite.name)
    header = Header(
        name=suite.name,
        created=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        suite=resolved,
        suite_path=str(suite.path or ""),
        environment=now,
        seed=suite.seed,
        command=shlex.join(options.command),
        version=__version__,
    )
    return RunFolder.create(path, header)


def _same(path: Path, resolved: dict[str, Any], budget: int | None, now: Environment) -> bool:
    """Whether that folder holds a run of the same suite, looks included, with the same packages on the same device."""
    try:
        folder = RunFolder(path, read_header(path))
    except ResultsError:  # a neighbour that cannot be read is no run of this suite
        return False
    if folder.header.suite != without_secrets(resolved) or budget_of(folder) != budget:
        return False
    then = folder.header.environment
    return (then.device, then.python, then.packages) == (now.device, now.python, now.packages)


def _counts(plan: Plan) -> str:
    return (
        f"{len(plan.models)} models, {len(plan.runnable)} cells to run, "
        f"{len(plan.cells) - len(plan.runnable)} not applicable"
    )


def _found(folder: RunFolder) -> str:
    outcomes = [outcome for cell in folder.outcomes().values() for outcome in cell]
    states = [outcome.state for outcome in outcomes if isinstance(outcome, Score)]
    failed = sum(isinstance(outcome, Failed) for outcome in outcomes)
    return (
        f"{len(states)} scores: {states.count('alarm')} alarms, {states.count('clear')} clear, "
        f"{states.count('unsure')} cannot tell; {failed} cells failed"
    )
