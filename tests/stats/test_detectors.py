"""A detector knows the outputs it was shown and what looks like them; what it was shown is never asked about."""

import numpy as np
import pytest
from scipy.stats import norm

from genbench.core.evidence import Features
from genbench.stats.detectors import asked, crossed, dealt, fitted, verdict

SHIFT = 2.0


def normal(n, moved, seed):
    """Unit Gaussians in four dimensions, moved along some; items of one seed have the same keys."""
    x = np.random.default_rng(seed).normal(size=(n, 4)) + np.array(moved)
    return Features(x, tuple(f"held_out/{i}" for i in range(n)))


REAL = normal(600, (0, 0, 0, 0), 0)
ALONG, ASIDE = (SHIFT, 0, 0, 0), (0, SHIFT, 0, 0)


def sides(outputs, real=REAL, limit=4000):
    rng = np.random.default_rng(7)
    real_side, made = (dealt(side, limit, rng) for side in (real, outputs))
    return made, real_side


def trained(outputs, kind="logistic regression", real=REAL):
    made, real_side = sides(outputs, real)
    return fitted(made, real_side, 3, kind, np.random.default_rng(1))


@pytest.mark.parametrize("kind", ["logistic regression", "nearest neighbours", "better"])
def test_truth_a_shift_that_was_learned_is_heard_and_one_aside_of_it_is_not(kind):
    one, other, likewise = normal(600, ALONG, 1), normal(600, ASIDE, 2), normal(600, ALONG, 3)
    own, aside, same = crossed([trained(one, kind)], [sides(one), sides(other), sides(likewise)])[0]
    best = norm.cdf(SHIFT / np.sqrt(2))  # of the best detector there is: 0.92
    assert own.interval.low < best < own.interval.high + 0.02
    assert same.interval.low < best < same.interval.high + 0.02
    assert aside.auc == pytest.approx(0.5, abs=0.1)  # neighbours thin out a little on any side
    theirs = asked(trained(other, kind), *sides(other))
    assert [verdict(found, own, theirs) for found in (own, aside)] == ["hears", "does not hear"]


def test_truth_real_items_in_the_outputs_place_are_a_half_and_nothing_follows():
    perfect, one = normal(600, (0, 0, 0, 0), 4), normal(600, ALONG, 1)
    found, own = asked(trained(one), *sides(perfect)), asked(trained(one), *sides(one))
    assert found.interval.low < 0.5 < found.interval.high
    assert verdict(found, own, asked(trained(perfect), *sides(perfect))) == "nothing follows"
    assert verdict(found, own, None) == "nothing follows"


def test_outputs_that_are_more_real_than_real_are_not_heard():
    one, opposite = normal(600, ALONG, 1), normal(600, (-SHIFT, 0, 0, 0), 2)
    found = asked(trained(one), *sides(opposite))
    assert found.auc < 0.1
    assert verdict(found, asked(trained(one), *sides(one)), asked(trained(opposite), *sides(opposite))) == (
        "does not hear"
    )


def test_a_dozen_items_cannot_tell():
    few = normal(50, (1.0, 0, 0, 0), 1)
    found = asked(trained(few), *sides(few), level=1 - 0.05 / 9)
    assert found.outputs == found.real == 25
    assert verdict(found, found, found) == "cannot tell"
    assert found.joint.low < found.interval.low < found.interval.high < found.joint.high


def test_real_items_fall_into_the_same_halves_beside_any_model_and_in_any_format():
    """Outputs may be fewer, and the real items saved another way, which changes every number of them."""
    otherwise = Features(REAL.x * 0.5 - 3.0, REAL.keys)
    (_, real), (few, again) = sides(normal(600, ALONG, 1)), sides(normal(100, ALONG, 2), otherwise)
    assert again.fit_keys == real.fit_keys
    assert set(again.judged_keys).isdisjoint(real.fit_keys)
    assert (len(few), len(real)) == (50, 300)


def test_what_a_detector_was_fitted_on_is_not_asked_about():
    """Half of the other model's judged outputs are those the detector was shown, and all real items of another deal."""
    one = normal(600, ALONG, 1)
    detector = trained(one)
    made, real = sides(one)
    swapped = type(made)(made.judged, np.concatenate([made.fit[:150], made.judged[:150]]))
    found = asked(detector, swapped, real)
    assert (found.outputs, found.real) == (150, 300)
    turned = type(real)(real.judged, real.fit, real.judged_keys, real.fit_keys)
    assert asked(detector, made, turned) is None
    nameless = type(real)(real.judged, real.fit)
    assert asked(detector, made, nameless) is None


def test_each_distinct_row_lies_in_one_half_only():
    x = np.repeat(np.random.default_rng(3).normal(size=(41, 2)), 5, axis=0)
    found = dealt(Features(x), 4000, np.random.default_rng(0))
    assert len(found.fit) == len(found.judged) == 20
    assert len(np.unique(np.concatenate([found.fit, found.judged]), axis=0)) == 40
    assert len(dealt(Features(x), 30, np.random.default_rng(0))) == 15


def test_cells_hold_jointly_by_bonferroni():
    one, other = normal(200, ALONG, 1), normal(200, ASIDE, 2)
    detectors = [trained(one), trained(other)]
    table = crossed(detectors, [sides(one), sides(other)])
    assert table[0][1].joint == asked(detectors[0], *sides(other), level=1 - 0.05 / 4).joint
    assert table[0][1].interval == asked(detectors[0], *sides(other)).interval
