"""What Annex XI of the EU AI Act asks of a model's provider, as far as a run knows it, written when the run ends.

Regulation (EU) 2024/1689, Annex XI, section 1: the number of parameters (1 d), the computational resources of training,
such as floating-point operations, and training time (2 d), and the known or estimated energy consumption (2 e).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from genbench.core.evidence import Stage
from genbench.core.meter import JOULES_PER_KWH, SHORTEST
from genbench.results.store import RunFolder

NOT_COUNTED = "counting is off in this suite: meters: { flop: false }"


def tell_annex(folder: RunFolder, models: Sequence[str], pue: float | None) -> None:
    """One `annex_xi` event per model; numbers are None where they are not known, and the word beside each says why."""
    charged = {(str(e["owner"]), str(e["key"])): Stage.read(e["stage"]) for e in folder.events("cost")}
    counted = {(str(e["model"]), str(e["what"])): e for e in folder.events("compute")}
    for model in models:
        trained = [stage for (owner, _), stage in charged.items() if owner == model and stage.name == "train"]
        folder.append_event(
            "annex_xi",
            model=model,
            **_parameters(counted.get((model, "parameters"))),
            **_operations(counted.get((model, "training")), "training", trained=bool(trained)),
            **_operations(counted.get((model, "sampling")), "sampling", trained=True),
            **_training(trained, pue),
        )


def _parameters(found: Mapping[str, Any] | None) -> dict[str, Any]:
    if found is None:
        return {"parameters": None, "parameters_how": NOT_COUNTED}
    return {"parameters": found["count"], "parameters_how": found["how"]}


def _operations(found: Mapping[str, Any] | None, what: str, *, trained: bool) -> dict[str, Any]:
    """Of the whole training, or of 1,000 samples."""
    name = "training_flop" if what == "training" else "sampling_flop_per_1000"
    if found is None:
        why = NOT_COUNTED if trained else "this run did not train the model"
        return {name: None, f"{name}_how": "nothing was sampled, or counting is off" if what == "sampling" else why}
    if found["flop"] is None:
        return {name: None, f"{name}_how": found["how"]}
    left_out = f"; not in it: {', '.join(found['uncounted'])}" if found["uncounted"] else ""
    how = f"counted per {found['unit']} over {found['how']}, times {found['units']:,}{left_out}"
    return {name: found["flop"] * found["units"], f"{name}_how": how}


def _training(stages: Sequence[Stage], pue: float | None) -> dict[str, Any]:
    """Wall time and electricity of training, with the bounds its meter states and the way each part was found."""
    if not stages:
        why = "this run did not train the model"
        return {"training_seconds": None, "training_kilowatt_hours": None, "training_energy_how": why}
    seconds = sum(stage.seconds for stage in stages)
    long = [stage for stage in stages if stage.seconds >= SHORTEST]
    told: dict[str, Any] = {"training_seconds": seconds, "training_kilowatt_hours": None}
    if not long:
        return {
            **told,
            "training_energy_how": f"training took {seconds:.2f} s: below {SHORTEST} s no meter resolves it",
        }
    if any(stage.joules is None for stage in long):
        return {**told, "training_energy_how": "no meter could read it"}
    low, value, high = (
        sum(amount or 0.0 for amount in amounts) * (pue or 1.0) / JOULES_PER_KWH
        for amounts in zip(*((s.joules_low, s.joules, s.joules_high) for s in long), strict=True)
    )
    parts = sorted({f"{part.component} by {part.method}" for stage in long for part in stage.parts})
    overhead = f"; times a PUE of {pue:g}" if pue is not None else "; without the building's overhead"
    return {
        "training_seconds": seconds,
        "training_kilowatt_hours": value,
        "training_kilowatt_hours_low": low,
        "training_kilowatt_hours_high": high,
        "training_energy_how": f"{', '.join(parts) or long[0].method}{overhead}",
    }
