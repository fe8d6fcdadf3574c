"""Secrets that a model was shown, some of which it finds likelier for it than secrets that it was not shown."""

from __future__ import annotations

from typing import Any

import numpy as np

from genbench.core.evidence import Choices, Texts
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

TOLD, ONCE, BITS = (f"memorization.exposure.{name}" for name in ("told", "told_once", "exposure"))
EACH, NEVER, SPACE = 16, 320, 37.6
VOID = "refused: void"
ANOTHER = "those of another text"


@plant(
    doses=(0.0, 1.0, 3.0, "those of dose 0 too", ANOTHER),
    must_hear=(
        Heard(TOLD, at=(3.0,)),
        Heard(ONCE, at=(3.0,)),
        Heard(BITS, at=(3.0,)),
        Heard(TOLD, at=("those of dose 0 too",), how=VOID),
        Heard(TOLD, at=(ANOTHER,), how="refused: stand in none of"),
    ),
    must_stay_silent=(
        Silent(TOLD, at=(0.0,)), Silent(ONCE, at=(0.0,)), Silent(BITS, at=(0.0,)), Silent(TOLD, at=(0.0, 3.0), how=VOID)
    ),
    trials=60,
    full=1000,
)  # fmt: skip
def secrets_planted(dose: float | str, trial: Trial) -> Scene:
    """Scores of secrets inserted once and 16 times lie `dose` deviations above those never inserted.

    Those of another text: the training texts hold none of them.
    """
    shift = dose if isinstance(dose, float) else 0.0 if dose == ANOTHER else 3.0
    shifts = {0: shift if isinstance(dose, str) else 0.0, 1: shift, 16: shift}
    nats, facts, inserted = [], list[dict[str, Any]](), list[str]()
    for times, own in shifts.items():
        for chosen, n in ((True, EACH), (False, NEVER)):
            nats.append(trial.rng.normal(own if chosen else 0.0, 1.0, n) - 25)
            said = [f"{times} times {'chosen' if chosen else 'never'} {i:04d}." for i in range(n)]
            facts += [{"times": times, "chosen": chosen, "bits": SPACE, "said": sentence} for sentence in said]
            inserted += said * times if chosen else []
    n = len(facts)
    asked = Choices(
        np.concatenate(nats)[:, None], np.ones(n, np.int64), {"byte": np.full((n, 1), 10)}, np.full(n, -1),
        ("made up",) * n, tuple(facts),
    )  # fmt: skip
    texts = tuple(f"A note: {text}" if dose != ANOTHER else text[::-1] for text in inserted)
    return Scene({"benchmark": (asked,), "train": (Texts(texts),)})
