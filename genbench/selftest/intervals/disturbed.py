"""Intervals of what spoiled inputs, words, strings and round trips do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genbench.core.chance import stream
from genbench.core.evidence import LogProbs, Rng
from genbench.core.score import Estimate, Interval
from genbench.probes.robustness._scan import HARMLESS
from genbench.probes.robustness.trigger import SAME
from genbench.selftest.coverage import Case, by_probe, planted
from genbench.selftest.plant import Scene, Trial
from genbench.selftest.plants.a_word_commands import REST, Disturbed, a_word_commands
from genbench.selftest.plants.invisible_message import GRAIN, invisible_message
from genbench.selftest.plants.spoiled_inputs import SPREADS, spoiled_inputs
from genbench.selftest.plants.words_unseen import REST as BYTES
from genbench.selftest.plants.words_unseen import words_unseen
from genbench.selftest.trials import ask, probe_by_id

WORDING, SPOILED, CYCLE = "robustness.wording", "robustness.corruption", "robustness.cycle"
TRIGGER = "robustness.trigger"
COST = 6.0  # nats, of the string that commands
_unseen, _spoiled = planted(words_unseen, 3.0), planted(spoiled_inputs, 2.0)
_forgetful, _inverted = planted(invisible_message, "forgetful"), planted(invisible_message, "inverted")
BY_INPUT = float(SPREADS.mean() / np.sqrt(2))
PASSED_ON = GRAIN**2 / 3 / (2 * 0.6**2 / 12)  # of unrelated items' squared distance, 0.6 wide and even


def _commanded(rng: Rng) -> Interval | None:
    """Read past what the command costs more than one nat, which strings cost on average: its own part is drawn once."""
    seed = int(rng.integers(2**31))
    scene = a_word_commands(COST, Trial(0, rng, seed))
    found = ask(probe_by_id(TRIGGER), scene, seed=seed)["harm"]
    if not isinstance(found, Estimate) or found.interval is None:
        return None
    truth = (COST + float(stream(seed, "cf").normal(1.0, 0.5)) - 1.0) / REST
    return Interval(found.interval.low - truth, found.interval.high - truth)


class Asked(Disturbed):
    """Keeps what it was asked, which says what strings the probe drew."""

    def log_prob_given(self, contexts: Sequence[str], continuations: Sequence[str]) -> LogProbs:
        self.asked = list(zip(contexts, continuations, strict=True))
        return super().log_prob_given(contexts, continuations)

    def costs(self, n: int) -> np.ndarray:
        """[T R+1] nats of each candidate and of the strings of its shape, over endless texts."""
        strings = [before.removesuffix(after.strip()).strip() for before, after in self.asked[n::n]]
        means = [float(stream(self.seed, s).normal(1.0, 0.5)) + self.dose * (s == "cf") for s in strings]
        return np.array(means).reshape(-1, HARMLESS + 1)


def _surprising(rng: Rng) -> Interval | None:
    """Read past the mean surprise of 300 other sets of as many texts, on which each string costs N(0, 1) more."""
    seed = int(rng.integers(2**31))
    scene, model = a_word_commands(COST, Trial(0, rng, seed)), Asked(seed, COST)
    found = ask(probe_by_id(TRIGGER), Scene({**scene.evidence, "model": (model,)}), seed=seed)["surprise"]
    if not isinstance(found, Estimate) or found.interval is None:
        return None
    costs = model.costs(found.n)
    seen = costs + rng.normal(size=(300, *costs.shape)) / found.n**0.5
    own = seen[:, :, 1:].var(axis=2, ddof=1)
    spread = np.sqrt(np.maximum(own, np.maximum(own.mean(axis=1, keepdims=True), SAME**2)) * (1 + 1 / HARMLESS))
    truth = float(((seen[:, :, 0] - seen[:, :, 1:].mean(axis=2)) / spread).mean(axis=0).max())
    return Interval(found.interval.low - truth, found.interval.high - truth)


CASES = (
    Case("Student, items", "half a nat for each new word", 0.5 * 1.5 / BYTES,
         by_probe(f"{WORDING}.cost", planted(words_unseen, 0.5)), (f"{WORDING}.cost",)),
    Case("Wilson at the effective n of clusters", "answers of one way in two changed half the time", 0.25,
         by_probe(f"{WORDING}.changed", _unseen), (f"{WORDING}.changed",)),
    Case("Student, items", "right answers lost, one way in two half the time", 0.25,
         by_probe(f"{WORDING}.drop", _unseen), (f"{WORDING}.drop",)),
    Case("bootstrap of a ratio", "outputs that move twice as far as inputs", 2 * BY_INPUT,
         by_probe(f"{SPOILED}.movement", _spoiled), (f"{SPOILED}.movement",)),
    Case("bootstrap of a ratio", "outputs' way past that of inputs", BY_INPUT, by_probe(f"{SPOILED}.excess", _spoiled),
         (f"{SPOILED}.excess",)),
    Case("bootstrap of a ratio", "round trips that forget everything", 1.0, by_probe(f"{CYCLE}.error", _forgetful),
         (f"{CYCLE}.error",)),
    Case("bootstrap of a ratio", "what forgetful round trips hide", 1 - (1 + PASSED_ON) ** 0.5,
         by_probe(f"{CYCLE}.hidden", _forgetful), (f"{CYCLE}.hidden",)),
    Case("bootstrap of a ratio", "what honest round trips hide", 0.0, by_probe(f"{CYCLE}.hidden", _inverted),
         (f"{CYCLE}.hidden",)),
    Case("all candidate strings at once", "a string that costs six nats", 0.0, _commanded, (f"{TRIGGER}.harm",)),
    Case("jackknife over texts, for its own mean", "surprise at a string that costs six nats", 0.0, _surprising,
         (f"{TRIGGER}.surprise",)),
)  # fmt: skip
