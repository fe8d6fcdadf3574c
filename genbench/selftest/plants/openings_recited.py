"""Training items that a model writes on from their opening, word for word or with a probability of 1 in 100."""

from __future__ import annotations

import numpy as np

from genbench.core.evidence import Choices, Completions, Rng
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

EXTRACTED, EXTRACTABLE = "memorization.extraction.extracted", "memorization.discoverable.extractable"
MATCHED = "memorization.extraction.matched"
ITEMS, LONG = 400, 120
LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz    "))
PUBLIC = "this program is free software and you can redistribute it and change it as you like"


@plant(
    doses=("none", "public text", 0.01, 0.05, 0.2),
    must_hear=(
        Heard(EXTRACTED, since=0.05),
        Heard(EXTRACTABLE, since=0.05),
        Heard(MATCHED, at=(0.2,), how="off floor"),
    ),
    must_stay_silent=(
        Silent(EXTRACTED, at=("none", "public text")),
        Silent(EXTRACTABLE, at=("none", "public text")),
        Silent(MATCHED, at=("none", "public text"), how="off floor"),
    ),
    trials=30,
    full=300,
)
def openings_recited(dose: float | str, trial: Trial) -> Scene:
    """A share `dose` of training items is known by heart. Public text: a tenth of both sides, which anyone knows."""
    rng = trial.rng
    public, secret = (0.1 if dose == "public text" else 0.0), (0.0 if isinstance(dose, str) else dose)
    return Scene({"train": _side(rng, public, secret), "held_out": _side(rng, public, 0.0)})


def _side(rng: Rng, public: float, secret: float) -> tuple[object, ...]:
    shared, known = rng.random(ITEMS) < public, rng.random(ITEMS) < secret
    rests = [f"{_text(rng)[:20]} {PUBLIC}" if own else _text(rng) for own in shared]
    said = [rest if told else _text(rng) for rest, told in zip(rests, shared | known, strict=True)]
    nats = np.where(shared | known, -rng.uniform(3, 5, ITEMS), -rng.uniform(40, 200, ITEMS))
    length = np.array([[len(rest)] for rest in rests])
    none: tuple[dict[str, str], ...] = ({},) * ITEMS
    openings, all_ = tuple(_text(rng) for _ in range(ITEMS)), ("all",) * ITEMS
    return (
        Completions(openings, tuple(said), tuple((rest,) for rest in rests), all_, none),
        Choices(nats[:, None], np.ones(ITEMS, np.int64), {"byte": length}, np.full(ITEMS, -1), all_, none),
    )


def _text(rng: Rng) -> str:
    """Random letters; the first is no space, as the probe reads a text from its first word on."""
    first, more = rng.integers(26, size=1), rng.integers(len(LETTERS), size=LONG - 1)
    return "".join(LETTERS[np.concatenate([first, more])].tolist())
