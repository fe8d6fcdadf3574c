"""A file's format is no property of a model: where a probe asks, real items are seen as if saved like the outputs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genbench.core.data import Item
from genbench.data._sniff import read_outputs
from genbench.data.digits import digits
from genbench.results.run import Run

QUALITY = 90  # of JPEG
PROBES = ["quality.frechet", "misuse.detectability"]
CLAIM = "mine: misuse.detectability compares with real items saved like the outputs, as far as can be: 300 of 300 JPEG"


def save(folder: Path, items: Sequence[Item], suffix: str) -> str:
    folder.mkdir()
    for i, item in enumerate(items):
        Image.fromarray(item[:, :, 0]).save(folder / f"{i:04d}.{suffix}", quality=QUALITY)
    return str(folder)


def value(run: Run, metric: str) -> float:
    (found,) = [s for s in run.measured if s.metric == metric]
    return found.estimate.value


def looks(run: Run) -> dict[str, int]:
    """{owner: how many looks were made now}."""
    made = [e["owner"] for e in run.events("cost") if e["stage"]["name"] == "look" and not e["stage"]["cached"]]
    return {owner: made.count(owner) for owner in made}


@pytest.fixture
def reals() -> list[Item]:
    """Digits that neither training nor scoring sees: the outputs of a perfect model."""
    return digits().take("reserve", 300)


def test_real_items_in_jpeg_files_are_not_told_from_lossless_ones_and_share_no_evidence_with_them(
    run_of, tmp_path: Path, reals: list[Item], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = save(tmp_path / "jpeg", reals, "jpg")
    np.save(tmp_path / "same.npy", np.stack(read_outputs(folder, "image", reals[0]).items))

    def run(samples: str) -> Run:
        mine = {"name": "mine", "samples": samples, "data": "digits"}
        return run_of(n=300, data={"digits": "digits"}, models=[mine], probes=PROBES)

    matched = run(folder)
    assert CLAIM in capsys.readouterr().err
    assert value(matched, "auc") == pytest.approx(0.5, abs=0.1)
    assert looks(matched) == {"": 2, "mine": 3}  # the data's for all; the outputs, and twice the data like them
    # The same pixels in an array, which does not tell that they were JPEG: told at once, from the data's own features.
    plain = run(str(tmp_path / "same.npy"))
    assert value(plain, "auc") > 0.9
    assert value(plain, "distance") == value(matched, "distance")
    assert looks(plain) == {"mine": 1}
    assert "saved like" not in capsys.readouterr().err
    again = run(folder)
    assert (value(again, "auc"), looks(again)) == (value(matched, "auc"), {})


def test_real_items_that_lie_in_such_files_themselves_are_not_put_through_again(
    run_of, tmp_path: Path, reals: list[Item]
) -> None:
    data = save(tmp_path / "data", digits().take("train", 700) + digits().take("held_out", 300), "jpg")
    mine = {"name": "mine", "samples": save(tmp_path / "jpeg", reals, "jpg"), "data": "real"}
    run = run_of(n=300, data={"real": {"path": data, "held_out": 0.4}}, models=[mine], probes=PROBES)
    assert value(run, "auc") < 0.65  # 0.73 where they lose twice what outputs lost once
    assert looks(run) == {"": 2, "mine": 1}
