"""How much texts repeat themselves and one another, in words."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from scipy import stats as scipy_stats

from genbench.core.score import Interval

Words: TypeAlias = Sequence[str]
TOKEN = re.compile(r"\w+|[^\w\s]")
ORDERS = 4  # of BLEU
SMALL = 0.1  # stands for a count of 0 (Chen and Cherry 2014, method 1)


def words_of(text: str) -> list[str]:
    """Lower-case words, and marks one by one."""
    return TOKEN.findall(text.lower())


def runs(words: Words, n: int) -> list[tuple[str, ...]]:
    """All runs of n words."""
    return list(zip(*(words[i:] for i in range(n)), strict=False))


def distinct(texts: Sequence[Words], n: int) -> float:
    """Different runs of n words over all such runs of all texts (Li et al. 2016, 1510.03055); nan where there is none.

    It falls with the amount of text, so only equal amounts compare.
    """
    every = [run for words in texts for run in runs(words, n)]
    return len(set(every)) / len(every) if every else math.nan


def repeated(texts: Sequence[Words], n: int) -> Float[np.ndarray, " m"]:
    """1 - different / all runs of n words, of each text that has such a run (Welleck et al. 2020, 1908.04319)."""
    return np.array([1 - len(set(own)) / len(own) for words in texts if (own := runs(words, n))], dtype=np.float64)


def self_bleu(texts: Sequence[Words]) -> float:
    """Mean BLEU-4 of each text against all others as references (Zhu et al. 2018, 1802.01886); smoothed, in [0, 1].

    A run's clip is the most often that another text has it: the greatest count, or the second where that is one's own.
    So the cost grows with the words, not with the pairs of texts. It grows with the number of texts.
    """
    counted = [[Counter(runs(words, n)) for n in range(1, ORDERS + 1)] for words in texts]
    tops = [_two_greatest([own[n] for own in counted]) for n in range(ORDERS)]
    lengths = Counter(len(words) for words in texts)
    scores = []
    for i, words in enumerate(texts):
        logs = []
        for own, top in zip(counted[i], tops, strict=True):
            met = sum(min(count, top[run][2] if top[run][1] == i else top[run][0]) for run, count in own.items())
            logs.append(math.log((met or SMALL) / max(1, own.total())))
            if len(logs) == 1 and met == 0:
                break
        if len(logs) < ORDERS:
            scores.append(0.0)
            continue
        others = [length for length, count in lengths.items() if count > (length == len(words))]
        nearest = min(others, key=lambda length: (abs(length - len(words)), length))
        brevity = min(0.0, 1 - nearest / len(words))
        scores.append(math.exp(brevity + sum(logs) / ORDERS))
    return float(np.mean(scores))


def _two_greatest(counts: Sequence[Counter[tuple[str, ...]]]) -> dict[tuple[str, ...], tuple[int, int, int]]:
    """{run: (greatest count in a text, whose it is, the greatest in another)}."""
    top: dict[tuple[str, ...], tuple[int, int, int]] = {}
    for i, own in enumerate(counts):
        for run, count in own.items():
            first, owner, second = top.get(run, (0, -1, 0))
            top[run] = (count, i, first) if count > first else (first, owner, max(second, count))
    return top


def left_out_interval(
    statistic: Callable[[Sequence[Words]], float], texts: Sequence[Words], *, groups: int = 20, level: float = 0.95
) -> Interval:
    """Student's interval by a jackknife over `groups` of texts, each left out in turn; the texts are random.

    var = (g - 1) / g sum_i (t_(i) - mean)^2. A statistic that grows with the number of texts is a little smaller
    without a group, all alike, so that their spread is not moved.
    """
    g = min(groups, len(texts))
    left = np.array([statistic([text for i, text in enumerate(texts) if i % g != own]) for own in range(g)])
    error = math.sqrt((g - 1) / g * float(np.square(left - left.mean()).sum()))
    reach = float(scipy_stats.t.ppf(0.5 + level / 2, g - 1)) * error
    value = statistic(texts)
    return Interval(value - reach, value + reach, level, f"jackknife, {g} groups of texts")
