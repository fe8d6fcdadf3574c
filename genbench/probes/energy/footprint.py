"""What the model has cost so far: joules, kilowatt hours, CO2, by stage."""

from __future__ import annotations

from genbench.core.evidence import Energy, Stage
from genbench.core.probe import probe
from genbench.core.score import Absent, Detail, Estimate, Estimates, Interval, Json, Metric

SHORTEST = 0.5  # seconds; below it a meter's reading says more about the meter than about the stage
JOULES_PER_KWH = 3.6e6
STAGES = {"train": "training", "sample": "sampling", "score": "scoring"}


def _joules(title: str, summary: str) -> Metric:
    reading = "Compare runs on the same machine and meter; the interval holds what the meter cannot know."
    return Metric("joules", "lower", summary, reading, repeatable=False, title=title)


@probe(
    reports={
        "train": _joules("Energy of training", "Energy used while the model was fitted."),
        "sample_per_1000": _joules("Energy per 1,000 samples", "Energy used to draw a thousand outputs."),
        "score": _joules("Energy of scoring", "Energy used while the model gave log-probabilities."),
        "total": _joules("Energy in all", "Energy of training, sampling and scoring together."),
        "kilowatt_hours": Metric(
            "kWh", "lower", "The same total in kilowatt hours.", repeatable=False, title="Electricity", context=True
        ),
        "grams_co2e": Metric(
            "gCO2e",
            "lower",
            "Greenhouse gas of that electricity on the grid that was named.",
            "Depends on the country given by the user; it is never guessed.",
            repeatable=False,
            title="CO2 equivalent",
        ),
        "evaluation": _joules(
            "Energy of the evaluation", "Energy this run used to look at the model: lenses and probes."
        ),
        "cpu_seconds": Metric(
            "seconds",
            "lower",
            "CPU time of training, sampling and scoring.",
            "Counted by the operating system, not estimated; it depends on the machine's speed.",
            repeatable=False,
            title="CPU time",
            context=True,
        ),
    },
    cites=["Lacoste et al. 2019, arXiv:1910.09700", "CodeCarbon, doi:10.5281/zenodo.4658424"],
    control="a burn of CPU uses more than a sleep of the same length",
    truth="stages add up to the total",
)
def footprint(spent: Energy) -> Estimates:
    """Sums over stages, each with the bounds its meter states.

    total = train + sample + score; per 1,000 samples = 1000 joules / samples of the same stages; kWh = J / 3.6e6;
    gCO2e = kWh times the grid's grams. A stage shorter than 0.5 s adds no joules (its seconds stand in the facts), and
    a sum with a longer stage that no meter read is not given at all: part of a cost is not the cost. n is the number of
    stages, or of samples. Interval: the meter's bounds added up, as its errors are shared by all stages; not a sampling
    error. CPU seconds are counted, so their interval is a point. No floor: no model runs on nothing.
    """
    mine = {name: [s for s in spent.stages if s.name == name] for name in STAGES}
    everything = [stage for stages in mine.values() for stage in stages]
    drawn = sum(s.samples for s in mine["sample"] if s.seconds >= SHORTEST)
    total, cpu = _sum(everything, "any stage"), sum(s.cpu_seconds for s in everything)
    return {
        "train": _sum(mine["train"], STAGES["train"]),
        "sample_per_1000": _scaled(_sum(mine["sample"], STAGES["sample"]), 1000 / drawn, n=drawn)
        if drawn
        else _sum_or(mine["sample"], STAGES["sample"], "no samples were counted"),
        "score": _sum(mine["score"], STAGES["score"]),
        "total": total,
        "kilowatt_hours": _scaled(total, 1 / JOULES_PER_KWH),
        "grams_co2e": _scaled(total, spent.grams_co2e_per_kwh / JOULES_PER_KWH, grid=spent.grid)
        if spent.grams_co2e_per_kwh is not None
        else Absent("the country of the electricity is unknown: give --country or a carbon intensity"),
        "evaluation": _sum(list(spent.evaluation), "evaluation"),
        "cpu_seconds": Estimate(cpu, len(everything), Interval(cpu, cpu, method="counted by the operating system"))
        if everything
        else Absent("no stage of this model was recorded"),
    }


def _sum(stages: list[Stage], what: str) -> Estimate | Absent:
    if not stages:
        return Absent(f"{what} was not part of this run")
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


def _scaled(estimate: Estimate | Absent, factor: float, *, n: int | None = None, grid: str = "") -> Estimate | Absent:
    if isinstance(estimate, Absent):
        return estimate
    old = estimate.interval
    interval = Interval(old.low * factor, old.high * factor, old.level, old.method) if old else None
    facts: dict[str, Json] = {**estimate.detail.facts, **({"grid": grid} if grid else {})}
    return Estimate(estimate.value * factor, n or estimate.n, interval, None, Detail(facts=facts))
