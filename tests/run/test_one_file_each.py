"""A probe, a model, a dataset and a lens, each one file of a stranger's: found, planned, run and reported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = {
    "stranger/__init__.py": "",
    "stranger/brightness.py": '''
"""Are outputs as bright as real items?"""
from genbench.core.evidence import Features
from genbench.core.probe import probe
from genbench.core.score import Estimate, Estimates, Metric
from genbench.stats.intervals import mean_interval


@probe(
    reports={"mean": Metric(unit="share of white", better="higher", summary="Mean first feature of the outputs.")},
    cites=["none: an example"], control="a black picture: 0", truth="a white picture: 1",
)
def brightness(generated: Features, *, power: int = 1) -> Estimates:
    """Mean of the first feature, to a power."""
    x = generated.x[:, 0] ** power
    return {"mean": Estimate(float(x.mean()), len(x), mean_interval(x))}
''',
    "stranger/stripes.py": '''
"""Stripes."""
import numpy as np
from genbench.core.model import family


@family(modality="any")
class Stripes:
    """White stripes on black, one in `every` lines."""

    def __init__(self, *, every: int = 2) -> None:
        self.every = every

    def sample(self, seeds):
        return [self._one(seed) for seed in seeds]

    def _one(self, seed):
        image = np.zeros((8, 8, 1), np.uint8)
        image[seed % self.every :: self.every] = 255
        return image
''',
    "stranger/squares.py": '''
"""Squares."""
import numpy as np
from genbench.core.data import Dataset, dataset
from genbench.core.digest import digest


@dataset(modality="image", licence="CC0-1.0")
def squares(*, count: int = 40) -> Dataset:
    """Grey squares."""
    items = [np.full((8, 8, 1), 5 * i % 256, np.uint8) for i in range(count)]
    third = count // 3
    splits = {"train": np.arange(third), "held_out": np.arange(third, 2 * third),
              "reserve": np.arange(2 * third, count)}
    return Dataset("squares", "image", items, splits, tuple(map(str, range(count))), digest(items), "CC0-1.0", "made")
''',
    "stranger/corner.py": '''
"""The corner."""
import numpy as np
from genbench.core.lens import Rendering, lens


@lens(modality="image")
class Corner:
    """The first pixel, and no more."""

    def features(self, items):
        return np.array([[float(np.asarray(i)[0, 0, 0]) / 255] for i in items])

    def render(self, item):
        return Rendering("text", text=str(int(np.asarray(item)[0, 0, 0])))
''',
    "stranger-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n",
    "stranger-1.0.dist-info/entry_points.txt": """
[genbench.probes]
quality.brightness = stranger.brightness:brightness
[genbench.models]
stripes = stranger.stripes:Stripes
[genbench.data]
squares = stranger.squares:squares
[genbench.lenses]
image.corner = stranger.corner:Corner
""",
    "suite.yaml": """
name: strangers
n: 30
data: { grey: { source: squares, count: 60 } }
lenses: { image: image.corner }
models: [{ name: striped, family: stripes, data: grey, settings: { every: 2 } }]
probes: [{ probe: quality.brightness, settings: { power: 2 } }, energy.footprint]
gates: [{ metric: quality.brightness.mean, above: 0.1 }]
meters: { meter: none }
""",
}


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    for name, text in PACKAGE.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def genbench(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "genbench", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_four_files_of_a_stranger_are_listed_planned_run_gated_and_reported(stranger: Path) -> None:
    ids = {"probes": "quality.brightness", "models": "stripes", "data": "squares", "lenses": "corner"}
    for what, id in ids.items():
        listed = genbench(stranger, "list", what)
        assert id in listed.stdout, listed.stderr
        assert "stranger" in listed.stdout
    planned = genbench(stranger, "plan", "suite.yaml", "--json")
    assert '"quality.brightness"' in planned.stdout, planned.stderr
    ran = genbench(stranger, "run", "suite.yaml", "--device", "cpu")
    assert ran.returncode == 0, ran.stderr
    folder, page = ran.stdout.split()
    text = (stranger / page).read_text(encoding="utf-8")
    assert "Mean first feature of the outputs." in text
    assert "striped" in text
    exported = genbench(stranger, "export", folder, "scores.csv")
    assert exported.returncode == 0, exported.stderr
    rows = (stranger / "scores.csv").read_text().splitlines()
    (row,) = [row for row in rows if "quality.brightness.mean" in row]
    shares = row.split(",")
    assert 0 < float(shares[4]) < 1  # about half of the seeds begin with a white stripe
    gate = genbench(stranger, "gate", folder)
    assert gate.returncode == 0, gate.stdout + gate.stderr


def test_a_name_taken_twice_is_refused_by_file_and_line(stranger: Path) -> None:
    points = stranger / "stranger-1.0.dist-info" / "entry_points.txt"
    points.write_text(points.read_text().replace("quality.brightness =", "quality.frechet ="))
    module = stranger / "stranger" / "brightness.py"
    module.write_text(module.read_text().replace("def brightness", "def frechet"))
    points.write_text(points.read_text().replace("brightness:brightness", "brightness:frechet"))
    refused = genbench(stranger, "list", "probes")
    assert refused.returncode == 2
    assert "'quality.frechet' is defined twice" in refused.stderr
    assert "brightness.py:" in refused.stderr
