"""Half the width of Welch's interval: independent parts, each of a variance that is itself guessed from n things."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy import stats as scipy_stats


def welch_reach(parts: Sequence[tuple[float, int]], level: float = 0.95) -> float:
    """t sqrt(sum v) of parts (v, n), v what a part adds to the variance and n how many things it is known from.

    t is Student's quantile with (sum v)^2 / sum v^2 / (n - 1) degrees of freedom (Welch 1947, doi:10.2307/2332510;
    Satterthwaite 1946). 0 where nothing varies.
    """
    whole = sum(variance for variance, _ in parts)
    if whole == 0:
        return 0.0
    df = whole**2 / sum(variance**2 / (n - 1) for variance, n in parts)
    return float(scipy_stats.t.ppf(0.5 + level / 2, df)) * math.sqrt(whole)
