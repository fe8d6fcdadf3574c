"""Between grey levels and the real line: draws stay within a level's reach, and give a bound from below."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import norm

from genbench.models._levels import ENTROPY, moments, opened

DRAWS = 100_000
LEVELS = [0, 1, 128, 254, 255]


@pytest.mark.parametrize("level", LEVELS)
def test_a_draw_rounds_down_and_clips_to_its_level(level: int) -> None:
    k = torch.full((DRAWS, 1, 1, 1), float(level)).double()  # in single precision 128 + u can round to 129
    y, _ = opened(k, torch.randn(k.shape, generator=torch.Generator().manual_seed(0)).double())
    assert (y.floor().clamp(0, 255) == level).all()


@pytest.mark.parametrize("level", LEVELS)
def test_the_moments_and_the_entropy_are_those_of_the_draws(level: int) -> None:
    k = torch.full((DRAWS, 1, 1, 1), float(level))
    y, log_q = opened(k, torch.randn(k.shape, generator=torch.Generator().manual_seed(0)))
    mean, variance, entropy = (float(a.item()) for a in moments(np.array([[float(level)]])))
    assert y.double().mean().item() == pytest.approx(mean, abs=5 * (variance / DRAWS) ** 0.5 + 1e-4)
    assert y.double().var().item() == pytest.approx(variance, rel=0.03)
    assert -log_q.mean().item() == pytest.approx(entropy, abs=0.02)
    assert entropy == (ENTROPY if level in (0, 255) else 0)


@pytest.mark.parametrize("level", LEVELS)
def test_it_bounds_the_mass_a_gaussian_gives_a_level_from_below(level: int) -> None:
    m, s = 20.0, 90.0
    true = np.log(norm.cdf(np.inf if level == 255 else level + 1, m, s) - norm.cdf(level if level else -np.inf, m, s))
    mean, variance, entropy = (float(a.item()) for a in moments(np.array([[float(level)]])))
    bound = norm.logpdf(mean, m, s) - 0.5 * variance / s**2 + entropy
    assert true - 0.5 < bound <= true + 1e-12
