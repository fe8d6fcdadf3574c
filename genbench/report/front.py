"""What quality costs: each model's quality beside its joules per 1,000 outputs, and whom no other beats in both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from markupsafe import Markup

from genbench.core.score import Score, Skipped, Toward
from genbench.report.cast import Member
from genbench.report.crosses import Cross, crosses
from genbench.report.numbers import Figures, figures, listed, number
from genbench.report.reading import apart, direction
from genbench.report.subject import Subject, subject, titled
from genbench.results.run import Run

JOULES = "energy.footprint.sample_per_1000"
# The first of these that two models have beside joules; else whatever other quality two of them share.
QUALITY = (
    "quality.frechet.distance", "quality.perplexity.bits_per_dimension", "quality.perplexity.bits_per_byte",
)  # fmt: skip

Standing: TypeAlias = Literal["on the front", "beaten", "cannot tell"]
SIGNS: dict[Standing, str] = {"on the front": "clear", "beaten": "info", "cannot tell": "unsure"}


@dataclass(frozen=True)
class Place:
    """One model by quality and joules, how it stands to the others, and why in words."""

    member: Member
    quality: Score
    joules: Score
    standing: Standing = "cannot tell"
    because: str = ""

    @property
    def sign(self) -> str:
        return SIGNS[self.standing]

    @property
    def figures(self) -> tuple[Figures, Figures]:
        return figures(self.quality.estimate), figures(self.joules.estimate)

    @property
    def sure(self) -> float | None:
        """The quality that its whole interval reaches; None without an interval."""
        interval = self.quality.estimate.interval
        if interval is None:
            return None
        return interval.high if self.quality.definition.better == "lower" else interval.low

    def reaches(self, level: float) -> bool:
        """Whether its whole interval is at least as good as `level`."""
        return self.sure is not None and _as_good(self.sure, level, self.quality)

    def may_reach(self, level: float) -> bool:
        """Whether some of its interval is, or its value where it has none."""
        interval, lower = self.quality.estimate.interval, self.quality.definition.better == "lower"
        best = self.quality.estimate.value if interval is None else interval.low if lower else interval.high
        return _as_good(best, level, self.quality)


@dataclass(frozen=True)
class Level:
    """The model that surely gives a quality (its whole interval does) for the fewest joules, and what is not sure."""

    quality: str
    place: Place
    words: str


@dataclass(frozen=True)
class Front:
    """One dataset's models. levels: best quality first. left_out: models without one of the two numbers, and why.

    kin: in words, those that are one fit and differ in what comes after it, one sentence a fit.
    """

    data: str
    lens: str
    title: str
    direction: str
    unit: str
    places: tuple[Place, ...]
    levels: tuple[Level, ...]
    left_out: tuple[tuple[str, str], ...]
    chart: Markup
    kin: tuple[str, ...] = ()


def fronts(run: Run, members: Mapping[str, Member]) -> tuple[Front, ...]:
    """One for each dataset of which two or more models have a quality in common and joules; controls are left out.

    A claim needs intervals apart: one model beats another where it is better and cheaper, both intervals apart. It is
    on the front where each other model is clearly worse or clearly dearer, so that none can beat it. All else is
    "cannot tell". The 95 % intervals are each model's own, so that these claims are rather too careful. Who is not
    drawn, as its sampling was too short for the meter, is in no claim: it may beat them all.
    """
    joules = {(s.dataset, s.model): s for s in run.measured if s.id == JOULES and not members[s.model].control}
    found = []
    for data in dict.fromkeys(data for data, _ in joules):
        mine = {model: score for (of, model), score in joules.items() if of == data}
        if chosen := _chosen(run, data, mine):
            found.append(_front(run, members, chosen, mine))
    return tuple(found)


def _chosen(run: Run, data: str, joules: Mapping[str, Score]) -> list[Score]:
    """The scores of the quality that is drawn, one a model; empty where no two models share one."""
    alike: dict[Subject, dict[str, Score]] = {}
    for s in run.measured:
        plain = not isinstance(s.definition.better, Toward) and not s.definition.context
        if s.dataset == data and s.model in joules and s.probe.startswith("quality.") and plain:
            alike.setdefault(subject(s), {})[s.model] = s
    shared = [scores for scores in alike.values() if len(scores) > 1]
    if not shared:
        return []

    def rank(scores: Mapping[str, Score]) -> int:
        id = next(iter(scores.values())).id
        return QUALITY.index(id) if id in QUALITY else len(QUALITY)

    return list(min(shared, key=rank).values())


def _front(run: Run, members: Mapping[str, Member], quality: Sequence[Score], joules: Mapping[str, Score]) -> Front:
    rough = [Place(members[s.model], s, joules[s.model]) for s in quality]
    places = tuple(sorted((_placed(p, rough) for p in rough), key=lambda p: p.joules.estimate.value))
    first = quality[0]
    better, unit = direction(first.definition.better), first.definition.unit
    marks = [Cross(p.member.name, p.joules.estimate, p.quality.estimate, p.sign, p.member.fit) for p in places]
    chart = crosses(f"{titled(first)} against joules per 1,000 outputs", marks, f"{unit}, {better}")
    left_out = tuple(_left_out(run, members, first.dataset, {p.member.name for p in places}, titled(first)))
    named = first.dataset, first.lens, titled(first), better, unit
    return Front(*named, places, _levels(places), left_out, chart, _kin(places))


def _kin(places: Sequence[Place]) -> tuple[str, ...]:
    """`a (steps 4) and b (steps 16)` for the models of each fit that several share, by what differs among them."""
    fits: dict[str, list[Member]] = {}
    for place in places:
        fits.setdefault(place.member.fit, []).append(place.member)
    return tuple(listed([_told(m, kin) for m in kin]) for fit, kin in fits.items() if fit and len(kin) > 1)


def _told(member: Member, kin: Sequence[Member]) -> str:
    own = member.after_fit.items()
    differing = [f"{key} {value}" for key, value in own if any(k.after_fit.get(key) != value for k in kin)]
    return f"{member.name} ({', '.join(differing)})" if differing else member.name


def _placed(place: Place, places: Sequence[Place]) -> Place:
    others = [p for p in places if p.member.name != place.member.name]
    beaters = [p for p in others if apart(p.quality, place.quality) and apart(p.joules, place.joules)]
    if beaters:
        return _with(place, "beaten", f"better and cheaper, intervals apart: {_names(beaters)}")
    rivals = [p for p in others if not (apart(place.quality, p.quality) or apart(place.joules, p.joules))]
    if rivals:
        return _with(place, "cannot tell", f"neither clearly better nor clearly cheaper than {_names(rivals)}")
    return _with(place, "on the front", "every other is clearly worse or clearly dearer")


def _with(place: Place, standing: Standing, because: str) -> Place:
    return Place(place.member, place.quality, place.joules, standing, because)


def _levels(places: Sequence[Place]) -> tuple[Level, ...]:
    """For each model that gives for the fewest joules what it surely gives: that quality, those joules."""
    found: list[tuple[float, Level]] = []
    for place in places:
        level = place.sure
        if level is None:
            continue
        reach = [p for p in places if p.reaches(level)]
        if any(_spent(p) < _spent(place) for p in reach):
            continue
        close = [p for p in reach if p is not place and not apart(place.joules, p.joules)]
        maybe = [p for p in places if p not in reach and p.may_reach(level) and not apart(place.joules, p.joules)]
        found.append((level, Level(number(level), place, _doubts(close, maybe) or _alone(reach))))
    ascending = not places or places[0].quality.definition.better == "lower"
    return tuple(level for _, level in sorted(found, key=lambda pair: pair[0] if ascending else -pair[0]))


def _doubts(close: Sequence[Place], maybe: Sequence[Place]) -> str:
    """close: models that reach it as well, for joules that cannot be told apart. maybe: some that may reach it."""
    told = []
    if close:
        told.append(f"{_names(close)} may need less")
    if maybe:
        told.append(f"{_names(maybe)} may reach it for less")
    return f"cannot tell: {'; '.join(told)}" if told else ""


def _alone(reach: Sequence[Place]) -> str:
    return "every other that does is clearly dearer" if len(reach) > 1 else "no other surely does"


def _left_out(run: Run, members: Mapping[str, Member], data: str, drawn: set[str], title: str) -> list[tuple[str, str]]:
    """(model, why) of those that are no controls; what the probe of energy said where it gave no number."""
    said = {o.model: o.because for o in run.outcomes if isinstance(o, Skipped) and _is_joules(o)}
    rest = [name for name, member in members.items() if member.data == data and not member.control]
    return [(name, said.get(name, f"no {title}, or no energy")) for name in rest if name not in drawn]


def _is_joules(skipped: Skipped) -> bool:
    return f"{skipped.probe}.{skipped.metric}" == JOULES or (
        skipped.probe == JOULES.rpartition(".")[0] and not skipped.metric
    )


def _as_good(value: float, level: float, score: Score) -> bool:
    return value <= level if score.definition.better == "lower" else value >= level


def _spent(place: Place) -> float:
    return place.joules.estimate.value


def _names(places: Sequence[Place]) -> str:
    return listed([p.member.name for p in places])
