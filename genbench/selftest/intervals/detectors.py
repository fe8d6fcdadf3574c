"""Intervals of a detector that is asked about another model's outputs: they hold for the detector that was trained."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import norm

from genbench.core.evidence import Features, Rng
from genbench.core.score import Interval
from genbench.selftest.coverage import Case
from genbench.stats.detectors import Dealt, asked, dealt, fitted

SIZE, D = 120, 4  # items a side, half of them judged


def _elsewhere(trained: float, moved: tuple[float, ...]) -> Callable[[Rng], Interval | None]:
    """Trained on outputs moved by `trained` along the first axis, asked about outputs moved otherwise."""

    def draw(rng: Rng) -> Interval | None:
        outputs, real = _dealt(rng, (trained, 0.0, 0.0, 0.0)), _dealt(rng, (0.0,) * D)
        detector = fitted(outputs, real, 3, "logistic regression", rng)
        found = asked(detector, _dealt(rng, moved), _dealt(rng, (0.0,) * D))
        # The detector is a line w, and items are unit Gaussians: AUC = Phi(w . shift / (|w| sqrt 2)).
        w = detector.judge[-1].coef_[0] / detector.judge[0].scale_
        truth = float(norm.cdf(w @ np.array(moved) / (np.linalg.norm(w) * np.sqrt(2))))
        return None if found is None else Interval(found.interval.low - truth, found.interval.high - truth)

    return draw


def _dealt(rng: Rng, moved: tuple[float, ...]) -> Dealt:
    return dealt(Features(rng.normal(size=(SIZE, D)) + np.array(moved)), SIZE, rng)


CASES = (
    Case("DeLong of another model's detector", "moved aside of what it knows, past the truth of that detector", 0.0,
         _elsewhere(1.5, (0.0, 1.5, 0.0, 0.0)), ("misuse.detectability.auc",)),
    Case("DeLong of another model's detector", "moved aslant, past the truth of that detector", 0.0,
         _elsewhere(1.5, (1.5, 1.5, 0.0, 0.0)), ("misuse.detectability.auc",)),
)  # fmt: skip
