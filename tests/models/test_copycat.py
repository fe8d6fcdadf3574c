"""The copycat copies at the rate it says, disguises as it says, and is otherwise made of the reserve."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.core.chance import sample_seeds
from genbench.core.data import Dataset
from genbench.core.errors import ModelError, NotApplicable
from genbench.core.model import Fittable, Sampler, Training
from genbench.models.copycat import Copycat
from genbench.stats.neighbours import nearest

SEEDS = sample_seeds(0, 1000)


def fitted(data: Dataset, *, rate: float = 1.0, jitter: float = 0.0) -> Copycat:
    model = Copycat(rate=rate, jitter=jitter)
    model.fit(data, Training())
    return model


def rows(items: object) -> np.ndarray:
    return np.stack(items).reshape(len(items), -1).astype(float)  # type: ignore[arg-type,call-overload]


@pytest.mark.parametrize("rate", [0.0, 0.2, 1.0])
def test_the_share_of_copies_is_the_rate(digit_data: Dataset, rate: float) -> None:
    model = fitted(digit_data, rate=rate)
    assert isinstance(model, Sampler)
    assert isinstance(model, Fittable)
    made = rows(model.sample(SEEDS))
    from_train = nearest(made, rows(digit_data.take("train")))[0][:, 0] == 0
    from_reserve = nearest(made, rows(digit_data.take("reserve")))[0][:, 0] == 0
    assert (from_train ^ from_reserve).all()  # splits share no item, and nothing else is ever handed out
    assert from_train.mean() == pytest.approx(rate, abs=0.05)


def test_every_item_comes_up(digit_data: Dataset) -> None:
    """1,000 draws from 395 items leave exp(-1000 / 395) = 8 % unseen."""
    honest = fitted(digit_data, rate=0.0)
    seen = len(np.unique(rows(honest.sample(SEEDS)), axis=0)) / len(digit_data.take("reserve"))
    assert seen == pytest.approx(0.92, abs=0.04)


def test_each_output_is_its_seed_alone(digit_data: Dataset) -> None:
    model = fitted(digit_data, rate=0.5, jitter=0.1)
    np.testing.assert_array_equal(rows(model.sample(SEEDS))[700:], rows(model.sample(SEEDS[700:])))


def test_jitter_disguises_an_image_by_its_share_of_the_spread(digit_data: Dataset) -> None:
    plain, disguised = rows(fitted(digit_data).sample(SEEDS)), rows(fitted(digit_data, jitter=0.1).sample(SEEDS))
    moved = (disguised - plain)[(plain > 40) & (plain < 215)]  # where nothing is clipped
    spread = np.mean([np.std(item) for item in digit_data.take("train")])
    assert moved.std() == pytest.approx(0.1 * spread, rel=0.05)
    assert (nearest(disguised, rows(digit_data.take("train")))[0] > 0).all()


def test_jitter_swaps_letters_in_that_share_of_words() -> None:
    texts = [" ".join(f"word{chr(97 + i)}{chr(97 + j)}" for i in range(20)) for j in range(20)]
    data = Dataset("t", "text", texts, {"train": np.arange(20)}, tuple(map(str, range(20))), "", "CC0", "made here")
    made = fitted(data, jitter=0.3).sample(SEEDS[:200])
    changed = []
    for text in made:
        nearest_text = min(texts, key=lambda t: sum(a != b for a, b in zip(t, text, strict=True)))
        changed.append(np.mean([a != b for a, b in zip(nearest_text.split(), text.split(), strict=True)]))
        assert sorted(text) == sorted(nearest_text)
    # of the five adjacent pairs in "wordab" none is alike, save in the one word whose last letters are equal
    assert np.mean(changed) == pytest.approx(0.3, abs=0.03)
    assert set(fitted(data).sample(SEEDS[:50])) <= set(texts)


def test_without_a_reserve_only_copies_can_be_made() -> None:
    data = Dataset("t", "text", ["a", "b"], {"train": np.arange(2)}, ("0", "1"), "", "CC0", "made here")
    assert set(fitted(data).sample(SEEDS[:20])) == {"a", "b"}
    with pytest.raises(NotApplicable, match="needs a reserve split, and 't' has none"):
        fitted(data, rate=0.5)


@pytest.mark.parametrize(("rate", "jitter"), [(1.5, 0.0), (-0.1, 0.0), (1.0, 2.0), (float("nan"), 0.0)])
def test_settings_out_of_range_are_refused(rate: float, jitter: float) -> None:
    with pytest.raises(ModelError, match="lie in"):
        Copycat(rate=rate, jitter=jitter)
