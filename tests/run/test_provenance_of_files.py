"""What outputs' files say of their origin reaches the score from a folder, a zip and a tar; arrays have no files."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from marked_files import MADE, STORE, in_jpeg, in_png, saved, xmp

from genbench.core.score import Skipped
from genbench.results.run import Run

N = 24


def marked(folder: Path) -> None:
    """Half bear a manifest, a quarter a source type, and one is a GIF whose metadata is not read."""
    folder.mkdir()
    for i in range(N):
        plain = saved("jpg" if i % 2 else "png", seed=i)
        manifest, packet = STORE if i % 4 < 2 else b"", xmp(MADE) if i % 4 == 3 else b""
        write = in_jpeg if i % 2 else in_png
        (folder / f"{i:02}.{'jpg' if i % 2 else 'png'}").write_bytes(write(plain, manifest=manifest, packet=packet))
    (folder / "x.gif").write_bytes(saved("gif"))


def suite(path: Path) -> dict[str, object]:
    real = path.parent / "real"
    if not real.exists():
        real.mkdir()
        for i in range(30):
            (real / f"{i}.png").write_bytes(saved("png", seed=100 + i))
    mine = {"name": "mine", "samples": str(path), "data": "real"}
    return {"n": 100, "data": {"real": {"path": str(real)}}, "models": [mine], "probes": ["misuse.provenance"]}


def shares(run: Run) -> dict[str, tuple[float, int]]:
    return {s.metric: (s.estimate.value, s.estimate.n) for s in run.measured}


def test_exact_shares_from_a_folder_a_zip_and_a_tar(run_of, tmp_path: Path, capsys) -> None:
    marked(tmp_path / "made")
    shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "made")
    shutil.make_archive(str(tmp_path / "packed"), "tar", tmp_path / "made")
    runs = [run_of(**suite(tmp_path / name)) for name in ("made", "packed.zip", "packed.tar")]
    assert shares(runs[0]) == {"c2pa": (0.5, N), "iptc": (0.25, N), "either": (0.75, N)}
    assert shares(runs[1]) == shares(runs[2]) == shares(runs[0])
    assert "provenance metadata not read of 1 of 25 files: " in (told := capsys.readouterr().err)
    assert "x.gif: only the metadata of JPEG, PNG, WebP and BMP files is read" in told


def test_files_that_are_stripped_are_other_outputs(run_of, tmp_path: Path) -> None:
    marked(tmp_path / "made")
    first = run_of(**suite(tmp_path / "made"))
    for i in range(N):
        path = tmp_path / "made" / f"{i:02}.{'jpg' if i % 2 else 'png'}"
        path.write_bytes(saved(path.suffix[1:], seed=i))
    second = run_of(**suite(tmp_path / "made"))
    assert shares(second) == {"c2pa": (0.0, N), "iptc": (0.0, N), "either": (0.0, N)}
    assert first.measured[0].provenance.model_digest != second.measured[0].provenance.model_digest


def test_a_model_that_hands_out_arrays_is_skipped_before_it_runs_and_an_array_of_outputs_with_its_reason(
    run_of, tmp_path: Path
) -> None:
    np.save(tmp_path / "made.npy", np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8))
    parts = suite(tmp_path / "made.npy")
    parts["models"] = [*parts["models"], {"name": "noise", "family": "gaussian", "data": "real"}]
    run = run_of(**parts)
    skipped = {o.model: o for o in run.outcomes if isinstance(o, Skipped)}
    assert "no output lies in an image file of its own" in skipped["mine"].because
    assert not skipped["mine"].planned
    assert "hands out what it makes in memory" in skipped["noise"].because
    assert skipped["noise"].planned
