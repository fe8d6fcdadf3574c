"""What a score is about: what two scores must share before they stand in one row, one family or one pair."""

from __future__ import annotations

import json
from typing import NamedTuple

from genbench.core.score import Score


class Subject(NamedTuple):
    """Everything of a score but its model and its outcome, the widest first: scores alike in less share a beginning.

    settings: of the probe, as JSON. asked: the n that the suite asks of this probe alone, 0 where it asks none: a run
    that stops early gives each model an n of its own, which does not make it another question.
    """

    id: str
    dataset: str
    lens: str
    benchmark_digest: str
    lens_digest: str
    settings: str
    asked: int


def subject(score: Score) -> Subject:
    """What the score is about. Benchmark and lens count by content: one file under two names is one benchmark."""
    p = score.provenance
    settings = json.dumps(dict(p.settings), sort_keys=True, default=str)
    return Subject(score.id, score.dataset, score.lens, p.benchmark_digest, p.lens_digest, settings, p.asked)


def titled(score: Score) -> str:
    """The metric's title, with the benchmark it is asked of, if any."""
    benchmark = score.provenance.benchmark
    return f"{score.title} on {benchmark}" if benchmark else score.title
