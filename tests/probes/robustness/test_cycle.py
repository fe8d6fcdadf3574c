"""There and back: what returns is measured, and so is whether it returned by a message that nobody sees."""

import numpy as np
import pytest
import torch

from genbench.core.data import Dataset, Groups
from genbench.core.errors import ControlFailed, NotApplicable
from genbench.core.evidence import Arrays
from genbench.core.model import Training
from genbench.data.digits import digits
from genbench.lenses.image.pixels import Pixels
from genbench.models.cyclegan import Cyclegan
from genbench.probes.robustness.adversarial import adversarial
from genbench.probes.robustness.cycle import cycle

ROLES = ("source", "generated", "held_out", "cycled", "moved", "recycled")
GRAIN = 4 / 255


def scene(n=200, seed=0, *, there, back, d=40):
    """Evidence of a translator given as two functions; sources and targets are uniform in [0.2, 0.8]."""
    rng = np.random.default_rng(seed)
    x, real = 0.2 + 0.6 * rng.random((2, n, d))
    y = there(x, real)
    moved = y + rng.uniform(-GRAIN, GRAIN, y.shape)
    sides = (x, y, real, back(y, real), moved, back(moved, real))
    return [Arrays(side, 0.0, 1.0, tuple(f"{role}/{i}" for i in range(n))) for role, side in zip(ROLES, sides)]


def ask(sides, seed=0):
    return cycle(*sides, rng=np.random.default_rng(seed), resamples=150)


def inverted(y, real):
    return 1 - y


def hiding(x, real):
    return real + 0.004 * x


def seeking(y, real):
    return np.clip((y - real) / 0.004, 0, 1)


def test_truth_an_inverted_copy_comes_back_and_hides_nothing():
    found = ask(scene(there=inverted, back=inverted))
    assert found["error"].value == pytest.approx(0.0, abs=1e-9)
    assert found["error"].interval.high == pytest.approx(np.sqrt(3 / 200))
    assert found["hidden"].value == pytest.approx(0.0, abs=2e-3)  # A_x and A_y are two samples'
    assert found["hidden"].interval.high < 0.01


def test_truth_a_cycle_that_returns_another_item_has_error_one():
    rng = np.random.default_rng(1)
    found = ask(scene(n=2000, there=inverted, back=lambda y, real: 0.2 + 0.6 * rng.random(y.shape)))
    assert found["error"].value == pytest.approx(1.0, rel=0.01)
    assert found["error"].interval.low < 1.0 < found["error"].interval.high
    assert found["hidden"].interval.high < 0.1


def test_a_known_error_is_found_in_its_unit():
    """x + e with e of spread s lies s sqrt d off; two sources lie sqrt(2 d var) apart, var = 0.6^2 / 12."""
    rng = np.random.default_rng(2)
    found = ask(scene(n=3000, there=inverted, back=lambda y, real: 1 - y + 0.05 * rng.normal(size=y.shape)))
    assert found["error"].value == pytest.approx(0.05 / np.sqrt(2 * 0.6**2 / 12), rel=0.01)


def test_control_a_message_that_nobody_sees_is_heard_though_the_cycle_is_perfect():
    found = ask(scene(there=hiding, back=seeking))
    assert found["error"].value == pytest.approx(0.0, abs=1e-9)
    assert found["hidden"].interval.low > 0.5
    assert found["hidden"].detail.facts["error once translations were moved"] > 0.5
    first = found["hidden"].detail.exhibits[0]
    assert [item.role for item in first.items] == ["source", "generated", "recycled"]


def test_a_faint_but_collapsed_output_cannot_pass_for_an_honest_one():
    """Every translation is one image plus a whisper: measured by real items' distances, the whisper is none."""
    one = np.full(40, 0.5)
    found = ask(scene(there=lambda x, real: one + 0.004 * x, back=lambda y, real: np.clip((y - one) / 0.004, 0, 1)))
    assert found["hidden"].interval.low > 0.5


def test_the_intervals_cover_the_truth():
    """Noise of spread 0.1 on the way back; what was moved is passed on as it is, so nothing was hidden."""
    truth = {"error": 0.1 / np.sqrt(2 * 0.6**2 / 12), "hidden": 0.0}
    inside = dict.fromkeys(truth, 0)
    for seed in range(60):
        rng = np.random.default_rng(1000 + seed)
        found = ask(scene(60, seed, there=inverted, back=lambda y, real: 1 - y + 0.1 * rng.normal(size=y.shape)), seed)  # noqa: B023
        for name, estimate in found.items():
            inside[name] += estimate.interval.low <= truth[name] <= estimate.interval.high
    assert min(inside.values()) >= 51  # 95 % of 60, less 3.5 errors


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(NotApplicable, match="20 items of either domain, got 19 and 19"):
        ask(scene(19, there=inverted, back=inverted))
    same = [Arrays(np.ones((30, 4)), 0.0, 1.0) for _ in ROLES]
    with pytest.raises(ControlFailed, match="do not differ"):
        ask(same)


@pytest.fixture(scope="module")
def translator():
    """A small CycleGAN between digits and inverted digits, with its data."""
    torch.set_num_threads(1)
    data = digits()
    labels = np.arange(len(data.items)) % 2
    items = [255 - item if label else item for item, label in zip(data.items, labels)]
    two = Dataset("two", "image", items, data.splits, data.keys, "", "", "", Groups(labels, ("black", "white")))
    model = Cyclegan(breadth=8, blocks=1, steps=100, batch=12, identity=0.02, rate=2e-3)
    model.fit(two, Training(0))
    held_out = two.take("held_out")
    side = two.labels("held_out")
    return model, *([item for item, label in zip(held_out, side) if label == group] for group in (0, 1))


def test_a_real_translator_is_judged(translator):
    model, sources, targets = translator
    lens, rng = Pixels(), np.random.default_rng(0)
    y = model.translate(sources)
    moved = lens.coarsen(y, rng)
    items = (sources, y, targets, model.translate_back(y), moved, model.translate_back(moved))
    found = ask([lens.arrays(list(side)) for side in items])
    assert 0.02 < found["error"].value < 0.5
    assert found["hidden"].interval.high < 0.1  # domains of one content leave nothing to hide


def test_the_cycle_of_a_real_translator_can_be_attacked_at_its_sources(translator):
    model, sources, _ = translator
    found = adversarial(model, Pixels().arrays(sources), rng=np.random.default_rng(0), limit=64)
    facts = found["excess"].detail.facts
    assert facts["loss under noise"] < facts["loss under attack"] < facts["loss unbounded"]
    assert found["excess"].interval.low > 0
