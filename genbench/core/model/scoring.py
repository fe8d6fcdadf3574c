"""Finding what items are worth: log-probabilities and losses, in nats, and their gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from genbench.core.data import Item, Pair
from genbench.core.evidence import LogProbs, ShadowLogProbs, TokenLogProbs, Verdicts


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
    """A density, or discriminator, with others like it beside it that each learned from a part of the items alone."""

    def shadow_log_probs(self, items: Sequence[Item]) -> ShadowLogProbs: ...


@runtime_checkable
class Discriminates(Protocol):
    """Keeps the discriminator it learned against: how real that holds each item, whatever stands beside it."""

    def discriminate(self, items: Sequence[Item]) -> Verdicts: ...


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
class Encodes(Protocol):
    """Reads a latent in continuous inputs x within the range of `Arrays`, and tells how the input moves it.

    encode_latents: (mean [n d], deviation [n d]) of the latents it holds possible; deviation 0 where it holds but one.
    latent_distance: |mean(x) - z|^2 [n], and its gradient at x.
    """

    def encode_latents(
        self, x: Float[np.ndarray, "n ..."]
    ) -> tuple[Float[np.ndarray, "n d"], Float[np.ndarray, "n d"]]: ...

    def latent_distance(
        self, x: Float[np.ndarray, "n ..."], z: Float[np.ndarray, "n d"]
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n ..."]]: ...
