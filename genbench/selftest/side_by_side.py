"""Runs parts of a selftest, in several processes where there is work for them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import groupby

from joblib import Parallel, delayed

from genbench.run.voice import Tell
from genbench.selftest.parts import Covering, Kept, Part, Steps


def run_parts(parts: Sequence[Part], kept: Kept, jobs: int, tell: Tell) -> None:
    """Every result is kept as soon as it is there, so a selftest that was stopped goes on where it was.

    A part has its own chance, so its result depends neither on the process nor on what ran before. Parts of one
    plant stay in one process, as it may train a model once for all the probes that are asked about it. The cores are
    shared out among the processes: libraries that took all of them in each would only wait for one another.
    """
    stages = [list(stage) for _, stage in groupby(parts, _stage)]
    if jobs == 1 or len(stages) < 2:
        for done, part in enumerate(parts):
            kept.write(part, part.run(_within(tell, done, len(parts), part.label)))
        return
    farm = Parallel(n_jobs=jobs, batch_size=1, return_as="generator_unordered", max_nbytes=None)
    done = 0
    tell(done, len(parts), f"in {jobs} processes")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A worker stopped")  # one that has grown is replaced, and loses nothing
        for label, ran in farm(delayed(_run)(stage, kept) for stage in stages):
            done += ran
            tell(done, len(parts), f"last: {label}")


def _run(stage: Sequence[Part], kept: Kept) -> tuple[str, int]:
    for part in stage:
        kept.write(part, part.run(lambda done, total: None))
    return stage[-1].label, len(stage)


def _stage(part: Part) -> str:
    return part.label if isinstance(part, Covering) else part.plant


def _within(tell: Tell, done: int, parts: int, label: str) -> Steps:
    return lambda i, n: tell(done, parts, f"{label} {i}/{n}")
