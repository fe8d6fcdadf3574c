"""The words of a text in any script: between spaces where there are some, else so many letters as make a word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

SHORTEST = 4  # letters of a word that says something, where words stand apart

# Scripts whose words do not stand apart, or whose letters are syllables, by the letters that make a word: of Han, kana
# and Hangul two, of Thai, Lao, Burmese and Khmer four signs. What Chinese texts share is found by pairs of characters
# about as well as by words (Nie et al. 2000, doi:10.1145/355214.355235).
TOGETHER = {
    2: "\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff",
    4: "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff",
}
RUNS = re.compile("|".join([*(f"[{letters}]+" for letters in TOGETHER.values()), f"[^{''.join(TOGETHER.values())}]+"]))
STARTS = {n: re.compile(f"[{letters}]") for n, letters in TOGETHER.items()}


def words_of(text: str) -> list[str]:
    """Lower-case runs of letters, digits and the marks on them, in order; of a script of `TOGETHER` their n-grams.

    These overlap: three characters are two words.
    """
    apart = "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in text.lower())
    return [word for run in apart.split() for part in RUNS.findall(run) for word in _grams(part)]


def needed(word: str) -> int:
    """How many letters a word must have to say something."""
    return _together(word) or SHORTEST


def length_of(words: Sequence[str]) -> int:
    """How many of these make one word, as n-grams overlap: what holds for most of them."""
    kinds = [_together(word) or 1 for word in words]
    return max(sorted(set(kinds)), key=kinds.count, default=1)


def _together(word: str) -> int:
    """How many letters make a word of its script; 0 where words stand apart."""
    return next((n for n, letters in STARTS.items() if letters.match(word)), 0)


def _grams(run: str) -> list[str]:
    n = _together(run)
    return [run] if not n or len(run) <= n else [run[i : i + n] for i in range(len(run) - n + 1)]
