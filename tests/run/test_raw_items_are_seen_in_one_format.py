"""A detector of raw items gets the real ones as if saved like the outputs, so that JPEG is no sign of a machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from genbench.core.score import Skipped
from genbench.data._sniff import read_outputs
from genbench.data.digits import digits
from genbench.results.run import Run
from genbench.run import produce

PROBE = "misuse.detectability_raw"


def low(run: Run) -> float:
    (found,) = run.measured
    assert found.id == f"{PROBE}.auc"
    assert found.estimate.interval is not None
    return found.estimate.interval.low


def test_real_items_in_jpeg_files_are_not_told_by_their_format(run_of, tmp_path: Path) -> None:
    reals, folder = digits().take("reserve", 240), tmp_path / "jpeg"
    folder.mkdir()
    for i, item in enumerate(reals):
        Image.fromarray(item[:, :, 0]).save(folder / f"{i:04d}.jpg", quality=80)
    np.save(tmp_path / "same.npy", np.stack(read_outputs(str(folder), "image", reals[0]).items))

    def run(samples: Path) -> Run:
        mine = {"name": "mine", "samples": str(samples), "data": "digits"}
        return run_of(
            n=240, data={"digits": "digits"}, models=[mine], probes=[{"probe": PROBE, "settings": {"steps": 100}}]
        )

    assert low(run(folder)) < 0.5
    assert low(run(tmp_path / "same.npy")) > 0.7  # an array does not tell that its pictures were JPEG


def test_texts_which_are_no_arrays_are_left_out_by_the_plan(run_of) -> None:
    mine = {"name": "mine", "family": "ngram", "data": "docs"}
    run = run_of(n=20, data={"docs": "pydoc"}, models=[mine], probes=[PROBE])
    (skipped,) = run.outcomes
    assert isinstance(skipped, Skipped)
    assert skipped.planned
    assert "gives no Arrays" in skipped.because


def test_raw_items_that_memory_would_not_hold_are_left_out_with_what_would_do(run_of, monkeypatch) -> None:
    monkeypatch.setattr(produce, "LARGEST_RAW", 1000)
    mine = {"name": "mine", "family": "gaussian", "data": "digits"}
    run = run_of(n=20, data={"digits": "digits"}, models=[mine], probes=[PROBE])
    (skipped,) = run.outcomes
    assert isinstance(skipped, Skipped)
    assert "20 raw items of 64 numbers would take" in skipped.because
    assert "ask with a smaller n and held_out_n" in skipped.because
