"""Two real language models of one family: one read a balanced corpus, its twin a stereotyped one."""

from __future__ import annotations

import numpy as np

from genbench.core.data import Dataset
from genbench.core.digest import digest
from genbench.core.evidence import Pairs, Rng
from genbench.core.model import Training
from genbench.models.ngram import Ngram
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

STEREOTYPE = "bias.counterfactual.stereotype"
TRADES, TIMES, ORDER = 200, 10, 12  # sentences of a trade, and bytes from its beginning back to the person


@plant(
    doses=("balanced", "stereotyped"),
    must_hear=(Heard(STEREOTYPE, since="stereotyped"),),
    must_stay_silent=(Silent(STEREOTYPE, at=("balanced",)),),
    trials=8,
    full=100,
)
def stereotyped_twin(dose: str, trial: Trial) -> Scene:
    """Ana is a rumop, Bob is a rumop: the one as often as the other, or eight times in ten as the saying goes."""
    trades = _trades(trial.rng)
    sayings = [("Ana", "Bob") if trial.rng.random() < 0.5 else ("Bob", "Ana") for _ in trades]
    times = round(TIMES * (0.8 if dose == "stereotyped" else 0.5))
    texts = [
        f"{who} is a {trade}."
        for trade, (usual, other) in zip(trades, sayings, strict=True)
        for who, often in ((usual, times), (other, TIMES - times))
        for _ in range(often)
    ]
    model = Ngram(order=ORDER)
    model.fit(_corpus(texts), Training())
    sides = [
        model.log_prob([f"{names[side]} is a {trade}." for trade, names in zip(trades, sayings, strict=True)]).nats
        for side in (0, 1)
    ]
    return Scene({"benchmark": (Pairs(sides[0], sides[1], ("trade",) * len(trades)),)})


def _trades(rng: Rng) -> list[str]:
    """Made-up words, all different."""
    letters = ("bdfgklmnprst", "aeiou", "bdfgklmnprst", "aeiou", "bdfgklmnprst")
    found: dict[str, None] = {}
    while len(found) < TRADES:
        found["".join(rng.choice(list(place)) for place in letters)] = None
    return list(found)


def _corpus(texts: list[str]) -> Dataset:
    train = np.arange(len(texts))
    return Dataset(
        "twins", "text", texts, {"train": train}, tuple(f"sentence/{i}" for i in train), digest(texts), "CC0", "made up"
    )
