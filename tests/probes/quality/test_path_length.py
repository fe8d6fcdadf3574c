"""Path lengths: known for linear maps and arcs, endless at walls, refused where something was rounded."""

import numpy as np
import pytest

from genbench.core.chance import sample_seeds, stream
from genbench.core.errors import ControlFailed, NotApplicable
from genbench.core.model import Interpolates
from genbench.core.score import Absent
from genbench.lenses.image.pixels import Pixels
from genbench.models._paths import arc
from genbench.models._tensors import noise
from genbench.probes.quality.path_length import path_length
from genbench.run.joint import STEP, Hands, walked
from genbench.selftest.plants.walls_between_latents import AT_CLIFF, CLIFF, Eye, Walled
from genbench.stats.trimmed import trimmed_mean

D, SHAPE = 6, (1, 4, 4)


class Linear:
    """Images G(w) = A w + b in [n 1 4 4]; w is z, and the ways are those of the image families."""

    def __init__(self, spaces=("z", "w")):
        self.a, self.names = stream(0, "linear").normal(0, 0.05, (16, D)), spaces

    def spaces(self):
        return self.names

    def interpolate(self, starts, ends, places, space):
        ends_of = [noise(seeds, D).double().numpy() for seeds in (starts, ends)]
        t = places[:, None]
        w = (1 - t) * ends_of[0] + t * ends_of[1] if space == "w" else arc(starts, ends, places, D).numpy()
        return (w @ self.a.T + 0.5).reshape(-1, *SHAPE)


def walk(model, n=200, lens=None, seed=0):
    lens = lens or (Pixels() if isinstance(model, Linear) else Eye())
    return walked(Hands(model, lens, lambda work, some: list(work(some)), seed), [None] * n, ())


def test_truth_a_linear_map_in_w_through_an_image_lens():
    model = Linear()
    assert isinstance(model, Interpolates)
    found = path_length(walk(model))
    w = [noise(sample_seeds(0, 200, name), D).double().numpy() for name in ("generated", "again")]
    truth = trimmed_mean(np.square((w[0] - w[1]) @ model.a.T).sum(axis=1))[0]
    for name in ("w_full", "w_end"):
        assert found[name].value == pytest.approx(truth, rel=1e-6)
        assert found[name].floor == pytest.approx(truth, rel=1e-6)
        assert found[name].interval.low < truth < found[name].interval.high
        assert found[name].n == 200
    assert found["detour"].value == pytest.approx(1.0, abs=1e-9)
    assert found["detour"].interval.low <= found["detour"].floor == 1.0


def test_truth_arcs_of_a_known_angle_in_z():
    model = Linear(("z",))
    model.a = np.eye(16, D)
    found = path_length(walk(model))
    a, b = (noise(sample_seeds(0, 200, name), D).double().numpy() for name in ("generated", "again"))
    long, wide = np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)
    angle = np.arccos((a * b).sum(axis=1) / (long * wide))
    at_start = np.square(long * angle) + np.square(wide - long)  # along the arc, and outwards
    assert found["z_end"].value == pytest.approx(trimmed_mean(at_start)[0], rel=1e-3)
    assert found["z_full"].floor == pytest.approx(trimmed_mean(np.square(a - b).sum(axis=1))[0], rel=1e-9)
    assert isinstance(found["w_full"], Absent)
    assert "no latent space w" in found["w_full"].because
    assert found["detour"].detail.facts["latent space"] == "z"
    assert 1.1 < found["detour"].value < 1.4


def test_control_a_wall_makes_ways_the_longer_the_steeper_it_is():
    lengths = [path_length(walk(Walled(6.0, width=width), 300)) for width in (5.0, 0.5, 0.2)]
    values = [found["w_full"].value for found in lengths]
    assert values[0] < values[1] < values[2]
    assert values[2] > 2 * values[0]
    assert lengths[2]["w_full"].interval.low > lengths[2]["w_full"].floor
    assert lengths[2]["detour"].interval.low > 1.3
    worst = lengths[2]["w_full"].detail.exhibits
    assert [e.value for e in worst] == sorted((e.value for e in worst), reverse=True)
    assert worst[0].items[0].role == "generated"


def test_a_cliff_that_small_steps_miss_is_a_detour():
    found = path_length(walk(Walled(CLIFF, width=0.0), 400, seed=1))
    assert found["w_full"].value < found["w_full"].floor  # the published length is deaf here
    assert found["detour"].value == pytest.approx(AT_CLIFF, rel=0.1)
    assert found["detour"].interval.low < AT_CLIFF < found["detour"].interval.high


def test_the_step_and_the_first_places_are_the_published_ones():
    found = walk(Linear(), 40)
    assert found.step == STEP == 1e-4
    assert found.speeds["w"].shape == (2, 40)
    assert found.legs["w"].shape == (40, 4)
    assert found.coarse["w"].shape == (32,)
    assert len(found) == 40


@pytest.mark.parametrize("levels", [255, 3000])
def test_rounded_outputs_get_no_length_but_a_detour(levels):
    found = path_length(walk(Walled(0.0, levels=levels)))
    for name in ("z_full", "z_end", "w_full", "w_end"):
        assert isinstance(found[name], Absent)
        assert "rounded" in found[name].because
    assert found["detour"].value == pytest.approx(1.0, abs=1e-3)


def test_half_precision_features_get_no_length():
    class Coarse:
        def array_features(self, x):
            return Pixels().array_features(x).astype(np.float16).astype(np.float64)

    assert isinstance(path_length(walk(Linear(), lens=Coarse()))["w_full"], Absent)


def test_a_collapsed_model_is_not_smooth_and_too_few_ways_tell_nothing():
    with pytest.raises(ControlFailed, match="collapsed"):
        path_length(walk(Walled(0.0, scale=0.0)))
    with pytest.raises(NotApplicable, match="needs 20 ways between latents, got 19"):
        path_length(walk(Walled(0.0), 19))
    broken = walk(Walled(0.0), 30)
    broken.legs["w"][3, 1] = np.nan
    with pytest.raises(NotApplicable, match="on some ways through w are not finite"):
        path_length(broken)
