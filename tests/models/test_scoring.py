"""log p of targets by float32 logits, against float64."""

from __future__ import annotations

import pytest
import torch

from genbench.models._scoring import _log_shares


@pytest.mark.parametrize("size", [5, 259, 50_257])
@pytest.mark.parametrize("spread", [0.5, 2.0, 8.0])
def test_log_shares_are_those_of_float64_and_lean_to_neither_side(size: int, spread: float) -> None:
    draw = torch.Generator().manual_seed(size)
    logits = spread * torch.randn(60, size, generator=draw) + 30
    logits[:, 1] += 6  # as where a model is nearly sure
    targets = torch.randint(size, (60,), generator=draw)
    wanted = logits.double().log_softmax(dim=1).gather(1, targets[:, None])[:, 0]
    first = logits.argmax(dim=1) == targets
    found, likeliest = _log_shares(logits, targets)
    assert likeliest.tolist() == first.tolist()
    apart = found - wanted
    assert apart.dtype == torch.float64
    assert float(apart.abs().max()) < 1e-6
    assert float(apart.mean().abs()) < 1e-7


def test_a_token_ruled_out_has_no_share_and_takes_none() -> None:
    logits = torch.tensor([[0.0, -torch.inf, 0.0], [-200.0, 200.0, -torch.inf]])
    found, first = _log_shares(logits.clone(), torch.tensor([0, 1]))
    torch.testing.assert_close(found, torch.tensor([0.5, 1.0], dtype=torch.float64).log())
    assert first.tolist() == [1.0, 1.0]  # as likely as another, and none is likelier
    assert _log_shares(logits, torch.tensor([1, 0])).tolist() == [[-torch.inf, -400.0], [0.0, 0.0]]
