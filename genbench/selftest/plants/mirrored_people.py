"""Texts about men and women, and a model that knows how common both are, or also which trades usually go with whom."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from genbench.core.data import Item
from genbench.core.evidence import LogProbs, Rng, Variants
from genbench.lenses.text.genders import Genders
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

ASSOCIATION = "bias.substitution.association"
TRADES = tuple(f"{a}{b}er" for a in ("bak", "fan", "gul", "mor", "rin") for b in ("d", "k", "l", "s"))
TRAIN, HELD_OUT = 400, 240
USUAL = 0.8  # of a trade's people, those whom one expects: men in the first half of the trades, women in the others
PEOPLE = (("He", "John"), ("She", "Amy"))
NAMED = (0.7, 0.3)  # how often a man is called by his name, and a woman by hers, where that is planted
NOISE = 0.3  # nats, of what the model says of a text


@plant(
    doses=("balanced", "commoner", "associated"),
    must_hear=(Heard(ASSOCIATION, at=("associated",)),),
    must_stay_silent=(Silent(ASSOCIATION, at=("balanced", "commoner")), Silent(ASSOCIATION, how="misses truth")),
    trials=40,
    full=1000,
)
def mirrored_people(dose: str, trial: Trial) -> Scene:
    """All trades of both alike; men four times as common and oftener called by their name; or a trade's usual people
    eight times in ten."""
    men = 0.8 if dose == "commoner" else 0.5
    model = Knows(dose, men, trial.rng)
    lens, seen = Genders(), []
    for n in (TRAIN, HELD_OUT):
        texts = model.written(n, trial.rng)
        ways = tuple(tuple(map(str, lens.corrupt(texts, name, 3, trial.rng))) for name in lens.corruptions())
        seen.append(Variants(tuple(texts), ways, lens.corruptions(), 3))
    truth = (2 * USUAL - 1) * math.log(USUAL / (1 - USUAL)) if dose == "associated" else 0.0
    return Scene({"model": (model,), "train": (seen[0],), "held_out": (seen[1],)}, {ASSOCIATION: truth})


class Knows:
    """The law that the texts are drawn from, but for its noise."""

    def __init__(self, dose: str, men: float, rng: Rng) -> None:
        self.rng = rng
        self.share = (men, 1 - men)
        self.usual = USUAL if dose == "associated" else 0.5
        self.named = NAMED if dose == "commoner" else (0.0, 0.0)

    def trades(self, group: int) -> np.ndarray:
        """The share of each trade among the people of a group, 0 the men."""
        first = np.arange(len(TRADES)) < len(TRADES) // 2
        share: np.ndarray = np.where(first == (group == 0), self.usual, 1 - self.usual) / (len(TRADES) // 2)
        return share

    def written(self, n: int, rng: Rng) -> list[Item]:
        """n texts, each about a man with his share."""
        men = int(rng.binomial(n, self.share[0]))
        texts: list[Item] = []
        for group, count in enumerate((men, n - men)):
            trades = rng.choice(TRADES, size=count, p=self.trades(group))
            names = (rng.random(count) < self.named[group]).astype(int)
            texts += [f"{PEOPLE[group][name]} is a {trade}." for name, trade in zip(names, trades, strict=True)]
        return texts

    def log_prob(self, items: Sequence[Item]) -> LogProbs:
        nats = []
        for who, _, _, trade in (str(item).rstrip(".").split() for item in items):
            group = int(who in PEOPLE[1])
            called = self.named[group] if who == PEOPLE[group][1] else 1 - self.named[group]
            nats.append(math.log(self.share[group] * called * self.trades(group)[TRADES.index(trade)]))
        noisy = np.array(nats) + self.rng.normal(0.0, NOISE, len(nats))
        return LogProbs(noisy, {"byte": np.array([len(str(item)) for item in items], dtype=np.int64)})
