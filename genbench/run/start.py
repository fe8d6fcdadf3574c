"""One call from a suite to a finished run folder: starts it, or takes up where a broken one ended."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from genbench.core.errors import GenBenchError, RunBroken
from genbench.core.score import Failed, Score
from genbench.core.version import __version__
from genbench.meters.ledger import Ledger
from genbench.meters.opening import open_meter
from genbench.results.store import Cache, Header, RunFolder, read_header
from genbench.run.account import Account
from genbench.run.device import pick_device
from genbench.run.environment import environment
from genbench.run.execute import Execution
from genbench.run.forecast import remember
from genbench.run.home import Home
from genbench.run.plan import Plan, make_plan
from genbench.run.suite import Suite
from genbench.run.voice import Voice


@dataclass(frozen=True)
class Options:
    """How to run, apart from what: none of these changes a score, except `device` in the last digits."""

    device: str | None = None
    resume: bool = False
    home: Path | None = None
    out: Path | None = None
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
    folder = _open_folder(suite, options, home, device, voice)
    ledger = Ledger(open_meter(suite.meters.meter, voice.warn), folder.append_stage)
    account = Account(Cache(home.cache), ledger, folder)
    execution = Execution(plan, folder, account, device, folder.header.environment, voice)
    voice.say(f"{suite.name}: {_counts(plan)} on {device}")
    try:
        with ledger:
            execution.run()
    except KeyboardInterrupt:
        folder.finish("interrupted")
        raise
    except OSError as error:
        folder.finish("broken")
        raise RunBroken(f"the run in {folder.path} ended early: {error}") from error
    for warning in voice.warnings:
        folder.append_event("note", text=warning)
    folder.finish("finished")
    remember(plan, home, account.spent())
    voice.say(f"{suite.name}: {_found(folder)}")
    return folder.path


def _open_folder(suite: Suite, options: Options, home: Home, device: str, voice: Voice) -> RunFolder:
    resolved = suite.model_dump(mode="json")
    if options.resume:
        for path in reversed(home.known()) if options.out is None else [options.out]:
            if (path / "run.json").is_file() and read_header(path).suite == resolved:
                folder = RunFolder.open(path)
                voice.say(f"resuming {path}: {len(folder.outcomes())} cells are done")
                return folder
        if options.out is not None:
            raise GenBenchError(
                f"{options.out} holds no run of this suite as it stands; leave --resume out to start anew"
            )
        voice.say("nothing to resume: no earlier run of this suite as it stands; starting anew")
    path = options.out or home.new_run(suite.name)
    header = Header(
        name=suite.name,
        created=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        suite=resolved,
        suite_path=str(suite.path or ""),
        environment=environment(device),
        seed=suite.seed,
        command=shlex.join(options.command or sys.argv),
        version=__version__,
    )
    return RunFolder.create(path, header)


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
