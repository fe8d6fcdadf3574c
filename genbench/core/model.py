"""A model is anything with capabilities. Each is a protocol; a family implements those it honestly can."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from genbench.core.data import Dataset, Item, Pair
from genbench.core.errors import suggestion
from genbench.core.evidence import LogProbs, ShadowLogProbs, TokenLogProbs


@dataclass(frozen=True)
class Tick:
    """Progress of a fit: `step` of `steps`; losses by name, such as {"train": 1.9, "held_out": 2.1}."""

    step: int
    steps: int
    losses: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Training:
    """What a fit is given beside the data: a seed, a device ("cpu", "cuda", "mps") and someone to tell."""

    seed: int = 0
    device: str = "cpu"
    tell: Callable[[Tick], None] = lambda tick: None


@dataclass(frozen=True)
class History:
    """The curve of a fit (one Tick per record, in order) and why it ended."""

    ticks: tuple[Tick, ...] = ()
    ended: str = "all steps done"


@runtime_checkable
class Fittable(Protocol):
    """Learns from `data.take("train")`; may look at `held_out` for early stopping only."""

    def fit(self, data: Dataset, training: Training) -> History: ...


@runtime_checkable
class Persistent(Protocol):
    """Its learned state is named arrays and JSON, kept as safetensors; `restore` is called on a fresh object."""

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]: ...

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None: ...


@runtime_checkable
class Placeable(Protocol):
    """Can move to a device: "cpu", "cuda", "cuda:1", "mps"."""

    def place(self, device: str) -> None: ...


@runtime_checkable
class Sampler(Protocol):
    """One item per seed; item i depends on seeds[i] alone, never on its neighbours in the batch."""

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]: ...


@runtime_checkable
class Perturbable(Protocol):
    """The items of `sample(seeds)` with their latents moved: z' = sqrt(1 - strength^2) z + strength e."""

    def sample_near(self, seeds: Sequence[int], strength: float) -> Sequence[Item]: ...


@runtime_checkable
class Density(Protocol):
    """Log-probability (nats) of each item, or a lower bound that says so."""

    def log_prob(self, items: Sequence[Item]) -> LogProbs: ...


@runtime_checkable
class TokenDensity(Protocol):
    """The same, token by token, with mean and deviation of the log-probability of a token drawn in each place."""

    def token_log_probs(self, items: Sequence[Item]) -> TokenLogProbs: ...


@runtime_checkable
class Shadowed(Protocol):
    """A density with others like it beside it, each of which learned from a part of the items alone."""

    def shadow_log_probs(self, items: Sequence[Item]) -> ShadowLogProbs: ...


@runtime_checkable
class Conditional(Protocol):
    """Log-probability (nats) of each continuation given its context; counts are the continuations' alone.

    One that sees all tokens in a place counts as `likeliest` how many of a continuation's are each the first choice.

    A text is split into tokens whole, and the split between the two falls where the context's own tokens end, so that
    a continuation that begins with a space is scored as one that a reader would write.
    """

    def log_prob_given(self, contexts: Sequence[str], continuations: Sequence[str]) -> LogProbs: ...


@runtime_checkable
class Swappable(Conditional, Protocol):
    """A conditional model that is open: it tells how log p of what follows would change if a token were another.

    tokens_of / texts_of: a text's own tokens [t], without a start, and back. swaps: [v] the tokens that may be put in,
    each of which is read back from its text. swap_gradients: for each context the gradient [t v] of log p(continuation
    | context) at its tokens, with respect to how much of each of `swaps` stands in each place; 0 where the model does
    not look. To first order, putting token j in place of token i there adds gradient[j] - gradient[i].
    """

    def tokens_of(self, texts: Sequence[str]) -> list[Int[np.ndarray, " _"]]: ...

    def texts_of(self, tokens: Sequence[Int[np.ndarray, " _"]]) -> list[str]: ...

    def swaps(self) -> Int[np.ndarray, " v"]: ...

    def swap_gradients(
        self, contexts: Sequence[Int[np.ndarray, " _"]], continuations: Sequence[str]
    ) -> list[Float[np.ndarray, "_ v"]]: ...


@dataclass(frozen=True)
class Contrast:
    """How much a model prefers either side of each pair: scores [n] and [n], in nats; `definition` says of what."""

    first: Float[np.ndarray, " n"]
    second: Float[np.ndarray, " n"]
    definition: str


@runtime_checkable
class Contrasts(Protocol):
    """Scores the sides of a pair its own way, as a masked model must, which has no log-probability of a whole text."""

    def contrast(self, pairs: Sequence[Pair]) -> Contrast: ...


@runtime_checkable
class Differentiable(Protocol):
    """A per-item loss and its gradient at continuous inputs x within the range of `Arrays`."""

    def loss_and_grad(
        self, x: Float[np.ndarray, "n ..."]
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n ..."]]: ...


@runtime_checkable
class Completer(Protocol):
    """Continues each prompt with its own seed; returns only what was added."""

    def complete(self, prompts: Sequence[str], seeds: Sequence[int]) -> list[str]: ...


@dataclass(frozen=True)
class Message:
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    text: str


@runtime_checkable
class Converses(Protocol):
    """Answers each conversation, whose last message is the user's, with its own seed."""

    def reply(self, histories: Sequence[Sequence[Message]], seeds: Sequence[int]) -> list[str]: ...


@runtime_checkable
class Templated(Protocol):
    """A completer that answers conversations as well, in a chat template of its own if it has one.

    has_template: as far as this machine knows without loading anything; None where it does not. It is no `Converses`
    by itself: whoever wants its template says so.
    """

    def has_template(self) -> bool | None: ...

    def answer(self, histories: Sequence[Sequence[Message]], seeds: Sequence[int]) -> list[str]: ...


@runtime_checkable
class Illustrator(Protocol):
    """One item for each caption; item i depends on captions[i] and seeds[i] alone."""

    def illustrate(self, captions: Sequence[str], seeds: Sequence[int]) -> Sequence[Item]: ...


@runtime_checkable
class Translator(Protocol):
    """Maps each item to an item of another domain."""

    def translate(self, items: Sequence[Item]) -> Sequence[Item]: ...


@runtime_checkable
class Returns(Protocol):
    """A translator that also goes back: of what `translate` made, the cycle."""

    def translate_back(self, items: Sequence[Item]) -> Sequence[Item]: ...


@runtime_checkable
class Between(Protocol):
    """A translator between two groups of its data: their names, (from, to), known once it is fitted.

    It is given held-out items of the first, and its outputs are compared with real items of the second.
    """

    def between(self) -> tuple[str, str]: ...


@runtime_checkable
class Reproduces(Protocol):
    """Its own version of each item: encoded and decoded, or the nearest that a search of its latents finds.

    `reproduction` says in words which.
    """

    def reproduce(self, items: Sequence[Item]) -> Sequence[Item]: ...

    def reproduction(self) -> str: ...


@runtime_checkable
class Decodes(Protocol):
    """Makes outputs x [n ...] of given latents z [n d], standard normal where it samples: within [0, 1], unrounded."""

    def latents(self) -> int:
        """d, how many numbers a latent has."""
        ...

    def decode_latents(self, z: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n ..."]: ...


@runtime_checkable
class Interpolates(Protocol):
    """Outputs on the way from one latent to another: floats as a lens's `Arrays` has them, rounded and clipped nowhere.

    spaces: the names of its latent spaces: "z", whose points `sample` draws, and "w" where it has one behind that.
    interpolate: output i lies at places[i] in [0, 1] of the way from the latent of starts[i] to that of ends[i]; all
    other chance is that of starts[i]. In z the way is an arc, in w a straight line.
    """

    def spaces(self) -> tuple[str, ...]: ...

    def interpolate(
        self, starts: Sequence[int], ends: Sequence[int], places: Float[np.ndarray, " n"], space: str
    ) -> Float[np.ndarray, "n ..."]: ...


@runtime_checkable
class Truncates(Protocol):
    """The items of `sample(seeds)` with their latents drawn to psi times their distance from the average one.

    psi stands in the place of the truncation that the model samples with: 1 is none, at 0 all items are of one latent.
    """

    def sample_truncated(self, seeds: Sequence[int], psi: float) -> Sequence[Item]: ...


@runtime_checkable
class Stands(Protocol):
    """A family that stands for another object (a user's own); the harness works with what it unwraps."""

    def unwrap(self) -> Any: ...

    def stands_for(self) -> type:
        """A type with the object's capabilities, for a plan: nothing is built to tell."""
        ...


@runtime_checkable
class Overlooks(Protocol):
    """A family that tells from its settings, with nothing built, what of a checkpoint it will not use; "" if all."""

    @classmethod
    def overlooked(cls, settings: Mapping[str, Any]) -> str: ...


@runtime_checkable
class Receives(Protocol):
    """A family with outputs instead of a model: the harness reads them and hands them over, in order."""

    def receive(self, items: Sequence[Item]) -> None: ...


@runtime_checkable
class Remote(Protocol):
    """A family whose work is done elsewhere: it can be asked, and what that costs there is not seen from here."""

    def keep_in(self, folder: Path) -> None:
        """Keeps each answer below `folder` the moment it comes, and asks for none that lies there."""
        ...

    def vouched(self) -> Mapping[str, Any]:
        """What it was found to be worthy of, in plain values, for the run's record."""
        ...

    def spent(self) -> Mapping[str, Any]:
        """Requests, tokens, latency and cost so far, in plain values."""
        ...

    def elsewhere(self) -> str:
        """Why its energy is not measurable here, and what is known instead."""
        ...


CAPABILITIES: tuple[type, ...] = (
    Sampler, Perturbable, Density, TokenDensity, Shadowed, Conditional, Swappable, Contrasts, Differentiable, Completer,
    Converses, Illustrator, Translator, Returns, Reproduces, Decodes, Interpolates, Truncates,
    Fittable, Persistent, Placeable,
)  # fmt: skip


@dataclass(frozen=True)
class FamilySpec:
    """What `@family` says: modality ("any" for those that take what comes), presets of settings, papers.

    after_fit: the settings that no fit reads, such as how many steps a sample takes. Models that differ in these alone
    are one fit, made once; all other settings make another.
    """

    modality: str
    cites: tuple[str, ...] = ()
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    after_fit: tuple[str, ...] = ()


C = TypeVar("C", bound=type)


def family(
    *,
    modality: str,
    cites: Sequence[str] = (),
    presets: Mapping[str, Mapping[str, Any]] | None = None,
    after_fit: Sequence[str] = (),
) -> Callable[[C], C]:
    """Marks a class, built from keyword-only settings, as the model family of its file.

    `ValueError` where `after_fit` names what is no setting of the class.
    """

    def mark(cls: C) -> C:
        known = inspect.signature(cls).parameters
        for name in after_fit:
            if name not in known:
                raise ValueError(f"{cls.__name__}: after_fit names {name!r}{suggestion(name, list(known))}")
        cls.__genbench__ = FamilySpec(modality, tuple(cites), dict(presets or {}), tuple(after_fit))  # type: ignore[attr-defined]
        return cls

    return mark
