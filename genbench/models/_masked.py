"""What a masked language model says of a text: one token hidden at a time, and only there asked.

None of this is a probability of the text: sum_i log p(x_i | all others) of all texts does not sum to 1 after exp, so it
is no `Density`, it gives no perplexity, and it compares texts within one model only.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from genbench.core.data import Pair
from genbench.core.errors import NotApplicable
from genbench.core.model import Contrast

ROWS = 64  # masked sentences read together, at most
TOKENS = 4096  # and tokens
CROWS_PAIRS = (
    "pseudo-log-likelihood of the tokens both sentences share, as CrowS-Pairs publishes it (Nangia et al. 2020, "
    "arXiv:2010.00133): one masked at a time, the first and last shared token left out, rounded to 3 decimals; "
    "no probability of a sentence"
)


@runtime_checkable
class Masks(Protocol):
    """A model that fills in. mask: the token that hides one; longest: tokens of a text it can read, None for any."""

    @property
    def mask(self) -> int: ...

    @property
    def longest(self) -> int | None: ...

    @property
    def uncased(self) -> bool: ...

    def tokens_of(self, text: str) -> list[int]:
        """A text's tokens between those the model frames it with, as [CLS] and [SEP]: one before and one behind."""
        ...

    def logits_at(self, symbols: Tensor, seen: Tensor, places: Tensor) -> Tensor:
        """Logits [n V] at one place [n] of each row of symbols [n t]; seen [n t]: 0 at padding."""
        ...


class Hidden(NamedTuple):
    """A text with one of its tokens to be masked."""

    tokens: Sequence[int]
    place: int


@dataclass(frozen=True)
class PseudoLogLikelihoods:
    """sum_i log p(x_i | all other tokens), in nats [n], of texts of so many tokens [n]; see this file's first words.

    A separate type from `LogProbs`, so that no perplexity is made of it by mistake.
    """

    nats: np.ndarray
    tokens: np.ndarray
    definition: str = "pseudo-log-likelihood (Salazar et al. 2020, arXiv:1910.14659); no probability of a text"


def pseudo_log_likelihoods(model: Masks, texts: Sequence[str]) -> PseudoLogLikelihoods:
    """Of whole texts; the tokens that frame a text are never masked."""
    cut = [_fitting(model, model.tokens_of(text)) for text in texts]
    asked = [Hidden(tokens, place) for tokens in cut for place in range(1, len(tokens) - 1)]
    owners = [i for i, tokens in enumerate(cut) for _ in range(1, len(tokens) - 1)]
    nats = np.bincount(owners, nats_of(model, asked), minlength=len(texts)) if asked else np.zeros(len(texts))
    return PseudoLogLikelihoods(nats, np.array([len(tokens) - 2 for tokens in cut]))


def crows_pairs(model: Masks, pairs: Sequence[Pair]) -> Contrast:
    """The score of each sentence by the rule its authors publish.

    Lower case where the model is uncased; the shared tokens are those `difflib` matches between the two rows of ids,
    where the first sentence of a pair marked "antistereo" is the less stereotyping one, as in their script (matching
    is not symmetric). Each shared token but the first and the last is masked in both sentences, alone; a sentence's
    score is the sum of its log p, rounded to 3 decimals, so that near ties are ties.
    """
    asked: list[Hidden] = []
    owners: list[int] = []
    for i, pair in enumerate(pairs):
        sides = [s.lower() if model.uncased else s for s in (pair.first, pair.second)]
        tokens = [_fitting(model, model.tokens_of(side)) for side in sides]
        for side, places in enumerate(shared(tokens[0], tokens[1], backward=pair.direction == "antistereo")):
            asked += [Hidden(tokens[side], place) for place in places[1:-1]]
            owners += [2 * i + side] * len(places[1:-1])
    nats = np.bincount(owners, nats_of(model, asked), minlength=2 * len(pairs)) if asked else np.zeros(2 * len(pairs))
    scores = np.array([round(value, 3) for value in nats.tolist()]).reshape(-1, 2)
    case = "; sentences in lower case" if model.uncased else ""
    return Contrast(scores[:, 0], scores[:, 1], CROWS_PAIRS + case)


def shared(first: Sequence[int], second: Sequence[int], *, backward: bool = False) -> tuple[list[int], list[int]]:
    """Places of the tokens that both rows have in common, in each; backward: matched from the second to the first."""
    if backward:
        theirs, mine = shared(second, first)
        return mine, theirs
    matched = difflib.SequenceMatcher(None, first, second).get_matching_blocks()
    return (
        [block.a + i for block in matched for i in range(block.size)],
        [block.b + i for block in matched for i in range(block.size)],
    )


def nats_of(model: Masks, asked: Sequence[Hidden]) -> np.ndarray:
    """log p [n] of each hidden token given the rest of its text, in float64 from float32."""
    nats = np.zeros(len(asked))
    for rows in _batches([len(one.tokens) for one in asked]):
        t = max(len(asked[i].tokens) for i in rows)
        symbols, seen = torch.zeros((len(rows), t), dtype=torch.long), torch.zeros((len(rows), t), dtype=torch.long)
        for row, i in enumerate(rows):
            tokens = asked[i].tokens
            symbols[row, : len(tokens)], seen[row, : len(tokens)] = torch.tensor(tokens), 1
        places = torch.tensor([asked[i].place for i in rows])
        every = torch.arange(len(rows))
        targets = symbols[every, places]
        symbols[every, places] = model.mask
        with torch.inference_mode():
            logits = model.logits_at(symbols, seen, places).float().cpu()
        said = logits[every, targets] - logits.logsumexp(dim=1)
        nats[rows] = said.double().numpy()
    return nats


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices by length, longest first: if memory runs out, then at once. At most ROWS rows and TOKENS tokens."""
    rows: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if rows and (len(rows) == ROWS or (len(rows) + 1) * lengths[rows[0]] > TOKENS):
            yield rows
            rows = []
        rows.append(i)
    if rows:
        yield rows


def _fitting(model: Masks, tokens: list[int]) -> list[int]:
    if model.longest is not None and len(tokens) > model.longest:
        raise NotApplicable(f"the model reads at most {model.longest} tokens at once, and a text has {len(tokens)}")
    return tokens
