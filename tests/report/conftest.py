"""Run folders as the harness would leave them, made by hand."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from genbench.core.score import Detail, Environment, Estimate, Interval, Metric, Provenance, Score
from genbench.results.run import Run
from genbench.results.store import Header, RunFolder

WHERE = Environment("0.1.0", "abc", False, "3.11", "here", "cpu", {})
SHARE = Metric("share", "lower", "What is measured.", tolerance=0.05, margin=0.01)


@pytest.fixture
def make_score() -> Callable[..., Score]:
    """A score by id; `provenance` and `definition` take changes by name."""

    def make(id: str = "quality.kernel.mmd2", value: float = 0.1, **given: Any) -> Score:
        probe, metric = id.rsplit(".", 1)
        values, ends = tuple(given.get("values", ())), given.get("ends", (value - 0.01, value + 0.01))
        keys = given.get("keys", tuple(f"held_out/{i}" for i in range(len(values))))
        interval = Interval(*ends) if ends else None
        detail = Detail(values, keys, tuple(given.get("clusters", ())), facts=given.get("facts", {}))
        estimate = Estimate(value, given.get("n", len(values) or 100), interval, given.get("floor", 0.0), detail)
        model, dataset, lens = given.get("model", "vae"), given.get("dataset", "digits"), given.get("lens", "")
        origin = Provenance(
            probe, "v1", {}, model, f"weights of {model}", dataset, "d1", lens, "l1", 0, "float32", WHERE
        )
        origin = replace(origin, **given.get("provenance", {}))
        definition = replace(SHARE, **given.get("definition", {}))
        return Score(probe, metric, model, dataset, lens, "A title", definition, estimate, origin)

    return make


@pytest.fixture
def make_run(tmp_path) -> Callable[..., Run]:
    """A run folder with outcomes (`scores`), gates, model names and a status; None: never ended."""

    def make(
        name: str = "run", *, scores: Any = (), gates: Any = (), models: Any = None, status: Any = "finished"
    ) -> Run:
        names = models or list(dict.fromkeys(outcome.model for outcome in scores)) or ["vae"]
        whole = {"models": None, "below": None, "above": None, "no_alarm": False}
        suite = {
            "name": name,
            "models": [{"name": n, "family": "vae", "data": "digits"} for n in names],
            "gates": [{**whole, **gate} for gate in gates],
        }
        header = Header(name, "2026-01-01T12:00:00Z", suite, "", WHERE, 0, "genbench run", "0.1.0")
        folder = RunFolder.create(tmp_path / name, header)
        folder.append_outcome("every cell", scores)
        if status:
            folder.finish(status)
        return Run.load(folder.path)

    return make
