"""The FID network: its shapes and names are the published ones, and no other weights pass for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from genbench.core.errors import LensError
from genbench.lenses.image._inception import BlockE, mean_pool
from genbench.lenses.image._inception import Inception as Network
from genbench.lenses.image.inception import Inception, network

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def net() -> Network:
    torch.manual_seed(0)
    return Network().eval()


def test_names_and_shapes_are_the_published_ones(net: Network) -> None:
    state = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    convolutions = [name for name in state if name.endswith("conv.weight")]
    assert len(convolutions) == 94
    assert len(state) == 94 * 6 + 2  # each with five values of its batch norm; and the last layer
    for name, shape in {
        "Conv2d_1a_3x3.conv.weight": (32, 3, 3, 3),
        "Conv2d_4a_3x3.bn.running_var": (192,),
        "Mixed_5b.branch_pool.conv.weight": (32, 192, 1, 1),
        "Mixed_5d.branch5x5_2.conv.weight": (64, 48, 5, 5),
        "Mixed_6a.branch3x3dbl_3.conv.weight": (96, 96, 3, 3),
        "Mixed_6b.branch7x7_2.conv.weight": (128, 128, 1, 7),
        "Mixed_6e.branch7x7dbl_5.conv.weight": (192, 192, 1, 7),
        "Mixed_7a.branch7x7x3_3.conv.weight": (192, 192, 7, 1),
        "Mixed_7b.branch3x3dbl_3b.conv.weight": (384, 384, 3, 1),
        "Mixed_7c.branch_pool.conv.weight": (192, 2048, 1, 1),
        "fc.weight": (1008, 2048),
    }.items():
        assert state[name] == shape
    # Inception-v3 without its side branch has 23,834,568 parameters at 1,000 classes; this one has 1,008.
    assert sum(p.numel() for p in net.parameters()) == 23_834_568 + 8 * 2049


def test_pooling_has_the_ports_quirks() -> None:
    ones = torch.ones(1, 1, 5, 5)
    assert torch.equal(mean_pool(ones), ones)  # padding is left out of the mean, also at the border
    torch.manual_seed(0)
    by_maximum, by_mean = BlockE(8, pool_by_maximum=True).eval(), BlockE(8, pool_by_maximum=False).eval()
    by_mean.load_state_dict(by_maximum.state_dict())
    x = torch.randn(1, 8, 6, 6)
    a, b = by_maximum(x), by_mean(x)
    assert a.shape == (1, 2048, 6, 6)
    assert torch.equal(a[:, :1856], b[:, :1856])  # only the pooled branch, the last 192, differs
    assert not torch.allclose(a[:, 1856:], b[:, 1856:])


def test_features_have_the_right_shape_and_see_each_item_alone(net: Network) -> None:
    lens = Inception(weights="unused.pth")
    lens._net = net
    rng = np.random.default_rng(0)
    items = [rng.integers(0, 256, (32, 32, 1), dtype=np.uint8), rng.integers(0, 256, (400, 310, 3), dtype=np.uint8)]
    x = lens.features(items)
    assert x.shape == (2, 2048)
    assert x.min() >= 0  # means of rectified values
    alone = lens.features(items[1:])
    assert np.abs(x[1] - alone[0]).max() < 1e-4 * max(x.std(), 1e-12)


def test_a_state_dict_without_batch_counts_is_taken_and_another_is_not(net: Network) -> None:
    published = {k: v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    taken = network(published)
    assert torch.equal(taken.Mixed_7c.branch1x1.conv.weight, net.Mixed_7c.branch1x1.conv.weight)
    with pytest.raises(LensError, match="lacks"):
        network({k: v for k, v in published.items() if not k.startswith("Mixed_6b")})
    with pytest.raises(LensError, match="has besides"):
        network({**published, "AuxLogits.fc.weight": torch.zeros(1)})


def test_other_weights_are_refused_by_their_digest(tmp_path: Path, net: Network) -> None:
    other = tmp_path / "pt_inception-2015-12-05-6726825d.pth"  # the right name is not enough
    torch.save(net.state_dict(), other)
    items = [np.zeros((8, 8, 3), np.uint8)]
    with pytest.raises(LensError, match="is not the FID network: SHA-256"):
        Inception(weights=str(other)).features(items)
    with pytest.raises(LensError, match="did you mean 'pt_inception"):
        Inception(weights=str(tmp_path / "pt_inception-2015-12-05.pth")).features(items)
    with pytest.raises(LensError, match="over https"):
        Inception(weights="http://example.org/x.pth").features(items)
