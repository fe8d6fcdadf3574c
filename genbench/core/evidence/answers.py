"""What a model says when it is asked about a benchmark's items, or about an item's rest given its opening."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True, eq=False)
class Pairs:
    """Log-probabilities (nats) of paired statements that differ in one respect.

    first / second: [n], e.g. the more and the less stereotyping sentence. groups: the pair's category.
    directions: which way the pair goes ("stereo" or "antistereo"), where the benchmark says so. definition: what the
    model's log-probability of a statement is; empty: that of the whole statement. changes: the words in which the two
    differ, the same for pairs that change the same words. after_first / after_second: of what follows those words,
    given all up to them, where the model can tell; nan where nothing follows.
    """

    first: Float[np.ndarray, " n"]
    second: Float[np.ndarray, " n"]
    groups: tuple[str, ...]
    keys: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    definition: str = ""
    changes: tuple[str, ...] = ()
    after_first: Float[np.ndarray, " n"] | None = None
    after_second: Float[np.ndarray, " n"] | None = None

    def __len__(self) -> int:
        return len(self.first)


@dataclass(frozen=True, eq=False)
class Choices:
    """Log-probabilities (nats) of each option of each question, given its context.

    nats: [n k], -inf behind the last option of a question with fewer than k. sizes: [n] options of each. counts: units
    of each option by name, {"token": [n k], "byte": [n k]}, 0 behind the last. answers: [n] index of the right option,
    -1 where there is none. facts: what the benchmark says of each question, {} where nothing. definition: what the
    log-probability of an option is. In the roles `train` and `held_out` each item is one question of one option: its
    opening is the context, its rest the option.
    """

    nats: Float[np.ndarray, "n k"]
    sizes: Int[np.ndarray, " n"]
    counts: Mapping[str, Int[np.ndarray, "n k"]]
    answers: Int[np.ndarray, " n"]
    groups: tuple[str, ...]
    facts: tuple[Mapping[str, Any], ...]
    keys: tuple[str, ...] = ()
    definition: str = ""

    def __len__(self) -> int:
        return len(self.nats)


@dataclass(frozen=True, eq=False)
class Completions:
    """What a model added to each prompt, beside what would have been right.

    references: the right answers of each prompt, () where none is known. In the roles `train` and `held_out` the
    prompts are items' openings and the one reference is the rest.
    """

    prompts: tuple[str, ...]
    texts: tuple[str, ...]
    references: tuple[tuple[str, ...], ...]
    groups: tuple[str, ...]
    facts: tuple[Mapping[str, Any], ...]
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, eq=False)
class Dialogues:
    """Conversations with a simulated user: turns[i][t] is what it said, replies[i][t] what the model answered."""

    turns: tuple[tuple[str, ...], ...]
    replies: tuple[tuple[str, ...], ...]
    groups: tuple[str, ...]
    facts: tuple[Mapping[str, Any], ...]
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.turns)


@dataclass(frozen=True, eq=False)
class Prompts:
    """What a benchmark asks, word for word, one for each answer in the role `answered`."""

    texts: tuple[str, ...]
    groups: tuple[str, ...]
    facts: tuple[Mapping[str, Any], ...]
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.texts)


# The form of the benchmark that each is asked of: the end of its modality, "text_pairs".
FORMS: dict[type, str] = {
    Pairs: "pairs",
    Choices: "choices",
    Completions: "prompts",
    Dialogues: "scripts",
    Prompts: "prompts",
}
