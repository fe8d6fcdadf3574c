"""What the model has cost so far: joules, kilowatt hours, CO2, by stage."""

from __future__ import annotations

from collections.abc import Mapping

from genbench.core.evidence import Energy, Stage
from genbench.core.meter import JOULES_PER_KWH, SHORTEST
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Interval, Json, Metric

STAGES = {"train": "training", "sample": "sampling", "score": "scoring"}
# What is said where a model has no such stage. That a family learns nothing is no gap in a run.
WITHOUT = {
    "training": "this model was not trained here: it learns nothing, or came as it is",
    "sampling": "no probe of this run asked for samples of this model",
    "scoring": "no probe of this run asked for log-probabilities of this model",
    "the longest stage": "nothing was asked of this model in this run but what it has used",
    "evaluation": "no lens and no probe has looked at this model in this run",
}


def _joules(title: str, summary: str) -> Metric:
    reading = "Compare runs on the same machine and meter; the interval holds what the meter cannot know."
    return Metric("joules", "lower", summary, reading, repeatable=False, title=title)


REPORTED = {
    "train": _joules("Energy of training", "Energy used while the model was fitted."),
    "sample_per_1000": _joules("Energy per 1,000 samples", "Energy used to draw a thousand outputs."),
    "score": _joules("Energy of scoring", "Energy used while the model gave log-probabilities."),
    "total": _joules("Energy in all", "Energy of training, sampling and scoring together."),
    "kilowatt_hours": Metric(
        "kWh",
        "lower",
        "The same total in kilowatt hours, with the building's overhead where a PUE is given.",
        repeatable=False,
        title="Electricity",
        context=True,
    ),
    "grams_co2e": Metric(
        "gCO2e",
        "lower",
        "Greenhouse gas of that electricity on the grid that was named.",
        "Depends on the place given by the user, which is never guessed. Making the machine is not in it.",
        repeatable=False,
        title="CO2 equivalent",
    ),
    "evaluation": _joules("Energy of the evaluation", "Energy this run used to look at the model: lenses and probes."),
    "cpu_seconds": Metric(
        "seconds",
        "lower",
        "CPU time of training, sampling and scoring.",
        "Counted by the operating system, not estimated; it depends on the machine's speed.",
        repeatable=False,
        title="CPU time",
        context=True,
    ),
}


@probe(
    reports=REPORTED,
    cites=["Lacoste et al. 2019, arXiv:1910.09700", "CodeCarbon, doi:10.5281/zenodo.4658424"],
    control="a burn of CPU uses more than a sleep of the same length",
    truth="stages add up to the total",
)
def footprint(spent: Energy) -> Estimates:
    """Sums over stages, each with the bounds its meter states.

    total = train + sample + score; per 1,000 samples = 1000 joules / samples of the same stages; kWh = PUE J / 3.6e6,
    with PUE = 1 where none is given; gCO2e = kWh times the grid's grams, hour by hour where these are known so. Joules
    are the computer's own, as measured or modelled, idle power included and said in the facts. A stage shorter than
    0.5 s adds no joules (its seconds stand in the facts), and a sum with a longer stage that no meter read is not given
    at all: part of a cost is not the cost. Of a model that works elsewhere only the evaluation is known. n is the
    number of stages, or of samples. Interval: the meter's bounds added up, as its errors are shared by all stages; not
    a sampling error. CPU seconds are counted, so their interval is a point. No floor: no model runs on nothing.
    """
    if spent.elsewhere:
        evaluation = _sum(list(spent.evaluation), "evaluation")
        return {name: evaluation if name == "evaluation" else Absent(spent.elsewhere) for name in REPORTED}
    mine = {name: [s for s in spent.stages if s.name == name] for name in STAGES}
    everything = [stage for stages in mine.values() for stage in stages]
    drawn = sum(s.samples for s in mine["sample"] if s.seconds >= SHORTEST)
    total, cpu = _sum(everything, "the longest stage"), sum(s.cpu_seconds for s in everything)
    return {
        "train": _sum(mine["train"], STAGES["train"]),
        "sample_per_1000": _scaled(_sum(mine["sample"], STAGES["sample"]), 1000 / drawn, n=drawn)
        if drawn
        else _sum_or(mine["sample"], STAGES["sample"], "no samples were counted"),
        "score": _sum(mine["score"], STAGES["score"]),
        "total": total,
        "kilowatt_hours": _scaled(total, _overhead(spent) / JOULES_PER_KWH, facts=_building(spent)),
        "grams_co2e": _grams(spent, everything, total),
        "evaluation": _sum(list(spent.evaluation), "evaluation"),
        "cpu_seconds": Estimate(cpu, len(everything), Interval(cpu, cpu, method="counted by the operating system"))
        if everything
        else Absent("no stage of this model was recorded"),
    }


def _sum(stages: list[Stage], what: str) -> Estimate | Absent:
    if not stages:
        return Absent(WITHOUT[what])
    long = [s for s in stages if s.seconds >= SHORTEST]
    short = [s for s in stages if s.seconds < SHORTEST]
    if not long:
        longest = max(s.seconds for s in short)
        return Absent(f"{what} took {longest:.2f} s: too short to attribute energy to (below {SHORTEST} s)")
    if unread := sorted({s.name for s in long if s.joules is None}):
        return Absent(f"no meter could read {', '.join(STAGES.get(name, name) for name in unread)}")
    value = sum(s.joules or 0.0 for s in long)
    methods = ", ".join(sorted({s.method for s in long}))
    facts: dict[str, Json] = {
        "method": methods,
        **_by_component(long),
        "seconds": round(sum(s.seconds for s in stages), 2),
        "cpu seconds": round(sum(s.cpu_seconds for s in stages), 2),
        "stages made in an earlier run": sum(s.cached for s in stages),
        "stages too short to attribute energy to": f"{len(short)}, {sum(s.seconds for s in short):.2f} s together",
    }
    return Estimate(value, len(long), _bounds(long, value, methods), None, Detail(facts=facts))


def _sum_or(stages: list[Stage], what: str, because: str) -> Absent:
    found = _sum(stages, what)
    return found if isinstance(found, Absent) else Absent(because)


def _bounds(stages: list[Stage], value: float, methods: str) -> Interval | None:
    """The meter's bounds, added; None where a meter states none."""
    lows, highs = [s.joules_low for s in stages], [s.joules_high for s in stages]
    if None in lows or None in highs:
        return None
    low, high = (sum(end or 0.0 for end in ends) for ends in (lows, highs))
    return Interval(min(low, value), max(high, value), 0.95, f"bounds stated by the meter ({methods})")


def _by_component(stages: list[Stage]) -> dict[str, Json]:
    """Joules and bounds of each component with its method, and how much of all is idle; {} where no stage says."""
    parts = [part for stage in stages for part in stage.parts]
    told: dict[str, Json] = {}
    for key in sorted({(part.component, part.method) for part in parts}):
        same = [part for part in parts if (part.component, part.method) == key]
        joules, low, high = (sum(ends) for ends in zip(*((p.joules, p.low, p.high) for p in same), strict=True))
        told[f"{key[0]}, by {key[1]}"] = f"{joules:.4g} J [{low:.4g}, {high:.4g}]"
    if parts and all(part.idle is not None for part in parts) and all(stage.parts for stage in stages):
        told["of that, idle"] = f"{sum(part.idle or 0.0 for part in parts):.4g} J"
    return told


def _overhead(spent: Energy) -> float:
    return 1.0 if spent.pue is None else spent.pue


def _building(spent: Energy) -> dict[str, Json]:
    return {"PUE": "none given; the building's overhead is not in it" if spent.pue is None else spent.pue}


def _grams(spent: Energy, stages: list[Stage], total: Estimate | Absent) -> Estimate | Absent:
    """The total times the grid's grams; where these are known by the hour, each hour's joules weigh its own."""
    if spent.hourly is None and spent.grams_co2e_per_kwh is None:
        return Absent("the country of the electricity is unknown: give --country or a carbon intensity")
    if isinstance(total, Absent):
        return total
    long = [stage for stage in stages if stage.seconds >= SHORTEST]
    intensity = spent.grams_co2e_per_kwh if spent.hourly is None else _weighed(long, spent.hourly, spent.grid)
    if isinstance(intensity, Absent):
        return intensity
    assert intensity is not None  # one of the two is given
    facts: dict[str, Json] = {"grid": spent.grid, "gCO2e per kWh": round(intensity, 3), **_building(spent)}
    return _scaled(total, _overhead(spent) * intensity / JOULES_PER_KWH, facts=facts)


def _weighed(stages: list[Stage], hourly: Mapping[str, float], grid: str) -> float | Absent:
    """Grams per kWh, each hour's weighed by the joules spent in it."""
    if any(not stage.hours for stage in stages):
        return Absent("a stage was recorded without its hours: run it anew to weigh carbon intensity by the hour")
    spans = [span for stage in stages for span in stage.hours]
    if missing := sorted({hour for hour, _ in spans if hour not in hourly}):
        return Absent(f"{grid} gives no carbon intensity for the hour {missing[0]} (UTC)")
    weights = sum(joules for _, joules in spans)
    grams = sum(hourly[hour] * joules for hour, joules in spans)
    return grams / weights if weights else sum(hourly[hour] for hour, _ in spans) / len(spans)


def _scaled(
    estimate: Estimate | Absent, factor: float, *, n: int | None = None, facts: Mapping[str, Json] | None = None
) -> Estimate | Absent:
    if isinstance(estimate, Absent):
        return estimate
    old = estimate.interval
    interval = Interval(old.low * factor, old.high * factor, old.level, old.method) if old else None
    detail = Detail(facts={**estimate.detail.facts, **(facts or {})})
    return Estimate(estimate.value * factor, n or estimate.n, interval, None, detail)
