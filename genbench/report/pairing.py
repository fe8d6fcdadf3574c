"""Which scores of two runs belong together, what stands alone, and what may not be compared and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from genbench.core.score import Failed, Score, Skipped
from genbench.report.subject import Subject, subject
from genbench.results.run import Run


@dataclass(frozen=True)
class Pair:
    """One score in both runs. obstacle: why the two may not be compared; None where they may."""

    a: Score
    b: Score
    obstacle: str | None

    @property
    def model(self) -> str:
        """The model's name, or both where they differ."""
        return self.a.model if self.a.model == self.b.model else f"{self.a.model} -> {self.b.model}"


@dataclass(frozen=True)
class Alone:
    """A score that only one run has, and what stands in its place in the other. `other`: None where nothing does."""

    score: Score
    in_a: bool
    other: Skipped | Failed | None

    @property
    def because(self) -> str:
        mine, theirs = ("A", "B") if self.in_a else ("B", "A")
        if isinstance(self.other, Skipped):
            return f"only in {mine}; skipped in {theirs}: {self.other.because}"
        if isinstance(self.other, Failed):
            return f"only in {mine}; failed in {theirs}: {self.other.error}"
        return f"only in {mine}"


@dataclass(frozen=True)
class Pairing:
    """Everything two runs have to say to one another; context metrics are left out."""

    pairs: tuple[Pair, ...]
    alone: tuple[Alone, ...]


def paired_models(a: Run, b: Run) -> dict[str, str]:
    """{name in A: name in B}: by name; where each run has a single model, these two whatever they are called."""
    if len(a.models) == len(b.models) == 1:
        return {a.models[0]: b.models[0]}
    return {name: name for name in a.models if name in b.models}


def pairing(a: Run, b: Run, wanted: Callable[[Score], bool] = lambda score: True) -> Pairing:
    """Pairs the scores of both runs that are `wanted`: same metric and model, as alike in the rest as there is.

    A suite may ask one probe several times (of benchmarks, through lenses, with settings, at several n). So those that
    agree in all of this are paired first, then those that agree in less; what is left of the same metric and model is
    paired last, and its obstacle says why it may not be compared.
    """
    names = paired_models(a, b)
    mine = [score for score in a.measured if not score.definition.context and wanted(score)]
    theirs = [score for score in b.measured if not score.definition.context and wanted(score)]
    found: dict[int, Score] = {}
    free = list(range(len(theirs)))
    for alike in ALIKE:
        for i, score in enumerate(mine):
            if i in found:
                continue
            sought = (names.get(score.model), *alike(score))
            match = next((j for j in free if (theirs[j].model, *alike(theirs[j])) == sought), None)
            if match is not None:
                found[i] = theirs[match]
                free.remove(match)
    back = {theirs_: mine_ for mine_, theirs_ in names.items()}
    pairs = tuple(Pair(mine[i], found[i], obstacle(mine[i], found[i])) for i in sorted(found))
    alone_a = [Alone(s, True, _instead(b, s, names.get(s.model))) for i, s in enumerate(mine) if i not in found]
    alone_b = [Alone(theirs[j], False, _instead(a, theirs[j], back.get(theirs[j].model))) for j in free]
    return Pairing(pairs, (*alone_a, *alone_b))


def obstacle(a: Score, b: Score) -> str | None:
    """What forbids to compare two scores of one metric, naming what differs; None where nothing does.

    The seed, the model and n may differ: that is what comparisons are for, and intervals hold chance. But where the
    score means something else at another n, n may not; nor may the number of real items a probe is shown, which no
    interval holds. Joules and seconds need the same machine and the same way of reading it besides.
    """
    p, q = a.provenance, b.provenance
    if p.dataset_digest != q.dataset_digest:
        names = a.dataset if a.dataset == b.dataset else f"{a.dataset} against {b.dataset}"
        return f"the data differ: {names}, other items or splits ({_short(p.dataset_digest, q.dataset_digest)})"
    if apart := _reference_apart(p.reference, q.reference):
        return f"the reference differs: {apart}"
    if a.lens != b.lens:
        return f"the lens differs: {a.lens or 'none'} against {b.lens or 'none'}"
    if p.benchmark_digest != q.benchmark_digest:
        return f"the benchmark differs: {p.benchmark or 'none'} and {q.benchmark or 'none'} are not the same file"
    if p.lens_digest != q.lens_digest:
        return f"the lens differs: {a.lens} is not the same one ({_short(p.lens_digest, q.lens_digest)})"
    if p.dtype != q.dtype:
        return f"the precision differs: {p.dtype} against {q.dtype}"
    if p.settings != q.settings:
        return f"the settings of {a.probe} differ: {_settings_apart(p.settings, q.settings)}"
    if p.probe_version != q.probe_version:
        return f"the probe {a.probe} was changed in between ({_short(p.probe_version, q.probe_version)})"
    if a.definition.sized == "value" and a.estimate.n != b.estimate.n:
        return f"n differs: {a.estimate.n:,} against {b.estimate.n:,}, and {a.id} means something else at another n"
    return None if a.definition.repeatable else _other_machine(a, b)


def _other_machine(a: Score, b: Score) -> str | None:
    p, q = a.provenance.environment, b.provenance.environment
    for what, first, second in (
        ("device", p.device, q.device),
        ("platform", p.platform, q.platform),
        ("meter", str(a.estimate.detail.facts.get("method", "")), str(b.estimate.detail.facts.get("method", ""))),
    ):
        if first != second:
            return f"the {what} differs: {first or 'unknown'} against {second or 'unknown'}"
    return None


def _whole(score: Score) -> tuple[Any, ...]:
    return (*subject(score), score.estimate.n)


def _named(score: Score) -> tuple[Any, ...]:
    """By the benchmark's name, where its content was changed in between."""
    return (*subject(score)[:NAMES], score.provenance.benchmark)


def _first(fields: int) -> Callable[[Score], tuple[Any, ...]]:
    return lambda score: subject(score)[:fields]


FIELDS, NAMES = len(Subject._fields), Subject._fields.index("benchmark_digest")
# Ways to be alike, from all that a score is about, and n, down to the metric alone.
ALIKE = (_whole, *map(_first, range(FIELDS, NAMES, -1)), _named, *map(_first, range(NAMES, 0, -1)))


def _instead(run: Run, score: Score, model: str | None) -> Skipped | Failed | None:
    """What the other run has in place of a score: the model's skipped metric or probe, or its failed probe."""
    for failed in run.failed:
        if (failed.probe, failed.model) == (score.probe, model):
            return failed
    for skipped in run.skipped:
        if (skipped.probe, skipped.model) == (score.probe, model) and skipped.metric in ("", score.metric):
            return skipped
    return None


def _reference_apart(a: Mapping[str, int], b: Mapping[str, int]) -> str:
    """ "300 against 60 held-out items"; empty where both were shown as many. A split that is not cut short is whole."""
    return ", ".join(
        f"{a.get(split, 'all')} against {b.get(split, 'all')} {split.replace('_', '-')} items"
        for split in sorted({*a, *b})
        if a.get(split) != b.get(split)
    )


def _settings_apart(a: Mapping[str, Any], b: Mapping[str, Any]) -> str:
    names = [name for name in sorted({*a, *b}) if a.get(name) != b.get(name)]
    return ", ".join(f"{name} {a.get(name)!r} against {b.get(name)!r}" for name in names)


def _short(a: str, b: str) -> str:
    return f"{a[:8] or 'none'} against {b[:8] or 'none'}"
