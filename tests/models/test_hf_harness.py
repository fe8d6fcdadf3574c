"""log p of continuations and of whole texts equals what lm-evaluation-harness said of the same model, item by item."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("transformers")

from benchmarks.harness_numbers import PAGE, asked, texts
from benchmarks.speed.language import SHAPES, causal
from genbench.models.hf import Hf


@pytest.fixture(scope="module", params=["plain", "leading"])
def model(request: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, list[float]]]:
    said = json.loads(PAGE.read_text(encoding="utf-8"))[request.param]
    place: Path = tmp_path_factory.mktemp(request.param)
    return causal(place, "tiny", leads=request.param == "leading"), said


def test_continuations_are_scored_as_the_harness_scored_them(model: tuple[str, dict[str, list[float]]]) -> None:
    """Spaces at a context's end, no context, a boundary inside a token, a context too long; alone and all together."""
    path, said = model
    contexts, continuations = zip(*asked(), strict=True)
    found = Hf(path=path).log_prob_given(contexts, continuations).nats
    np.testing.assert_allclose(found, said["given"], rtol=2e-5, atol=2e-5)
    assert len(set(np.round(found, 3).tolist())) > 20


def test_whole_texts_are_scored_as_its_rolling_windows_scored_them(
    model: tuple[str, dict[str, list[float]]],
) -> None:
    """Where the stride is the window: each token once, behind one token or more, and the last window full.

    Where the tokenizer begins a text with the start token the harness puts its own before that, and scores it; here
    the start token is given once, so those texts are not compared.
    """
    path, said = model
    if "leading" in path:
        pytest.skip("the harness scores the start token behind another")
    window = SHAPES["tiny"]["n_positions"]
    found = Hf(path=path, window=window, stride=window).log_prob(texts())
    np.testing.assert_allclose(found.nats, said["rolling"], rtol=1e-6, atol=1e-4)
