"""GenBench's side of language."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.speed.language import pairs, prose, questions
from benchmarks.speed.worker import Facts, Run, serve

SUITE = """\
name: made-up
data:
  prose: {{ source: pydoc }}
  asked: {{ source: choices_jsonl, path: {rows}, context: "{{q}}", before: "" }}
models:
  - {{ name: model, family: hf, data: prose, settings: {{ path: {path} }} }}
probes:
  - {{ probe: quality.choice, benchmark: asked }}
"""


def rolling(path: str, n: int) -> Run:
    """Bits per byte of one text of n words, by the windows that the harness takes."""
    from genbench.models.hf import Hf

    model, text = Hf(path=path), prose(n, 9)
    window = model._loaded().longest or 0
    model.window = model.stride = window

    def run() -> Facts:
        return {"nats_per_byte": -float(model.log_prob([text]).nats[0]) / len(text.encode())}

    return run


def documents(path: str, n: int, length: int) -> Run:
    """n texts of so many words: memory may grow with neither."""
    from genbench.models.hf import Hf

    model, texts = Hf(path=path), [prose(length, 20 + i) for i in range(n)]
    model._loaded()
    return lambda: {"nats": float(model.log_prob(texts).nats.sum())}


def choices(path: str, n: int) -> Run:
    from genbench.models.hf import Hf

    model = Hf(path=path)
    model._loaded()
    asked = [(context, option) for context, options in questions(n, 1) for option in options]
    contexts, options = [context for context, _ in asked], [option for _, option in asked]
    return lambda: {"mean_nats": float(model.log_prob_given(contexts, options).nats.mean())}


def crows(path: str, n: int) -> Run:
    from genbench.core.data import Pair
    from genbench.models.hf import Hf

    model, asked = Hf(path=path).unwrap(), [Pair(*one) for one in pairs(n)]
    model._loaded()

    def run() -> Facts:
        found = model.contrast(asked)
        mean = float((found.first.mean() + found.second.mean()) / 2)
        return {"mean_nats": mean, "more": int((found.first > found.second).sum())}

    return run


def generation(path: str, n: int, longest: int) -> Run:
    from genbench.models.hf import Hf

    model = Hf(path=path, temperature=0.0, longest=longest)
    model._loaded()
    prompts = [prose(4 + (37 * i) % 57, 300 + i) for i in range(n)]
    return lambda: {"characters": sum(map(len, model.complete(prompts, range(n))))}


def shell(path: str, n: int) -> Run:
    """A whole run from the shell, without energy, which lm_eval does not measure either."""
    folder = Path(tempfile.mkdtemp())
    rows = [{"q": asked, "options": options, "answer": i % 3} for i, (asked, options) in enumerate(questions(n, 1))]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "suite.yaml").write_text(SUITE.format(path=path, rows=folder / "rows.jsonl"), encoding="utf-8")
    command = [sys.executable, "-m", "genbench", "run", str(folder / "suite.yaml"), "--set", "meters.meter=none"]

    def run() -> Facts:
        environment = {**os.environ, "GENBENCH_HOME": tempfile.mkdtemp(dir=folder)}  # nothing is taken from a cache
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            raise RuntimeError(done.stderr[-400:])
        outcomes = next(Path(environment["GENBENCH_HOME"]).rglob("outcomes.jsonl")).read_text(encoding="utf-8")
        scores = [json.loads(line) for line in outcomes.splitlines()]
        return {"accuracy": _value(scores, "quality.choice.accuracy")}

    return run


def _value(lines: list[dict[str, Any]], metric: str) -> float:
    """Of the one outcome that is this metric's score."""
    outcomes = [outcome for line in lines for outcome in line["outcomes"]]
    return next(float(one["estimate"]["value"]) for one in outcomes if f"{one['probe']}.{one.get('metric')}" == metric)


if __name__ == "__main__":
    serve(
        {"rolling": rolling, "documents": documents, "choices": choices, "crows": crows, "generation": generation,
         "shell": shell}
    )  # fmt: skip
