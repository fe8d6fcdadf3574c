"""What a model leaves behind and a probe looks at: arrays and words, no device, no file.

A probe asks for evidence by role (the parameter's name) and kind (its annotation). Roles:

generated    the model's outputs
train        the items it was, or would have been, fitted on
held_out     real items it has not seen
anchor       outputs for some inputs (latents, prompts)
perturbed    outputs for those inputs, slightly moved, with the same chance
again        outputs for those inputs (or any, if latents are the chance) with fresh chance
benchmark    the items of a benchmark file named in the suite
spent        the resources the model has used so far
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

ROLES = ("generated", "train", "held_out", "anchor", "perturbed", "again", "benchmark", "spent")

FloatArray: TypeAlias = np.ndarray
Rng: TypeAlias = np.random.Generator


@dataclass(frozen=True, eq=False)
class Features:
    """Embeddings by a lens, one row per item."""

    x: Float[np.ndarray, "n d"]
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, eq=False)
class LogProbs:
    """Log-probabilities of whole items.

    nats: natural-log probability of each item (log density for continuous data).
    counts: how many units each item has, by unit: {"token": [n], "byte": [n], "word": [n]} or {"dimension": [n]}.
    bound: true where nats is a lower bound (an ELBO), so perplexities are upper bounds.
    facts: what the numbers depend on, such as {"window": 512, "stride": 256, "bos": "yes"}.
    """

    nats: Float[np.ndarray, " n"]
    counts: Mapping[str, Int[np.ndarray, " n"]]
    keys: tuple[str, ...] = ()
    bound: bool = False
    facts: Mapping[str, int | float | str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.nats)


@dataclass(frozen=True, eq=False)
class Fingerprints:
    """Short signatures whose share of equal slots tells how alike two items are.

    slots: [n k] integers (bits of a perceptual hash, minima of a MinHash).
    near: the share of equal slots from which two items count as near-duplicates.
    """

    slots: Int[np.ndarray, "n k"]
    near: float
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.slots)


@dataclass(frozen=True, eq=False)
class Annotations:
    """Group labels an annotator gave, with what is known of its mistakes.

    labels: [n] index into names. confusion: [k k] counts on labelled real items the annotator has not
    seen, row = true group, column = said group; None when the labels are given by people and taken as true.
    """

    labels: Int[np.ndarray, " n"]
    names: tuple[str, ...]
    confusion: Int[np.ndarray, "k k"] | None = None
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Texts:
    """Items as readable strings (outputs of a text model, rendered rows, SMILES ...)."""

    texts: tuple[str, ...]
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, eq=False)
class Arrays:
    """Items as the continuous input a differentiable model takes, each coordinate within [low, high]."""

    x: Float[np.ndarray, "n ..."]
    low: float
    high: float
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Log-probabilities (nats) of paired statements that differ in one respect.

    first / second: [n], e.g. the more and the less stereotyping sentence. groups: the pair's category.
    directions: which way the pair goes ("stereo" or "antistereo"), where the benchmark says so. definition: what the
    model's log-probability of a statement is; empty: that of the whole statement.
    """

    first: Float[np.ndarray, " n"]
    second: Float[np.ndarray, " n"]
    groups: tuple[str, ...]
    keys: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    definition: str = ""

    def __len__(self) -> int:
        return len(self.first)


@dataclass(frozen=True)
class Stage:
    """What one stage of work used.

    seconds: wall time. cpu_seconds: this process's CPU time. joules: None where nothing could be measured or
    modelled; low / high bound it. method: "counter", "model" or "none". samples: items produced, if any.
    cached: the work was done in an earlier run and its record kept.
    """

    name: str
    seconds: float
    cpu_seconds: float
    joules: float | None = None
    joules_low: float | None = None
    joules_high: float | None = None
    method: str = "none"
    samples: int = 0
    cached: bool = False


@dataclass(frozen=True)
class Energy:
    """What a model has used, stage by stage, what evaluating it has used beside, and the grid it ran on.

    stages: the model's own ("train", "sample", "score"). evaluation: the instrument's for this model ("look", "probe",
    "resample"). grams_co2e_per_kwh: carbon intensity, None where the country is unknown; grid: its source.
    """

    stages: tuple[Stage, ...]
    evaluation: tuple[Stage, ...] = ()
    grams_co2e_per_kwh: float | None = None
    grid: str = "unknown"


KINDS: tuple[type, ...] = (
    Features, LogProbs, Fingerprints, Annotations, Texts, Arrays, Pairs, Energy,
)  # fmt: skip
