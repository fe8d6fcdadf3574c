"""Plants one defect again and again, asks a probe each time as a run would, and counts what it hears."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from genbench.core.catalogue import Entry, find
from genbench.core.chance import derive, stream
from genbench.core.probe import Probe, read_probe
from genbench.core.score import Absent, Estimate
from genbench.selftest.hearing import Answer, Refusal, listen
from genbench.selftest.plant import PlantSpec, Scene, Trial, probe_of
from genbench.selftest.rows import Demand, Row, demands


def try_probe(
    entry: Entry, probe_id: str, *, n: int, trials: int, tell: Callable[[int, int], None] = lambda done, total: None
) -> list[Row]:
    """All rows of one plant that belong to one probe.

    Trial i has the same chance at every dose and for every probe, and depends on nothing that ran before it. tell:
    (done, total) scenes. What a plant itself raises is raised; what a probe raises is its answer.
    """
    make = entry.load()
    spec: PlantSpec = make.__genbench__
    wanted = [d for d in demands(spec) if probe_of(d.metric) == probe_id]
    probe = probe_by_id(probe_id)
    doses = [dose for dose in spec.doses if any(d.dose == dose for d in wanted)]
    rows, done = [], 0
    for dose in doses:
        here = [d for d in wanted if d.dose == dose]
        ears: list[list[str]] = [[] for _ in here]
        for i in range(trials):
            scene = make(dose, _trial(entry.id, i, n))
            answers = ask(probe, scene, seed=derive(0, "selftest", entry.id, i))
            for demand, heard in zip(here, ears, strict=True):
                heard.append(_ear(probe, demand, answers, scene))
            done += 1
            tell(done, len(doses) * trials)
        rows += [Row(entry.id, d, e.count("heard"), len(e), e.count("lost")) for d, e in zip(here, ears, strict=True)]
    return rows


def ask(probe: Probe, scene: Scene, *, seed: int) -> dict[str, Answer]:
    """What the probe says of each of its metrics; a refusal or an error stands for all of them."""
    names = list(probe.spec.reports)
    settings = scene.settings.get(probe.id, {})
    evidence = [_given(scene, need.role, need.kind) for need in probe.needs]
    chance: dict[str, Any] = {"rng": stream(seed, probe.id)} if probe.wants_rng else {}
    try:
        estimates = probe.function(*evidence, **settings, **chance)
    except Exception as error:
        return dict.fromkeys(names, Refusal(f"{type(error).__name__}: {error}"))
    if set(estimates) != set(names):
        return dict.fromkeys(names, Refusal(f"declares {sorted(names)} and returned {sorted(estimates)}"))
    return {name: _answer(estimates[name]) for name in names}


def _answer(said: Estimate | Absent) -> Answer:
    return Refusal(said.because) if isinstance(said, Absent) else said


def _ear(probe: Probe, demand: Demand, answers: dict[str, Answer], scene: Scene) -> str:
    name = demand.metric.rpartition(".")[2]
    return listen(demand.how, probe.spec.reports[name], answers[name], scene.truth.get(demand.metric))


def _given(scene: Scene, role: str, kind: type) -> object:
    """The evidence of that kind in that role. `LookupError` where the scene does not hold it."""
    things: Sequence[object] = scene.evidence.get(role, ())
    for thing in things:
        if isinstance(thing, kind):
            return thing
    raise LookupError(f"the scene shows no {kind.__name__} in the role {role}")


def _trial(plant: str, i: int, n: int) -> Trial:
    return Trial(n, stream(0, "selftest", plant, i), derive(0, "selftest seed", plant, i))


def probe_by_id(id: str) -> Probe:
    """The probe of that id, as a plan would load it."""
    entry = find("probe", id)
    return read_probe(entry.id, entry.load(), entry.code)


def trials_of(spec: PlantSpec, *, full: bool) -> int:
    """How often each dose is planted."""
    return spec.full if full else spec.trials
