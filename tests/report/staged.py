"""Run folders with all that a report can meet, made by hand: an honest one, and one whose every text is hostile."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from genbench.core.lens import Rendering
from genbench.core.score import (
    Detail,
    Environment,
    Estimate,
    Exhibit,
    Failed,
    Interval,
    ItemRef,
    Metric,
    Provenance,
    Score,
    Skipped,
    Toward,
)
from genbench.results.run import Run
from genbench.results.store import Header, RunFolder

WHERE = Environment("0.1.0", "abc123", True, "3.11", "Linux", "cpu", {"numpy": "2.0"})
GATE = {"metric": "memorization.copying.tpr", "models": ["vae"], "below": None, "above": None, "no_alarm": True}
COPIES = Metric("share of outputs", "lower", "Share of copies.", "The floor is chance.", tolerance=0.02, title="Copies")
DISTANCE = Metric("squared units", "lower", "How far off.", "0 is perfect.", title="Distance")
LEANING = Metric("probability", Toward(0.5), "Leaning.", context=True, title="Leaning")

SCRIPT = "<script>alert(1)</script>"
HOSTILE = f'{SCRIPT}\x1b[31mred\u202egnp.exe" onload="x()" <img src=http://evil.example/a onerror=x()>'
LINK = "[click](javascript:alert(2)) <a href='javascript:alert(3)'>me</a> <style>*{display:none}</style>"


def png(seed: int, side: int = 16) -> bytes:
    """A picture of noise, which hardly compresses."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def score(model: str, metric: Metric, value: float, half: float, **given: Any) -> Score:
    """A score of `model` on digits: id "memorization.copying.tpr" unless given."""
    probe, _, name = given.get("id", "memorization.copying.tpr").rpartition(".")
    interval = Interval(value - half, value + half, 0.95, "made up for a test") if half else None
    detail = Detail(exhibits=tuple(given.get("exhibits", ())), facts=given.get("facts", {}))
    origin = Provenance(probe, "v1", {}, model, "m" * 64, "digits", "d" * 64, "image.pixels", "l" * 64, 0, "f32", WHERE)
    estimate = Estimate(value, 200, interval, given.get("floor", 0.01), detail)
    return Score(probe, name, model, "digits", "image.pixels", metric.title, metric, estimate, origin)


def open_run(path: Path, models: list[dict[str, Any]], *, gates: Any = (GATE,), **changed: Any) -> RunFolder:
    """An empty run folder of that suite."""
    suite = {"name": "staged", "about": changed.get("about", ""), "models": models, "gates": list(gates)}
    name, command = changed.get("name", "staged"), changed.get("command", "genbench run staged")
    return RunFolder.create(path, Header(name, "2026-01-02T03:04:05Z", suite, "", WHERE, 7, command, "0.1.0"))


def honest_run(path: Path, *, copied: float = 0.0, caught: bool = True, status: str | None = "finished") -> Run:
    """A vae beside a copycat and noise on digits. copied: the vae's share of copies; caught: the copycat alarms."""
    families = {"vae": "vae", "copycat": "copycat", "noise": "gaussian"}
    folder = open_run(path, [{"name": n, "family": f, "data": "digits"} for n, f in families.items()])
    for name, family in families.items():
        folder.append_event("model", name=name, family=family, data="digits", settings={}, digest="", about="")
    pair = Exhibit("output, and its training item", (ItemRef("generated", 3), ItemRef("train", 41)), 0.125)
    folder.append_outcome(
        "copies",
        [
            score("vae", COPIES, copied, 0.005, exhibits=[pair] if copied else []),
            score("copycat", COPIES, 0.4 if caught else 0.01, 0.005, exhibits=[pair], facts={"exact copies": 12}),
            score("vae", LEANING, 0.55, 0.02, id="memorization.copying.leaning", floor=0.5),
        ],
    )
    folder.append_outcome(
        "distance",
        [
            score("vae", DISTANCE, 3.0, 0.5, id="quality.frechet.distance", floor=0.0),
            score("noise", DISTANCE, 30.0, 2.0, id="quality.frechet.distance", floor=0.0),
        ],
    )
    for model in families:
        folder.append_outcome(f"skip {model}", [Skipped("bias.counterfactual", model, "digits", "", "no benchmark")])
    trace = "Traceback (most recent call last):\n  boom"
    folder.append_outcome(
        "fail", [Failed("robustness.stability", "vae", "digits", "image.pixels", "ValueError: boom", trace)]
    )
    for i in range(24):
        folder.keep_rendering("digits", "held_out", i, Rendering("image", png(i)))
        folder.keep_rendering("vae", "generated", i, Rendering("image", png(100 + i)))
    for model in ("vae", "copycat"):
        folder.keep_rendering(model, "generated", 3, Rendering("image", png(200)))
    folder.keep_rendering("digits", "train", 41, Rendering("image", png(201)))
    _events(folder, "vae")
    if status:
        folder.finish(status)
    return Run.load(path)


def _events(folder: RunFolder, model: str) -> None:
    ticks = [{"step": i, "steps": 50, "losses": {"train": 3 / (i + 1), "held_out": 3.2 / (i + 1)}} for i in range(50)]
    folder.append_event("fit", model=model, ticks=ticks, ended="all steps done")
    spoiled = [{"path": "broken.png", "reason": "cut short after 12 bytes"}]
    folder.append_event(
        "data", name="digits", modality="image", licence="CC0", source="scikit-learn", digest="d" * 64,
        counts={"train": 900, "held_out": 400, "reserve": 400}, groups=["0", "1"], facts={"size": 8},
        quarantined=spoiled,
    )  # fmt: skip
    stage = {"seconds": 12.0, "cpu_seconds": 20.0, "joules": 300.0, "joules_low": 180.0, "joules_high": 420.0}
    folder.append_event(
        "cost", key="k", owner=model, stage={"name": "train", **stage, "method": "model", "samples": 0, "cached": True}
    )
    folder.append_event("note", text="the batch was halved to 32")


def hostile_run(path: Path) -> Run:
    """Every name, text, reason, caption, fact and path is an attack; the run's own model is called `SCRIPT`."""
    folder = open_run(path, [{"name": SCRIPT, "family": HOSTILE, "data": HOSTILE}], name=HOSTILE, about=LINK,
                      command=HOSTILE, gates=[{**GATE, "models": [SCRIPT]}])  # fmt: skip
    nasty = Metric(HOSTILE, "lower", HOSTILE, LINK, tolerance=0.02, title=LINK)
    exhibit = Exhibit(HOSTILE, (ItemRef("generated", 0), ItemRef(HOSTILE[:20], 1)), 0.5)
    alarm = score(SCRIPT, nasty, 0.5, 0.1, exhibits=[exhibit], facts={HOSTILE: LINK, "list": [HOSTILE]})
    folder.append_outcome("a", [alarm, Skipped("quality.frechet", SCRIPT, HOSTILE, LINK, HOSTILE)])
    folder.append_outcome("b", [Failed("bias.representation", SCRIPT, HOSTILE, HOSTILE, HOSTILE, LINK)])
    for i, text in enumerate((HOSTILE, LINK, "plain", "write to jane.doe@example.org today")):
        folder.keep_rendering(SCRIPT, "generated", i, Rendering("text", text=text))
    folder.append_event("fit", model=SCRIPT, ended=HOSTILE, ticks=[
        {"step": i, "steps": 2, "losses": {HOSTILE: 1.0 + i}} for i in range(3)])  # fmt: skip
    folder.append_event(
        "data", name=HOSTILE, modality=LINK, licence=HOSTILE, source="javascript:alert(4)", digest=HOSTILE,
        counts={HOSTILE: 3}, groups=[HOSTILE], facts={LINK: HOSTILE}, quarantined=[{"path": HOSTILE, "reason": LINK}],
    )  # fmt: skip
    folder.append_event("quarantined", owner=HOSTILE, files=[{"path": LINK, "reason": HOSTILE}])
    folder.append_event("note", text=HOSTILE)
    folder.finish("finished")
    return Run.load(path)
