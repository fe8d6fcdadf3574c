"""Image quilting: its swatches look like the pattern in features no pixel statistic fakes, and show no seams."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from genbench.core.chance import sample_seeds, stream
from genbench.core.data import Dataset, Groups, Item
from genbench.core.errors import ModelError
from genbench.core.model import Density, Fittable, Persistent, Perturbable, Sampler, Training
from genbench.models.gaussian import Gaussian
from genbench.models.texture import Lattice, Texture, covers, cut, sewn
from genbench.stats.frechet import frechet

SEEDS = sample_seeds(0, 12, "texture")
SIDE = 36
KINDS = ("waves", "dots", "plaid")


def pattern(kind: int, seed: int) -> np.ndarray:
    """Waves, dots or a plaid, at a place of their own and with a little noise."""
    rng = stream(seed, "pattern")
    y, x = np.mgrid[:SIDE, :SIDE] + rng.uniform(0, 40, (2, 1, 1))
    v = (
        np.sin(2 * np.pi * (x + 0.5 * y + 1.5 * np.sin(y / 5)) / 9) > 0.2,
        (x % 10 - 5) ** 2 + (y % 10 - 5) ** 2 < 9,
        0.5 * (x // 6 % 2) + 0.5 * (y // 4 % 2),
    )[kind]
    colours = np.array([30, 60, 120]) + np.array([200, 140, 30]) * np.asarray(v, dtype=float)[:, :, None]
    return np.clip(colours + rng.normal(0, 6, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def patterns() -> Dataset:
    items = [pattern(i % 3, i) for i in range(240)]
    splits = {"train": np.arange(60), "held_out": np.arange(60, 240)}
    keys = tuple(map(str, range(240)))
    return Dataset("patterns", "image", items, splits, keys, "", "", "", Groups(np.arange(240) % 3, KINDS))


@pytest.fixture(scope="module")
def texture(patterns: Dataset) -> Texture:
    model = Texture()
    model.fit(patterns, Training(0))
    return model


def look(items: Sequence[Item]) -> np.ndarray:
    """Mean and correlation of what four fixed random filters see, at two scales: [n 2*(4+10)]."""
    x = torch.from_numpy(np.stack(items)).permute(0, 3, 1, 2).float() / 255.0
    generator = torch.Generator().manual_seed(0)
    filters = torch.randn(4, 3, 7, 7, generator=generator)
    filters = filters - filters.mean(dim=(1, 2, 3), keepdim=True)
    seen = []
    for scale in (1, 2):
        made = F.relu(F.conv2d(F.avg_pool2d(x, scale), filters)).flatten(2)  # [n 4 places]
        gram = made @ made.transpose(1, 2) / made.shape[2]
        upper = torch.triu_indices(4, 4)
        seen += [made.mean(dim=2), gram[:, upper[0], upper[1]].sqrt()]
    return torch.cat(seen, dim=1).numpy().astype(np.float64)


def test_it_samples_and_claims_no_more(texture: Texture) -> None:
    for capability in (Sampler, Fittable, Persistent):
        assert isinstance(texture, capability)
    for capability in (Density, Perturbable):
        assert not isinstance(texture, capability)


def test_its_swatches_are_like_patterns_not_seen_and_no_statistic_of_pixels_passes_for_them(
    texture: Texture, patterns: Dataset
) -> None:
    """Beside pixels in another order (all colours kept), noise with the spectrum of each pattern, and a Gaussian."""
    rng, train = stream(0, "controls"), patterns.take("train")
    shuffled = [rng.permutation(item.reshape(-1, 3)).reshape(item.shape) for item in train]
    noise = []
    for item in train:
        turn = np.fft.fft2(rng.normal(size=(SIDE, SIDE)))  # the same for all channels, which keeps their colours
        turn[0, 0] = 1.0
        spectrum = np.fft.fft2(item.astype(float), axes=(0, 1)) * (turn / np.abs(turn))[:, :, None]
        noise.append(np.clip(np.fft.ifft2(spectrum, axes=(0, 1)).real, 0, 255).astype(np.uint8))
    real = look(patterns.take("held_out"))
    scale = real.std(axis=0) + 1e-3

    def distance(items: Sequence[Item]) -> float:
        return frechet(look(items) / scale, real / scale).corrected

    own = distance(texture.sample(sample_seeds(1, 180)))
    assert own < 0.15 * distance(shuffled)
    assert own < 0.4 * distance(noise)
    gaussian = Gaussian()
    gaussian.fit(patterns, Training(0))
    assert own < 0.15 * distance(gaussian.sample(sample_seeds(1, 180)))
    kinds = np.array([np.linalg.norm((look([item]) - real) / scale, axis=1).argmin() % 3 for item in train])
    assert (kinds == patterns.labels("train")).all()  # the look tells the patterns apart, or it would prove nothing
    made = texture.sample(sample_seeds(1, 60))
    shares = np.bincount(
        [np.linalg.norm((look([item]) - real) / scale, axis=1).argmin() % 3 for item in made], minlength=3
    )
    assert shares.min() >= 8


def test_every_pixel_is_one_of_its_sources_and_no_swatch_is_its_source(texture: Texture, patterns: Dataset) -> None:
    train = np.stack(patterns.take("train"))
    for item in texture.sample(SEEDS[:4]):
        assert item.shape == (SIDE, SIDE, 3)
        colours = {tuple(pixel) for pixel in item.reshape(-1, 3)}
        shared = [colours <= {tuple(pixel) for pixel in image.reshape(-1, 3)} for image in train]
        assert sum(shared) == 1
        assert np.abs(train.astype(int) - item).mean(axis=(1, 2, 3)).min() > 5


def test_a_tileable_swatch_shows_no_seam_where_copies_meet(patterns: Dataset) -> None:
    """Steps across the edge are no larger than inside; of swatches not made to tile, they are."""
    ratios = {}
    for tileable in (True, False):
        model = Texture(tileable=tileable)
        model.fit(patterns, Training(0))
        x = np.stack(model.sample(sample_seeds(2, 40))).astype(float)
        inside = np.abs(np.diff(x, axis=2)).mean() + np.abs(np.diff(x, axis=1)).mean()
        across = np.abs(x[:, :, 0] - x[:, :, -1]).mean() + np.abs(x[:, 0] - x[:, -1]).mean()
        ratios[tileable] = across / inside
    assert ratios[True] < 1.25
    assert ratios[False] > 1.4


def test_sources_are_of_one_group(patterns: Dataset) -> None:
    model = Texture(sources=3)
    model.fit(patterns, Training(0))
    train, labels = np.stack(patterns.take("train")), patterns.labels("train")
    used = []
    for item in model.sample(SEEDS[:6]):
        pixels = {tuple(pixel) for pixel in item.reshape(-1, 3)}
        own = [{tuple(pixel) for pixel in image.reshape(-1, 3)} for image in train]
        kinds = [k for k in range(3) if pixels <= set().union(*(o for o, label in zip(own, labels) if label == k))]
        assert len(kinds) == 1
        used.append(max(len(pixels & o) / len(pixels) for o in own))
    assert min(used) < 0.9  # no single image gave it all


def test_a_cut_is_the_cheapest_path() -> None:
    difference = stream(0, "cut").random((6, 3))
    paths = [p for p in itertools.product(range(3), repeat=6) if all(abs(a - b) <= 1 for a, b in itertools.pairwise(p))]
    best = min(paths, key=lambda p: difference[np.arange(6), p].sum())
    np.testing.assert_array_equal(cut(difference), best)
    assert len(paths) > 100


def test_a_block_covers_what_is_bare_and_what_lies_beyond_the_cuts() -> None:
    known = np.zeros((6, 6), dtype=bool)
    known[:, :3], known[:2] = True, True  # neighbours on the left and above
    difference = np.ones((6, 6))
    difference[:, 1], difference[0] = 0.0, 0.0
    mine = covers(difference, known)
    assert mine[~known].all()
    assert not mine[1:, 0].any()  # at the corner both paths are free to pass
    assert mine[2:, 1:].all()
    assert covers(np.ones((4, 4)), np.zeros((4, 4), dtype=bool)).all()


def test_a_block_that_fits_exactly_is_found() -> None:
    """Blocks of one image that can be continued in one way only: the image comes back."""
    image = stream(1, "unique").integers(0, 256, (12, 12, 3)).astype(np.float32)
    blocks = np.stack([image[i : i + 6, j : j + 6] for i in range(7) for j in range(7)])
    made = [sewn(blocks, Lattice(8, 8, 6, False), stream(seed, "sew")) for seed in range(40)]
    parts = [image[i : i + 8, j : j + 8] for i in range(5) for j in range(5)]
    whole = sum(any(np.array_equal(item, part) for part in parts) for item in made)
    assert whole >= 10  # a first block at the right or lower edge has no such continuation


@pytest.mark.parametrize("length", [6, 17, 36])
def test_blocks_cover_a_side_and_overlap(length: int) -> None:
    for tileable in (True, False):
        lattice = Lattice(length, length, 6 if length > 11 else 3, tileable)
        starts = lattice.starts(length)
        ends = [*starts[1:], length if tileable else None]
        assert starts[0] == 0
        for start, following in zip(starts, ends, strict=True):
            if following is None:
                assert start + lattice.block == length
            else:
                assert start + lattice.block - following >= 1


def test_a_swatch_is_its_seeds_alone_and_survives_storage(texture: Texture) -> None:
    together = np.stack(texture.sample(SEEDS))
    np.testing.assert_array_equal(together[3], texture.sample(SEEDS[3:4])[0])
    assert len(np.unique(together.reshape(12, -1), axis=0)) == 12
    again = Texture()
    again.restore(*texture.state())
    np.testing.assert_array_equal(np.stack(again.sample(SEEDS)), together)


@pytest.mark.parametrize(("height", "width", "channels"), [(6, 7, 1), (20, 13, 3)])
def test_any_size_and_colour(height: int, width: int, channels: int) -> None:
    items = list(stream(0, "any").integers(0, 256, (4, height, width, channels)).astype(np.uint8))
    data = Dataset("any", "image", items, {"train": np.arange(4)}, ("0", "1", "2", "3"), "", "", "")
    for model in (Texture(), Texture(block=50, tileable=False, sources=9)):
        model.fit(data, Training(0))
        assert np.stack(model.sample(SEEDS)).shape == (12, height, width, channels)


def test_what_cannot_be_sewn_is_said() -> None:
    with pytest.raises(ModelError, match="block is 0 or at least 3"):
        Texture(block=2)
    items = [np.zeros((5, 9, 1), dtype=np.uint8)] * 2
    data = Dataset("small", "image", items, {"train": np.arange(2)}, ("0", "1"), "", "", "")
    with pytest.raises(ModelError, match="6 pixels or more"):
        Texture().fit(data, Training(0))
