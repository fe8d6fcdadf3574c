"""A search for a few tokens whose swap does the most, led by the gradient and judged by the text that results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from genbench.core.errors import ControlFailed
from genbench.core.evidence import Rng
from genbench.core.model import Swappable

CANDIDATES = 8  # swaps that are tried at each step
BEST = 16  # tokens of a place that a search for a suffix draws from
TRIES = 4  # draws for one swap whose text is read back as it was made
DEAD = 0.05  # share of texts with a zero gradient from which an attack cannot be trusted
AHEAD = 2.0  # standard errors by which the swaps that a gradient names must outdo random ones, one by one
SUCCEEDS = 0.9  # share of texts on which an attack with more swaps must get further


@dataclass(frozen=True, eq=False)
class Held:
    """One text under attack: its tokens [t], the places that may yet be swapped, and log p of what follows."""

    tokens: Int[np.ndarray, " t"]
    open: Bool[np.ndarray, " t"]
    nats: float


@dataclass(frozen=True, eq=False)
class Search:
    """Makes what follows each text more likely (sign 1) or less (sign -1), one swap of a token at a time.

    after: what follows each text. once: a place is swapped once at most, so that steps count swaps (HotFlip); else a
    place may be swapped again, and candidates are drawn among the best of a place (greedy coordinate gradient).
    """

    model: Swappable
    after: tuple[str, ...]
    sign: float
    once: bool
    swaps: Int[np.ndarray, " v"] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "swaps", self.model.swaps())

    def nats(self, texts: Sequence[str], which: Sequence[int]) -> Float[np.ndarray, " n"]:
        """log p of what follows, where text k stands before `after[which[k]]`."""
        if not texts:
            return np.empty(0)
        return np.asarray(self.model.log_prob_given(list(texts), [self.after[i] for i in which]).nats, dtype=np.float64)

    def begin(self, tokens: Sequence[Int[np.ndarray, " _"]], suffix: int = 0) -> list[Held]:
        """Texts as they are; with `suffix`, only their last tokens may be swapped."""
        nats = self.nats(self.model.texts_of(tokens), range(len(tokens)))
        held = []
        for own, said in zip(tokens, nats.tolist(), strict=True):
            places = np.isin(own, self.swaps)
            places[: len(own) - suffix if suffix else 0] = False
            held.append(Held(own, places, said))
        return held

    def slopes(self, held: Sequence[Held]) -> list[Float[np.ndarray, "_ v"]]:
        return self.model.swap_gradients([one.tokens for one in held], list(self.after))

    def run(self, held: Sequence[Held], steps: int, rng: Rng) -> list[Held]:
        """Each step takes the best of the candidates, or none where none does more than nothing."""
        now = list(held)
        for _ in range(steps):
            named = [self._named(one, slope, rng) for one, slope in zip(now, self.slopes(now), strict=True)]
            now = self._best(now, named)
        return now

    def _named(self, one: Held, slope: Float[np.ndarray, "_ v"], rng: Rng) -> list[tuple[int, int]]:
        """(place, token) of the swaps that do most to first order: sign (g[new] - g[old])."""
        places = np.flatnonzero(one.open)
        if len(places) == 0:
            return []
        stands = one.tokens[places][:, None] == self.swaps[None]  # [p v]
        gain = self.sign * (slope[places] - slope[places][stands][:, None])
        gain[stands] = -np.inf
        if self.once:
            best = gain.argmax(axis=1)
            order = np.argsort(-gain[np.arange(len(places)), best], kind="stable")[:CANDIDATES]
            return [(int(places[p]), int(self.swaps[best[p]])) for p in order]
        tokens = np.argsort(-gain, axis=1)[:, :BEST]
        drawn = rng.integers(len(places), size=CANDIDATES)
        return [(int(places[p]), int(self.swaps[tokens[p, rng.integers(tokens.shape[1])]])) for p in drawn]

    def tried(self, held: Sequence[Held], named: Sequence[Sequence[tuple[int, int]]]) -> list[list[Held]]:
        """What each candidate makes of its text; those whose text is not read back as its tokens are left out."""
        made, which = [], []
        for i, (one, swaps) in enumerate(zip(held, named, strict=True)):
            for place, token in swaps:
                tokens, places = one.tokens.copy(), one.open.copy()
                tokens[place], places[place] = token, not self.once
                made.append(replace(one, tokens=tokens, open=places))
                which.append(i)
        texts = self.model.texts_of([one.tokens for one in made])
        read = self.model.tokens_of(texts)
        kept = [k for k, own in enumerate(read) if np.array_equal(own, made[k].tokens)]
        nats = self.nats([texts[k] for k in kept], [which[k] for k in kept])
        found: list[list[Held]] = [[] for _ in held]
        for k, said in zip(kept, nats.tolist(), strict=True):
            found[which[k]].append(replace(made[k], nats=said))
        return found

    def _best(self, held: Sequence[Held], named: Sequence[Sequence[tuple[int, int]]]) -> list[Held]:
        return [
            max([one, *made], key=lambda each: self.sign * each.nats)
            for one, made in zip(held, self.tried(held, named), strict=True)
        ]

    def at_random(self, held: Sequence[Held], swaps: int, rng: Rng) -> list[Held]:
        """As many swaps of open places by chance, whatever they do."""
        now = list(held)
        for _ in range(swaps):
            drawn = [[self._drawn(one, rng) for _ in range(TRIES)] if one.open.any() else [] for one in now]
            now = [made[0] if made else one for one, made in zip(now, self.tried(now, drawn), strict=True)]
        return now

    def _drawn(self, one: Held, rng: Rng) -> tuple[int, int]:
        place = int(rng.choice(np.flatnonzero(one.open)))
        others = self.swaps[self.swaps != one.tokens[place]]
        return place, int(rng.choice(others))

    def trusted(self, held: Sequence[Held], clean: Float[np.ndarray, " n"], rng: Rng) -> None:
        """`ControlFailed` where budget 0 does something, or the gradient is not finite, dead, or leads nowhere."""
        untouched = np.array([one.nats for one in self.run(held, 0, rng)])
        slopes = self.slopes(held)
        if not (np.isfinite(untouched).all() and all(np.isfinite(slope).all() for slope in slopes)):
            raise ControlFailed("a log-probability or its gradient is not finite")
        if not np.allclose(untouched, clean, rtol=1e-4, atol=1e-3):
            raise ControlFailed(
                "an attack with budget 0 changed log p: it is random, or tokens do not spell the text they were read "
                "from, so an effect cannot be told from chance"
            )
        dead = float(np.mean([not slope[one.open].any() for one, slope in zip(held, slopes, strict=True)]))
        if dead > DEAD:
            raise ControlFailed(f"dead gradient: it is zero for {dead:.0%} of the texts, so no attack can be trusted")
        led = self.tried(held, [self._named(one, slope, rng) for one, slope in zip(held, slopes, strict=True)])
        blind = self.tried(held, [[self._drawn(one, rng) for _ in range(CANDIDATES)] for one in held])
        ahead = np.array(
            [
                self.sign * (np.mean([one.nats for one in a]) - np.mean([one.nats for one in b]))
                for a, b in zip(led, blind, strict=True)
                if a and b
            ]
        )
        if len(ahead) < 2 or ahead.mean() <= AHEAD * ahead.std(ddof=1) / np.sqrt(len(ahead)):
            raise ControlFailed(
                "the swaps that the gradient names do no more than random ones: it is masked, and a search without it "
                "would have to be far longer"
            )


def beaten(
    random: Float[np.ndarray, " n"], attacked: Float[np.ndarray, " n"], further: Float[np.ndarray, " n"]
) -> None:
    """Refuses an attack that chance equals, or that has nothing to gain from more swaps; log p [n], lower is worse."""
    if attacked.mean() >= random.mean() or (attacked < random).mean() <= 0.5:
        raise ControlFailed("the attack does no more than as many random swaps: its result would mean nothing")
    if (share := float((further < attacked).mean())) < SUCCEEDS:
        raise ControlFailed(
            f"with three times the swaps the attack gets further on {share:.0%} of the texts only: the search is broken"
        )
