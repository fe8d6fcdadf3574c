"""Being made again more exactly than others is heard in the tail, and only where the sides are alike by themselves."""

import numpy as np
import pytest
import torch

from genbench.core.data import Dataset
from genbench.core.errors import NotApplicable
from genbench.core.evidence import Features, Remakes
from genbench.core.model import Reproduces, Training
from genbench.core.score import Absent
from genbench.data.digits import digits
from genbench.lenses.image.pixels import Pixels
from genbench.models._latent_search import nearest_latents
from genbench.models.autoencoder import Autoencoder
from genbench.models.gan import Gan
from genbench.models.vae import Vae
from genbench.probes.memorization.reconstruction import reconstruction


def sides(n=400, seed=0, *, share=0.0, shift=0.0):
    """Log-normal errors; a share of the members is made again twenty times as exactly."""
    rng = np.random.default_rng(seed)
    x, other = rng.normal(shift, 1, (n, 6)), rng.normal(0, 1, (n, 6))
    errors, others = (0.1 * np.exp(0.4 * side[:, 0]) for side in (x, other))
    errors = np.where(np.arange(n) < share * n, errors / 20, errors)
    return Remakes(errors, "planted"), Remakes(others, "planted"), Features(x), Features(other)


def ask(shown, seed=0):
    return reconstruction(*shown, rng=np.random.default_rng(seed))


def test_truth_members_like_others():
    found = [ask(sides(seed=seed), seed) for seed in range(40)]
    assert (
        sum(f["auc"].interval.low <= 0.5 <= f["auc"].interval.high for f in found) >= 33
    )  # 95 % of 40, less 3.6 errors
    assert np.mean([f["tpr_at_1pct_fpr"].value for f in found]) == pytest.approx(
        found[0]["tpr_at_1pct_fpr"].floor, abs=0.005
    )


def test_control_a_few_memorized_items_are_heard_in_the_tail_where_the_average_is_deaf():
    found = ask(sides(share=0.1))
    assert found["tpr_at_1pct_fpr"].interval.low > 0.06
    assert abs(found["auc"].value - 0.5) < 0.1
    assert found["auc"].detail.facts["versions"] == "planted"
    assert found["auc"].detail.exhibits[0].items[0].index < 40


def test_sides_that_differ_by_themselves_void_the_attack():
    found = ask(sides(shift=0.8))
    assert isinstance(found["auc"], Absent)
    assert "void" in found["auc"].because
    assert found["blind_auc"].value > 0.6


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(NotApplicable, match="needs 5 items a side"):
        ask(sides(4))
    broken = sides()
    broken[0].errors[3] = np.nan
    with pytest.raises(NotApplicable, match="no finite distance"):
        ask(broken)


@pytest.fixture(scope="module")
def digit_data() -> Dataset:
    torch.set_num_threads(1)
    return digits()


def test_an_autoencoder_that_was_shown_few_items_makes_them_again_more_exactly(digit_data):
    few = Dataset(
        "few", "image", digit_data.items,
        {"train": digit_data.indices("train", 60), "held_out": digit_data.indices("held_out", 300)},
        digit_data.keys, "", "", "",
    )  # fmt: skip
    model, lens = Autoencoder(steps=400, pull=0.0), Pixels()
    model.fit(few, Training(0))
    assert isinstance(model, Reproduces)

    def errors(split):
        x, made = (lens.arrays(list(items)).x for items in (few.take(split), model.reproduce(few.take(split))))
        return Remakes(np.sqrt(np.square(made - x).reshape(len(x), -1).mean(axis=1)).astype(np.float64))

    seen = (Features(lens.features(few.take(split))) for split in ("train", "held_out"))
    found = ask((errors("train"), errors("held_out"), *seen))
    assert found["auc"].interval.low > 0.6


def test_a_vae_gives_each_item_its_own_version_whatever_its_neighbours(digit_data):
    model = Vae(steps=60)
    model.fit(digit_data, Training(0))
    items = digit_data.take("held_out", 6)
    together = np.stack(model.reproduce(items)).astype(int)
    apart = np.stack([made for item in items for made in model.reproduce([item])])
    assert np.abs(together - apart).max() <= 1
    assert model.reproduction() == "encoded and decoded"


def test_a_search_finds_the_latents_of_what_a_generator_made_and_not_of_noise(digit_data):
    model = Gan(steps=1, latent=8, breadth=8)
    model.fit(digit_data, Training(0))
    made = model.sample([3, 4, 5])
    again = model.reproduce(made)
    noise = list(np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), dtype=np.uint8))

    def off(items, others):
        return float(np.abs(np.stack(items).astype(int) - np.stack(others)).mean())

    unrelated = off(made, model.sample([6, 7, 8]))
    assert off(made, again) < 0.5 * unrelated
    assert off(noise, model.reproduce(noise)) > 20 * off(made, again)


def test_a_search_in_a_linear_world_reaches_the_nearest_point():
    a = torch.from_numpy(np.random.default_rng(0).normal(size=(4, 12)).astype(np.float32))
    x = torch.from_numpy(np.random.default_rng(1).normal(size=(5, 12)).astype(np.float32))
    found = nearest_latents(lambda z: (z @ a).view(-1, 3, 2, 2), x.view(5, 3, 2, 2), 4)
    best = np.linalg.lstsq(a.numpy().T, x.numpy().T, rcond=None)[0].T
    np.testing.assert_allclose(found.numpy(), best, atol=0.02)
