"""The lens against torch-fidelity's network at the same random weights, in the environment `make bench` makes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.peers import PYTHON  # noqa: E402
from benchmarks.speed.inputs import images  # noqa: E402
from benchmarks.speed.sides import Side  # noqa: E402
from benchmarks.speed.weights import write_random_state  # noqa: E402
from genbench.lenses.image.inception import Inception, network  # noqa: E402
from genbench.stats.moments import gaussian_distance  # noqa: E402

torch.set_num_threads(1)


@pytest.mark.slow
@pytest.mark.skipif(not PYTHON.exists(), reason="benchmarks/.peers is not made: python -m benchmarks.peers")
def test_features_logits_and_distance_are_torch_fidelitys(tmp_path: Path) -> None:
    weights = write_random_state(tmp_path / "state.pth")
    seen = images(8, side=120)  # not the network's size: the resize is compared as well
    np.save(tmp_path / "images.npy", seen)
    with Side.theirs(threads=1) as theirs:
        answer = theirs.ask(
            "parity", weights=str(weights), inputs=str(tmp_path / "images.npy"), keep=str(tmp_path / "theirs.npz")
        )
    expected = np.load(tmp_path / "theirs.npz")

    lens = Inception(weights="unused.pth", resize="tensorflow")
    lens._net = network(torch.load(weights, weights_only=True))
    found = lens.features(list(seen.transpose(0, 2, 3, 1)))
    assert np.linalg.norm(found - expected["features"]) < 1e-5 * np.linalg.norm(expected["features"])
    logits = found @ lens.last_layer().numpy().T.astype(np.float64)
    assert np.linalg.norm(logits - expected["logits"]) < 1e-5 * np.linalg.norm(expected["logits"])

    halves = [(part.mean(axis=0), np.cov(part, rowvar=False)) for part in (found[:4], found[4:])]
    ours = gaussian_distance(*halves[0], *halves[1])
    assert ours == pytest.approx(answer["fid"], rel=1e-3)
