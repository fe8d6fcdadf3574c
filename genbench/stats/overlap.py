"""How much of a right answer a text holds: words, runs of them, common subsequences, runs of characters. In [0, 1].

Each is 1 for the reference itself and 0 where nothing is shared. As in the usual packages, ROUGE-2 of texts of one word
is 0, since there is no pair to share.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Hashable, Sequence

ARTICLES = re.compile(r"\b(a|an|the)\b")
WORD = re.compile(r"[^\W_]+")
PUNCTUATION = str.maketrans("", "", string.punctuation)
LONGEST, BETA = 6, 2.0  # of chrF: characters in a run, and how many times recall counts as much as precision


def answer_words(text: str) -> list[str]:
    """Words as SQuAD compares them: lower-case, no ASCII punctuation, no articles (Rajpurkar 2016, 1606.05250)."""
    return ARTICLES.sub(" ", text.lower().translate(PUNCTUATION)).split()


def token_f1(said: str, reference: str) -> float:
    """Harmonic mean of the shares of words of either that the other has; by SQuAD, 1 or 0 where one has no word."""
    a, b = answer_words(said), answer_words(reference)
    if not a or not b:
        return float(a == b)
    return _f(_shared(a, b), len(a), len(b))


def rouge_words(text: str) -> list[str]:
    """Runs of letters and figures, lower-case, unstemmed: on ASCII those of the package rouge_score."""
    return WORD.findall(text.lower())


def rouge_n(said: Sequence[str], reference: Sequence[str], n: int) -> float:
    """F-measure of shared runs of n words, each counted as often as both have it (Lin 2004, W04-1013)."""
    a, b = _runs(said, n), _runs(reference, n)
    return _f(_shared(a, b), len(a), len(b))


def rouge_l(said: Sequence[str], reference: Sequence[str]) -> float:
    """F-measure of the longest common subsequence of words (Lin 2004), each word's precision and recall alike."""
    return _f(longest_common(said, reference), len(said), len(reference))


def longest_common(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """Length of the longest common subsequence, a row of the table at a time in the bits of a number (Hyyrö 2004)."""
    places: dict[Hashable, int] = {}
    for i, symbol in enumerate(a):
        places[symbol] = places.get(symbol, 0) | 1 << i
    full = (1 << len(a)) - 1
    row = full
    for symbol in b:
        met = row & places.get(symbol, 0)
        row = ((row + met) | (row - met)) & full
    return len(a) - row.bit_count()


def chrf(said: str, reference: str) -> float:
    """chrF2 of one text (Popović 2015, W15-3049): precision and recall of runs of 1 to 6 characters, blanks left out.

    Both are averaged over the lengths that either text has, as sacrebleu does; recall counts twice.
    """
    a, b = "".join(said.split()), "".join(reference.split())
    precision, recall, lengths = 0.0, 0.0, 0
    for n in range(1, LONGEST + 1):
        ours, theirs = _runs(a, n), _runs(b, n)
        if ours and theirs:
            shared = _shared(ours, theirs)
            precision, recall, lengths = precision + shared / len(ours), recall + shared / len(theirs), lengths + 1
    if lengths == 0:
        return float(a == b)
    if precision + recall == 0:
        return 0.0
    return (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall) / lengths


def _runs(symbols: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return list(zip(*(symbols[i:] for i in range(n)), strict=False))


def _shared(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    return (Counter(a) & Counter(b)).total()


def _f(shared: int, ours: int, theirs: int) -> float:
    """2 P R / (P + R), P = shared / ours and R = shared / theirs."""
    return 2 * shared / (ours + theirs) if ours + theirs else 0.0
