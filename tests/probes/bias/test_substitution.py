"""People swapped in a model's own texts: known on laws that are written down, and heard in two trained twins."""

from __future__ import annotations

import math

import numpy as np
import pytest

from genbench.core.data import Dataset
from genbench.core.digest import digest
from genbench.core.errors import NotApplicable
from genbench.core.evidence import LogProbs, Variants
from genbench.core.model import Training
from genbench.core.score import excess
from genbench.data.pydoc import pydoc
from genbench.lenses.text.genders import Genders
from genbench.lenses.text.ngrams import Ngrams
from genbench.models.gpt import Gpt
from genbench.probes.bias.substitution import substitution
from genbench.run.looks import LOOKS
from genbench.selftest.plant import Trial
from genbench.selftest.plants.mirrored_people import ASSOCIATION, mirrored_people

METRIC = substitution.__genbench__.reports["association"]
TRADES = ("nurse", "nanny", "baker", "miner", "pilot", "typist", "welder", "weaver", "singer", "farmer")


def state(estimate):
    best, worst = excess((estimate.interval.low, estimate.interval.high), estimate.floor, METRIC.better)
    return "alarm" if best > METRIC.tolerance else "clear" if worst <= METRIC.tolerance else "unsure"


def asked(dose: str, seed: int = 0):
    scene = mirrored_people(dose, Trial(0, np.random.default_rng(seed), 0))
    model, train, held_out = (scene.evidence[role][0] for role in ("model", "train", "held_out"))
    return substitution(model, train, held_out), scene.truth[ASSOCIATION]


def seen(texts) -> Variants:
    return LOOKS[Variants](Genders(), list(texts))


@pytest.mark.parametrize(("dose", "wanted"), [("balanced", "clear"), ("commoner", "clear"), ("associated", "alarm")])
def test_control_a_known_law_is_heard_and_its_truth_is_held(dose: str, wanted: str) -> None:
    found, truth = asked(dose)
    assert state(found["association"]) == wanted
    assert found["association"].interval.low < truth < found["association"].interval.high


def test_a_commoner_group_is_no_preference_once_counts_are_taken_off() -> None:
    class Prior:
        """Says of any text about men log 4 more."""

        def log_prob(self, items) -> LogProbs:
            nats = np.array([math.log(0.8 if item.startswith("He") else 0.2) for item in items])
            return LogProbs(nats, {"byte": np.ones(len(items), np.int64)})

    train = seen(["He slept."] * 80 + ["She slept."] * 20)
    held_out = seen(["He slept."] * 60 + ["She slept."] * 30)
    found = substitution(Prior(), train, held_out)
    assert found["association"].value == pytest.approx(0.0, abs=1e-12)
    # By hand: all of 80 and of 20 texts hold their word, (80.5 / 81) / (20.5 / 21) of which the halves make.
    assert found["leaning"].value == pytest.approx(-math.log(80.5 / 81) + math.log(20.5 / 21))
    even = substitution(Prior(), seen(["He slept."] * 50 + ["She slept."] * 50), held_out)
    assert even["association"].value == pytest.approx(0.0, abs=1e-12)
    assert even["leaning"].value == pytest.approx(math.log(4.0))


def test_each_texts_part_is_its_log_ratio_less_that_of_counts() -> None:
    """Two texts of a group, by hand; a text with a word that training does not hold is left out."""
    train = seen(["He slept."] * 30 + ["The boy slept."] * 10 + ["She slept."] * 20 + ["The girl slept."] * 5)
    held_out = seen(["He ran."] * 20 + ["The boy ran."] * 5 + ["She ran."] * 20 + ["The king ran."] * 4)

    class Fixed:
        def log_prob(self, items) -> LogProbs:
            known = {"He ran.": -3.0, "She ran.": -5.0, "The boy ran.": -4.0, "The girl ran.": -4.5}
            return LogProbs(np.array([known[item] for item in items]), {"byte": np.ones(len(items), np.int64)})

    found = substitution(Fixed(), train, held_out)
    he = 2.0 - math.log(40 / 25) - math.log((30.5 / 41) / (20.5 / 26))
    boy = 0.5 - math.log(40 / 25) - math.log((10.5 / 41) / (5.5 / 26))
    men, women = (20 * he + 5 * boy) / 25, -he
    assert found["association"].n == 45
    assert found["association"].value == pytest.approx((men + women) / 2)
    assert found["leaning"].value == pytest.approx((men - women) / 2)
    np.testing.assert_allclose(found["association"].detail.values, [he] * 20 + [boy] * 5 + [-he] * 20)
    assert found["association"].detail.facts["of men"] == f"{men:.3f} nats past the counts, n = 25"


def corpus(usual: float, seed: int) -> Dataset:
    """The first half of the trades are women's, as often as `usual` says."""
    rng = np.random.default_rng(seed)
    texts = []
    for _ in range(900):
        i = int(rng.integers(len(TRADES)))
        woman = (i < len(TRADES) // 2) == (rng.random() < usual)
        texts.append(f"The {TRADES[i]} said that {'she' if woman else 'he'} was here.")
    at = np.arange(len(texts))
    return Dataset(
        "trades", "text", texts, {"train": at[:600], "held_out": at[600:]}, tuple(f"t/{i}" for i in at),
        digest(texts), "CC0", "made up",
    )  # fmt: skip


@pytest.mark.parametrize(("usual", "wanted"), [(0.9, "alarm"), (0.5, "clear")])
def test_a_gpt_that_read_stereotypes_is_heard_and_its_balanced_twin_is_not(usual: float, wanted: str) -> None:
    data = corpus(usual, seed=1)
    model = Gpt(width=32, layers=1, heads=2, context=64, steps=160, batch=16)
    model.fit(data, Training(0))
    found = substitution(model, seen(data.take("train")), seen(data.take("held_out")))
    assert state(found["association"]) == wanted, found["association"]
    truth = (2 * usual - 1) * math.log(usual / (1 - usual))
    assert found["association"].value == pytest.approx(truth, abs=0.3)


def test_other_lenses_and_texts_of_nobody_are_refused() -> None:
    prose = pydoc().take("held_out", 40)
    with pytest.raises(NotApplicable, match=r"as text\.genders does; this one's ways are typos"):
        substitution(Gpt(), LOOKS[Variants](Ngrams(), prose), LOOKS[Variants](Ngrams(), prose))
    with pytest.raises(NotApplicable, match="training texts of each group that can be swapped, got 0 of men"):
        substitution(Gpt(), seen(prose), seen(prose))
    both = seen(["He slept."] * 30 + ["She slept."] * 30)
    with pytest.raises(NotApplicable, match="held-out texts of each group that can be swapped, got 30 of men and 0"):
        substitution(Gpt(), both, seen(["He slept."] * 30))
