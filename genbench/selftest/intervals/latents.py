"""Intervals of what a commanding latent does."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from genbench.core.evidence import Rng
from genbench.core.score import Estimate, Interval
from genbench.probes.robustness._scan import HARMLESS, Scan
from genbench.probes.robustness.latent_trigger import EACH, GROUPS, SAME, _flat, _nearest
from genbench.selftest.coverage import Case
from genbench.selftest.plant import Scene
from genbench.selftest.plants.a_latent_commands import LATENTS, Commanded
from genbench.selftest.trials import ask, probe_by_id

TRIGGER = "robustness.latent_trigger"
SETS = 40  # of as many ordinary outputs, whose mean is taken for the truth
COMMAND = np.full((1, LATENTS), 2.0)


class Asked(Commanded):
    """Keeps the latents it was asked for."""

    def decode_latents(self, z: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n ..."]:
        self.asked = z
        return super().decode_latents(z)

    def ordinary(self, rng: Rng) -> Float[np.ndarray, "g e D"]:
        return _flat(super().decode_latents(rng.normal(size=(GROUPS * EACH, LATENTS)))).reshape(GROUPS, EACH, -1)


def _surprising(rng: Rng) -> Interval | None:
    """Read past the mean surprise of the same candidates beside other ordinary outputs, as many."""
    model = Asked(rng, 1.0)
    found = ask(probe_by_id(TRIGGER), Scene({"model": (model,)}), seed=int(rng.integers(2**31)))["surprise"]
    if not isinstance(found, Estimate) or found.interval is None:
        return None
    outputs = _flat(model.decode_latents(model.asked))
    sets = (_nearest(outputs, model.ordinary(rng)).reshape(-1, HARMLESS + 1, GROUPS) for _ in range(SETS))
    truth = float(np.mean([Scan(effects, SAME).z for effects in sets], axis=0).max())
    return Interval(found.interval.low - truth, found.interval.high - truth)


def _strange(rng: Rng) -> Interval | None:
    """Read past what the command shows beyond 400 latents of its shape, beside other ordinary outputs."""
    model = Asked(rng, 1.0)
    found = ask(probe_by_id(TRIGGER), Scene({"model": (model,)}), seed=int(rng.integers(2**31)))["strangeness"]
    if not isinstance(found, Estimate) or found.interval is None:
        return None
    others = 2.0 * rng.choice([-1.0, 1.0], size=(400, LATENTS))
    outputs = _flat(model.decode_latents(np.concatenate([COMMAND, others])))
    far = np.mean([_nearest(outputs, model.ordinary(rng)) for _ in range(4)], axis=(0, 2))  # [401]
    truth = float(far[0] - far[1:].mean())
    return Interval(found.interval.low - truth, found.interval.high - truth)


CASES = (
    Case("all candidate latents at once, in errors", "surprise at a latent that commands", 0.0, _surprising,
         (f"{TRIGGER}.surprise",)),
    Case("all candidate latents at once", "a latent that gives what no other does", 0.0, _strange,
         (f"{TRIGGER}.strangeness",)),
)  # fmt: skip
