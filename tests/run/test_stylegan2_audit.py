"""stylegan2-audit: as it stands it trains a small one; with a path and a folder it audits a checkpoint on six axes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from models.stylegan2_files import rosinality_state
from PIL import Image

from genbench.core.probe import AXES
from genbench.models._stylegan2 import Generator, Plan
from genbench.results.run import Run
from genbench.run.plan import make_plan
from genbench.run.start import Options, run_suite
from genbench.run.suite import Suite

OF_LATENTS = "probes=[quality.path_length, robustness.truncation, robustness.stability]"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A generator of 16 x 16 with weights drawn, in rosinality's layout, and a folder of images of that size."""
    folder = tmp_path_factory.mktemp("stylegan2")
    torch.manual_seed(0)
    made = Generator(Plan((3, 16, 16), (16, 12, 8), latent=16, style=16, depth=2)).eval()
    made.mapping.average.normal_()
    torch.save(rosinality_state(made), folder / "g.pt")
    (folder / "real").mkdir()
    rng = np.random.default_rng(0)
    for i in range(80):
        smooth = Image.fromarray(rng.integers(0, 256, (4, 4, 3)).astype(np.uint8)).resize((16, 16))
        smooth.save(folder / "real" / f"{i}.png")
    return folder


def overrides(folder: Path) -> list[str]:
    return [
        "models.0.family=stylegan2_checkpoint", "models.0.preset=null", f"models.0.settings.path={folder / 'g.pt'}",
        "data.images.source=image_folder", f"data.images.path={folder / 'real'}", "lenses.image=image.pixels",
    ]  # fmt: skip


def test_as_it_stands_every_axis_will_be_measured():
    plan = make_plan(Suite.load("stylegan2-audit"))
    running = {cell.probe.id for cell in plan.cells if cell.model.name == "stylegan2" and not cell.because}
    assert {id.partition(".")[0] for id in running} == set(AXES)
    assert {"quality.path_length", "robustness.truncation", "robustness.stability"} <= running


def test_of_a_checkpoint_every_axis_is_planned(checkpoint):
    plan = make_plan(Suite.load("stylegan2-audit", overrides=overrides(checkpoint)[:-1]))
    running = {cell.probe.id for cell in plan.cells if cell.model.name == "stylegan2" and not cell.because}
    assert {id.partition(".")[0] for id in running} == set(AXES)
    assert {"quality.path_length", "robustness.truncation", "misuse.mark_survival"} <= running
    because = {cell.probe.id: cell.because for cell in plan.cells if cell.model.name == "noise" and cell.because}
    assert "gives no unrounded outputs between two latents" in because["quality.path_length"]
    assert "cannot draw its latents towards their average" in because["robustness.truncation"]


def test_a_checkpoint_is_run_and_its_ways_are_measured(checkpoint, tmp_path):
    torch.set_num_threads(1)
    suite = Suite.load("stylegan2-audit", overrides=[*overrides(checkpoint), OF_LATENTS, "n=40", "gates=[]"])
    run = Run.load(run_suite(suite, Options(home=tmp_path, device="cpu")))
    found = {score.id: score for score in run.measured if score.model == "stylegan2"}
    lengths = [found[f"quality.path_length.{name}"].estimate for name in ("z_full", "z_end", "w_full", "w_end")]
    assert all(length.n == 40 and length.interval.low < length.value < length.interval.high for length in lengths)
    assert lengths[0].floor == lengths[1].floor
    assert found["quality.path_length.detour"].estimate.value > 1
    lost = found["robustness.truncation.recall_lost"].estimate
    assert set(lost.detail.facts["by psi"]) == {"1", "0.7", "0.5"}
    assert 0 < found["robustness.truncation.identity_kept"].estimate.value <= 1
    assert "robustness.truncation.class_kept" not in found  # pixels name no classes
