"""Where a score stands in words: on which data, through which lens, with which settings, at which n."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from genbench.core.score import Score
from genbench.report.numbers import number

LONGEST_FACT = 400


def place(score: Score, beside: Sequence[Score]) -> tuple[tuple[str, str], ...]:
    """Where a score stands among others of its metric, as (word, name); digests are told where names are the same."""
    p = score.provenance
    others = [s.provenance for s in beside]
    names = [("on", p.benchmark), ("with models of", score.dataset)] if p.benchmark else [("on", score.dataset)]
    if any(q.benchmark == p.benchmark and q.benchmark_digest != p.benchmark_digest for q in others):
        names.append(("version", p.benchmark_digest[:8]))
    names.append(("through", score.lens))
    if any(q.lens == p.lens and q.dataset == p.dataset and q.lens_digest != p.lens_digest for q in others):
        names.append(("version", p.lens_digest[:8]))
    differing = [key for key, value in p.settings.items() if any(q.settings.get(key) != value for q in others)]
    names.append(("with", ", ".join(f"{key} {fact(p.settings[key])}" for key in differing)))
    if any(q.asked != p.asked for q in others):
        names.append(("at", f"n = {p.asked:,}" if p.asked else "the suite's n"))
    return tuple((word, name) for word, name in names if name)


def apart(scores: Sequence[Score]) -> list[str]:
    """What sets each of these apart from the others in words, such as "on digits"; empty where nothing does."""
    places = [place(score, scores) for score in scores]
    return [
        " ".join(f"{word} {name}" for word, name in own if any((word, name) not in other for other in places))
        for own in places
    ]


def fact(value: object) -> str:
    """A setting or a fact of a score in words, cut where it is long."""
    if isinstance(value, float):
        return number(value)
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {fact(inner)}" for key, inner in value.items())[:LONGEST_FACT]
    if isinstance(value, list | tuple):
        return ", ".join(fact(inner) for inner in value)[:LONGEST_FACT]
    return (value if isinstance(value, str) else json.dumps(value))[:LONGEST_FACT]
