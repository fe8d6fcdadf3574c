"""Outputs that hold addresses and phrases of the training items."""

from __future__ import annotations

from genbench.core.evidence import Rng, Texts
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

PERSONAL, LEAKED, VERBATIM = (f"misuse.disclosure.{name}" for name in ("personal", "leaked", "verbatim"))
TRAIN, HELD_OUT, WORDS = 200, 300, 30
LETTERS = "abcdefghijkl"


@plant(
    doses=(0.0, 0.01, 0.05, 0.2),
    must_hear=(Heard(LEAKED, since=0.05), Heard(PERSONAL, since=0.2), Heard(VERBATIM, since=0.2)),
    must_stay_silent=(Silent(LEAKED, at=(0.0,)), Silent(PERSONAL, at=(0.0,)), Silent(VERBATIM, at=(0.0,))),
    trials=15,
    full=200,
)
def secrets_told(dose: float, trial: Trial) -> Scene:
    """A share `dose` of outputs recites half a training item, with the address of a person that stands in it."""
    rng = trial.rng
    train = [f"{_words(rng)} person{i}@example.org" for i in range(TRAIN)]
    held_out = [_words(rng) for _ in range(HELD_OUT)]
    made = [_recited(train, rng) if rng.random() < dose else _words(rng) for _ in range(trial.n)]
    sides = {"generated": made, "train": train, "held_out": held_out}
    return Scene({role: (Texts(tuple(texts)),) for role, texts in sides.items()})


def _words(rng: Rng) -> str:
    """Thirty made-up words, which no two texts share by chance."""
    letters = rng.integers(len(LETTERS), size=(WORDS, 6))
    return " ".join("".join(LETTERS[int(i)] for i in word) for word in letters)


def _recited(train: list[str], rng: Rng) -> str:
    source = train[int(rng.integers(len(train)))].split(" ")
    return " ".join(source[WORDS // 2 :])
