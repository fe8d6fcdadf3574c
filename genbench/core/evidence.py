"""What a model leaves behind and a probe looks at: arrays and words, no device, no file.

A probe asks for evidence by role (the parameter's name) and kind (its annotation). Roles:

generated    the model's outputs
train        the items it was, or would have been, fitted on
held_out     real items it has not seen
anchor       outputs for some inputs (latents, prompts)
perturbed    outputs for those inputs, slightly moved, with the same chance
again        outputs for those inputs (or any, if latents are the chance) with fresh chance
benchmark    the items of a benchmark file named in the suite, as the model scored or answered them
answered     what the model made of a benchmark's prompts, for a lens to look at
source       held-out items that a translator was given; `generated` is what it made of them, one for one
cycled       its outputs translated back
moved        its outputs, with what no eye sees drawn anew
recycled     those, translated back
spent        the resources the model has used so far
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int

ROLES = (
    "generated", "train", "held_out", "anchor", "perturbed", "again", "benchmark", "answered",
    "source", "cycled", "moved", "recycled", "spent",
)  # fmt: skip

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
class TokenLogProbs:
    """Log-probabilities (nats) of each token of each item, with what the model said of all tokens in its place.

    Flat over t tokens; those of item i lie from offsets[i] up to offsets[i + 1]. nats: log p of the token that stands
    there. means and deviations: of log p of a token drawn from the model in that place, so means are minus its entropy.
    counts: units of each item, {"byte": [n], "zlib": [n]}, zlib: the bytes that compression leaves of it.
    ranks: 1 + how many tokens the model finds likelier in that place; None where the model does not tell.
    """

    nats: Float[np.ndarray, " t"]
    means: Float[np.ndarray, " t"]
    deviations: Float[np.ndarray, " t"]
    offsets: Int[np.ndarray, " ends"]
    counts: Mapping[str, Int[np.ndarray, " n"]]
    keys: tuple[str, ...] = ()
    facts: Mapping[str, int | float | str] = field(default_factory=dict)
    ranks: Int[np.ndarray, " t"] | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True, eq=False)
class ShadowLogProbs:
    """Log-probabilities (nats) of whole items by a model, and by others like it that learned from parts of the items.

    nats: [n] by the model itself. shadows: [k n] by the k others. inside: [k n] true where one learned from the item.
    counts: units of each item, as those of `LogProbs`.
    """

    nats: Float[np.ndarray, " n"]
    shadows: Float[np.ndarray, "k n"]
    inside: Bool[np.ndarray, "k n"]
    counts: Mapping[str, Int[np.ndarray, " n"]]
    keys: tuple[str, ...] = ()

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
    probabilities: the annotator's own, one row per item summing to 1, where it has them.
    """

    labels: Int[np.ndarray, " n"]
    names: tuple[str, ...]
    confusion: Int[np.ndarray, "k k"] | None = None
    keys: tuple[str, ...] = ()
    probabilities: Float[np.ndarray, "n k"] | None = None

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Labels:
    """The groups that a dataset says its items are of: labels [n] index into names. In the roles of the data only."""

    labels: Int[np.ndarray, " n"]
    names: tuple[str, ...]
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Declared:
    """What the file of each item says of where the item comes from; said, not proved: no signature is checked.

    manifests: [n] true where a C2PA manifest is present. sources: its IPTC digital source type, the last part of the
    URI; "" where none is. unread: why a file could not be read for this; "" where it could.
    """

    manifests: Bool[np.ndarray, " n"]
    sources: tuple[str, ...]
    unread: tuple[str, ...]
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.manifests)


@dataclass(frozen=True, eq=False)
class Texts:
    """Items as readable strings (outputs of a text model, rendered rows, SMILES ...)."""

    texts: tuple[str, ...]
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, eq=False)
class Variants:
    """Items as readable strings, and each as it reads spoiled in named ways: spoiled[c][i] is texts[i] by names[c]."""

    texts: tuple[str, ...]
    spoiled: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]
    severity: int
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


@dataclass(frozen=True, eq=False)
class Aligned:
    """Outputs and the words they were asked for with, embedded in one space: row i of `t` asked for row i of `x`."""

    x: Float[np.ndarray, "n d"]
    t: Float[np.ndarray, "n d"]
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, eq=False)
class Sweep:
    """Features of inputs that were spoiled in named ways at growing severities, and of what the model made of them.

    inputs / outputs: [c s n d], by name, severity and item. clean_inputs / clean_outputs: of the same items untouched.
    """

    inputs: Float[np.ndarray, "c s n d"]
    outputs: Float[np.ndarray, "c s n e"]
    clean_inputs: Float[np.ndarray, "n d"]
    clean_outputs: Float[np.ndarray, "n e"]
    names: tuple[str, ...]
    severities: tuple[int, ...]
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.clean_outputs)


@dataclass(frozen=True, eq=False)
class Marked:
    """What the detector of an invisible mark says of items: standard normal where there is no mark.

    unmarked: [k n], items as they are, under k keys; the first is the key of the mark. marked: [n], after the lens has
    marked them. spoiled: [c s n], after they were then spoiled in named ways at growing severities. visible: [n], how
    far the mark moved each item, as root mean square in shares of the range of its values.
    """

    unmarked: Float[np.ndarray, "k n"]
    marked: Float[np.ndarray, " n"]
    spoiled: Float[np.ndarray, "c s n"]
    visible: Float[np.ndarray, " n"]
    names: tuple[str, ...]
    severities: tuple[int, ...]
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.marked)


@dataclass(frozen=True, eq=False)
class Remakes:
    """How far the model's own version of each item lies from it: errors [n], root mean squares in shares of the range.

    how: what was done to find that version, such as "encoded and decoded".
    """

    errors: Float[np.ndarray, " n"]
    how: str = ""
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.errors)


@dataclass(frozen=True, eq=False)
class Paths:
    """How fast outputs change on the way from one latent to another, as a lens sees them, by latent space; n ways.

    speeds: [2 n], |f(t + step) - f(t)|^2 / step^2 on way i, in features f of outputs that nobody rounded: row 0 at the
    beginning, t = 0, row 1 at a random t. legs: [n k], squared distances of features from one of k + 1 evenly spaced
    places to the next. ends: [n], of one end to the other. coarse: [c], row 1 of the first c ways once more, at ten
    times the step: as long where ways are smooth, shorter by far where what a step changes is rounding.
    """

    speeds: Mapping[str, Float[np.ndarray, "2 n"]]
    legs: Mapping[str, Float[np.ndarray, "n k"]]
    ends: Mapping[str, Float[np.ndarray, " n"]]
    coarse: Mapping[str, Float[np.ndarray, " c"]]
    step: float
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return min((len(ends) for ends in self.ends.values()), default=0)


@dataclass(frozen=True, eq=False)
class Truncations:
    """Outputs for the same latents, each drawn towards the average one to psi times its distance: features [p n d].

    psis: [p], the first of them 1: nothing is drawn in. labels: [p n], index of the class that the lens sees in each;
    None where it names none.
    """

    x: Float[np.ndarray, "p n d"]
    psis: tuple[float, ...]
    labels: Int[np.ndarray, "p n"] | None = None
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.x.shape[1])


@dataclass(frozen=True)
class Part:
    """What a stage used of one component.

    component: "cpu", "gpu" or "ram". method: "counter", "sampled" or "model". low / high bound the joules. idle: of the
    joules, those that the machine would have drawn doing nothing; None where nobody knows.
    """

    component: str
    method: str
    joules: float
    low: float
    high: float
    idle: float | None = None


@dataclass(frozen=True)
class Stage:
    """What one stage of work used.

    seconds: wall time. cpu_seconds: this process's CPU time. joules: None where nothing could be measured or
    modelled; low / high bound it. method: of its parts, such as "counter+model", or "none". samples: items produced,
    if any. cached: the work was done in an earlier run and its record kept. parts: the joules by component. hours: the
    joules by hour, each hour in UTC as 2026-01-02T03, in order.
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
    parts: tuple[Part, ...] = ()
    hours: tuple[tuple[str, float], ...] = ()

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Stage:
        """A stage from its plain values, as JSON holds them."""
        parts = tuple(Part(**part) for part in plain.get("parts", ()))
        hours = tuple((str(hour), float(joules)) for hour, joules in plain.get("hours", ()))
        return cls(**{**plain, "parts": parts, "hours": hours})


@dataclass(frozen=True)
class Energy:
    """What a model has used, stage by stage, what evaluating it has used beside, and the grid it ran on.

    stages: the model's own ("train", "sample", "score"). evaluation: the instrument's for this model ("look", "probe",
    "resample"). grams_co2e_per_kwh: carbon intensity, None where the country is unknown; grid: its source. hourly:
    where intensity is known by the hour, grams per kWh of each hour that the stages name and the source knows. pue:
    what the building draws for each joule of its computers; None where nobody said.
    """

    stages: tuple[Stage, ...]
    evaluation: tuple[Stage, ...] = ()
    grams_co2e_per_kwh: float | None = None
    grid: str = "unknown"
    hourly: Mapping[str, float] | None = None
    pue: float | None = None
    elsewhere: str = ""


KINDS: tuple[type, ...] = (
    Features, LogProbs, TokenLogProbs, ShadowLogProbs, Fingerprints, Annotations, Labels, Texts, Variants, Arrays,
    Pairs, Choices, Completions, Dialogues, Energy,
    Prompts, Aligned, Sweep, Marked, Remakes, Paths, Truncations, Declared,
)  # fmt: skip
