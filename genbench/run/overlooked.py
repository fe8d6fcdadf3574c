"""What a checkpoint brings and a suite leaves unused, such as a chat template: said before anything runs."""

from __future__ import annotations

from genbench.core.errors import GenBenchError
from genbench.core.evidence import Completions, Dialogues, Prompts
from genbench.core.model import Overlooks
from genbench.run.plan import Cell, Plan

ANSWERS = (Completions, Dialogues, Prompts)


def overlooked(plan: Plan) -> list[str]:
    """One line for each model that will be asked a benchmark's questions without something it has for just that."""
    told = []
    for model in plan.models:
        cls = model.entry.load()
        if not issubclass(cls, Overlooks):
            continue
        if not any(_asks(cell) for cell in plan.runnable if cell.model.name == model.name):
            continue
        try:
            note = cls.overlooked(model.settings)
        except GenBenchError:
            continue  # building it will say what is wrong
        told += [f"{model.name}: {note}"] if note else []
    return told


def _asks(cell: Cell) -> bool:
    """Whether the model has to answer a benchmark in words of its own."""
    return any(need.role == "benchmark" and need.kind in ANSWERS for need in cell.probe.needs)
