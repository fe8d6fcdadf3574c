"""Same suite, same seed, same machine: same scores, whatever the batch, the cache or the interruptions were."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genbench.core.errors import GenBenchError
from genbench.results.run import Run

SUITE = """
name: killed
n: 120
data: { digits: digits, prose: { source: pydoc, longest: 120 } }
lenses: { image: image.pixels }
models:
  - { name: vae, family: vae, data: digits, settings: { steps: 60, breadth: 8 } }
  - { name: copycat, family: copycat, data: digits, settings: { rate: 0.3 } }
  - { name: ngram, family: ngram, data: prose, settings: { order: 3 } }
"""


def values(run: Run) -> dict[tuple[str, str], object]:
    return {(s.model, s.id): (s.estimate.value, s.estimate.interval) for s in run.measured if s.definition.repeatable}


def start(folder: Path, home: str, *more: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "GENBENCH_HOME": str(folder / home), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "genbench", "run", "killed.yaml", "--no-report", "--device", "cpu", *more]
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # A job in the background ignores SIGINT, and so does all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )  # fmt: skip


def latest(folder: Path, home: str) -> Run:
    (only,) = (folder / home / "runs").iterdir()
    return Run.load(only)


@pytest.mark.slow
def test_killed_at_random_moments_a_run_resumes_to_the_same_scores(tmp_path: Path) -> None:
    (tmp_path / "killed.yaml").write_text(SUITE)
    whole = start(tmp_path, "whole")
    began = time.monotonic()
    assert whole.wait() == 0, whole.stderr and whole.stderr.read().decode()
    took = time.monotonic() - began
    moments = random.Random(7)
    kills = 0
    for _ in range(4):
        victim = start(tmp_path, "broken", "--resume")
        time.sleep(moments.uniform(0.3, 0.9) * took)
        if victim.poll() is None:
            victim.send_signal(signal.SIGKILL)
            kills += 1
        victim.wait()
    last = start(tmp_path, "broken", "--resume")
    assert last.wait() == 0, last.stderr and last.stderr.read().decode()
    assert kills > 0
    assert values(latest(tmp_path, "broken")) == values(latest(tmp_path, "whole"))
    assert latest(tmp_path, "broken").status == "finished"


def test_an_interrupt_ends_cleanly_and_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "killed.yaml").write_text(SUITE)
    victim = start(tmp_path, "home")
    assert victim.stderr is not None
    for line in victim.stderr:  # until the first cell is done
        if line.startswith(b"  quality."):
            break
    victim.send_signal(signal.SIGINT)
    rest = victim.stderr.read().decode()
    assert victim.wait() == 130
    assert "Traceback" not in rest
    assert "Go on with:" in rest
    assert "--resume" in rest
    assert latest(tmp_path, "home").status == "interrupted"


def test_a_torn_record_is_dropped_and_its_cell_run_again(run_of, tmp_path: Path) -> None:
    parts = {
        "n": 60,
        "data": {"digits": "digits"},
        "models": [{"name": "noise", "family": "gaussian", "data": "digits"}],
        "probes": ["quality.kernel", "quality.frechet", "memorization.gap"],
    }
    first = run_of(**parts)
    before = values(first)
    outcomes = first.path / "outcomes.jsonl"
    raw = outcomes.read_bytes()
    outcomes.write_bytes(raw[: raw.rindex(b"\n", 0, len(raw) - 1) + 40])  # the last record loses its end
    again = run_of(resume=True, **parts)
    assert again.path == first.path
    assert values(again) == before
    cells = [json.loads(line)["cell"] for line in outcomes.read_text().splitlines()]
    assert len(cells) == len(set(cells)) == 3


@pytest.mark.parametrize("batch", [1, 7])
def test_the_batch_size_changes_no_score(batch: int, run_of) -> None:
    parts = {
        "n": 40,
        "data": {"digits": "digits"},
        "lenses": {"image": "image.pixels"},
        "models": [
            {"name": "gan", "family": "gan", "data": "digits", "settings": {"steps": 8, "breadth": 8}},
            {"name": "diffusion", "family": "diffusion", "data": "digits", "settings": {"steps": 4, "breadth": 8}},
        ],
        "probes": ["quality.kernel"],
    }
    whole, cut = run_of(home="a", batch=64, **parts), run_of(home="b", batch=batch, **parts)
    for key, (value, _) in values(whole).items():  # type: ignore[misc]
        assert values(cut)[key][0] == pytest.approx(value, rel=1e-3, abs=1e-6)  # type: ignore[index]


def test_what_is_kept_gives_the_scores_it_gave_when_it_was_made(run_of) -> None:
    parts = {
        "n": 80,
        "data": {"digits": "digits"},
        "models": [{"name": "vae", "family": "vae", "data": "digits", "settings": {"steps": 20, "breadth": 8}}],
        "probes": ["quality.*", "memorization.*"],
    }
    fresh, kept = run_of(**parts), run_of(**parts)
    assert fresh.path != kept.path
    assert values(fresh) == values(kept)
    stages = {stage.name for _, stage in kept.stages()}
    assert "train" not in stages  # nothing was trained again ...
    assert [e["stage"]["cached"] for e in kept.events("cost") if e["stage"]["name"] == "train"] == [True]  # ... or lost


def test_resume_without_a_run_of_this_suite_starts_anew_and_a_named_folder_must_match(run_of, tmp_path: Path) -> None:
    from genbench.run.start import Options, run_suite
    from genbench.run.suite import Suite

    parts = {
        "name": "small",
        "n": 40,
        "meters": {"meter": "none"},
        "data": {"digits": "digits"},
        "models": [{"name": "noise", "family": "gaussian", "data": "digits"}],
        "probes": ["quality.kernel"],
    }
    first = run_suite(Suite.from_mapping(parts), Options(home=tmp_path, resume=True))
    assert (first / "run.json").exists()
    other = Suite.from_mapping({**parts, "n": 41})
    assert run_suite(other, Options(home=tmp_path, resume=True)) != first
    with pytest.raises(GenBenchError, match="holds no run of this suite as it stands"):
        run_suite(other, Options(home=tmp_path, resume=True, out=first))
