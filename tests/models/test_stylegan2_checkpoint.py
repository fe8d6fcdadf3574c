"""StyleGAN2 checkpoints of others: the same images as from the same weights of ours, and nothing in a file is run."""

from __future__ import annotations

import argparse
import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from models.stylegan2_files import (
    EasyDict,
    Persistent,
    nvidia_modules,
    nvidia_network,
    parameter,
    rosinality_state,
    write_nvidia,
)
from torch import Tensor

from genbench.core.chance import sample_seeds
from genbench.core.errors import ModelError
from genbench.core.lens import Identified
from genbench.core.model import Fittable, Perturbable, Placeable, Sampler
from genbench.models._stylegan2 import Generator, Plan
from genbench.models._tensors import near, noise, to_items
from genbench.models.stylegan2_checkpoint import Stylegan2Checkpoint

SEEDS = sample_seeds(0, 6)


def generator(*, classes: int = 0, clamp: float | None = None, channels: int = 3) -> Generator:
    """A generator of 16 x 16 with every weight drawn, so that no part of it is idle."""
    torch.manual_seed(7)
    plan = Plan((channels, 16, 16), (12, 10, 6), latent=9, style=8, depth=3, classes=classes, clamp=clamp)
    made = Generator(plan)
    with torch.no_grad():
        for name, weight in made.named_parameters():
            if name.endswith(("bias", "strength")):
                weight += 0.3 * torch.randn_like(weight)
        for read_out in made.read_outs:
            read_out.weight *= 0.2
        made.mapping.average.normal_()
    return made.eval()


def pictures(made: Generator, psi: float = 1.0, labels: Tensor | None = None) -> np.ndarray:
    return np.stack(to_items(made.drawn(noise(SEEDS, made.plan.latent), SEEDS, psi, labels)))


def of(path: Path, **settings: Any) -> np.ndarray:
    return np.stack(Stylegan2Checkpoint(path=str(path), **settings).sample(SEEDS))


def test_a_pickle_of_nvidias_gives_the_images_of_its_weights(tmp_path: Path) -> None:
    ours = generator(clamp=256.0)
    path = write_nvidia(tmp_path / "network.pkl", ours)
    found = of(path)
    assert found.shape == (6, 16, 16, 3)
    assert found.std() > 30
    assert np.abs(found.astype(int) - pictures(ours)).max() <= 1
    assert np.abs(of(path, psi=0.5).astype(int) - pictures(ours, 0.5)).max() <= 1
    assert np.abs(of(path, psi=0.5).astype(int) - found).max() > 20
    assert np.ptp(of(path, psi=0.0).astype(int), axis=0).mean() < np.ptp(found.astype(int), axis=0).mean() / 2


def test_a_clamp_of_activations_is_kept(tmp_path: Path) -> None:
    ours = generator(clamp=0.5)
    found = of(write_nvidia(tmp_path / "network.pkl", ours))
    assert np.abs(found.astype(int) - pictures(ours)).max() <= 1
    assert np.abs(found.astype(int) - pictures(generator())).max() > 20


def test_a_generator_of_classes_draws_them_or_the_one_asked_for(tmp_path: Path) -> None:
    ours = generator(classes=4, channels=1)
    path = write_nvidia(tmp_path / "network.pkl", ours)
    for label in (0, 3):
        given = pictures(ours, labels=torch.full((6,), label))
        assert np.abs(of(path, label=label).astype(int) - given).max() <= 1
    assert np.abs(of(path, label=0).astype(int) - of(path, label=3)).max() > 20
    each = np.stack([of(path, label=label) for label in range(4)]).astype(int)
    nearest = np.abs(each - of(path)).max(axis=(2, 3, 4))  # [4 labels, 6 seeds]
    assert nearest.min(axis=0).max() <= 1
    assert len(set(nearest.argmin(axis=0))) > 1
    with pytest.raises(ModelError, match="knows 4 classes; there is no 4"):
        of(path, label=4)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_checkpoint_of_rosinalitys_gives_the_images_of_its_weights(tmp_path: Path, legacy: bool) -> None:
    ours = generator()
    state, path = rosinality_state(ours), tmp_path / "550000.pt"
    whole = {
        "g": state,
        "d": {},
        "g_ema": state,
        "latent_avg": ours.mapping.average,
        "args": argparse.Namespace(size=16),
    }
    torch.save(whole, path, _use_new_zipfile_serialization=not legacy)
    found = of(path)
    assert np.abs(found.astype(int) - pictures(ours)).max() <= 1
    assert np.abs(of(path, psi=0.5).astype(int) - pictures(ours, 0.5)).max() <= 1


def test_without_a_kept_average_it_is_estimated(tmp_path: Path) -> None:
    ours = generator()
    path = tmp_path / "bare.pt"
    torch.save(rosinality_state(ours), path)
    loaded = Stylegan2Checkpoint(path=str(path)).generator
    with torch.inference_mode():
        w = ours.mapping(torch.randn(20_000, 9))
    assert (loaded.mapping.average - w.mean(dim=0)).abs().max() < 5 * float(w.std()) / 4096**0.5


def test_it_is_named_by_its_file_and_moves_by_degrees(tmp_path: Path) -> None:
    ours = generator()
    path = write_nvidia(tmp_path / "network.pkl", ours)
    model = Stylegan2Checkpoint(path=str(path))
    for capability in (Sampler, Perturbable, Placeable, Identified):
        assert isinstance(model, capability)
    assert not isinstance(model, Fittable)
    named = model.identity()
    path.write_bytes(path.read_bytes() + b"\0")
    assert model.identity() != named
    moved = np.stack(model.sample_near(SEEDS, 0.3))
    expected = np.stack(to_items(ours.drawn(near(SEEDS, 0.3, 9), SEEDS, 1.0)))
    assert np.abs(moved.astype(int) - expected).max() <= 1
    alone = np.stack([model.sample([seed])[0] for seed in SEEDS])
    assert np.abs(alone.astype(int) - of(path)).max() <= 1


def test_what_a_layout_lacks_or_has_too_much_is_named(tmp_path: Path) -> None:
    ours, path = generator(), tmp_path / "x.pt"
    state = rosinality_state(ours)
    for change, words in (
        (lambda s: s.pop("convs.2.conv.weight"), r"rosinality's layout: it lacks convs\.2\.conv\.weight$"),
        (lambda s: s.pop("style.2.bias"), r"it lacks style\.2\.bias$"),
        (lambda s: s.update({"convs.1.attention.weight": torch.zeros(3)}), r"holds more .*convs\.1\.attention\.weight"),
        (lambda s: s.update({"input.input": torch.zeros(1, 11, 4, 4)}), r"has input\.input as .*\[1, 11, 4, 4\]"),
        (lambda s: s.update({"input.input": torch.full((1, 12, 4, 4), torch.nan)}), "not finite"),
        (lambda s: s.update({"convs.0.conv.blur.kernel": torch.ones(4, 4)}), "resamples by another filter"),
        (lambda s: s.update({"style.999999999999.weight": torch.zeros(3)}), "which no StyleGAN2 has"),
    ):  # fmt: skip
        changed = OrderedDict(state)
        change(changed)
        torch.save({"g_ema": changed}, path)
        with pytest.raises(ModelError, match=words):
            of(path)
    torch.save({"generator": state, "step": 3}, path)
    with pytest.raises(ModelError, match="holds no g_ema, the averaged generator, but generator, step"):
        of(path)
    torch.save(torch.zeros(3), path)
    with pytest.raises(ModelError, match="holds a Tensor"):
        of(path)


def test_other_networks_of_nvidias_are_named(tmp_path: Path) -> None:
    path, network = tmp_path / "x.pkl", nvidia_network(generator())

    def write(whole: Any) -> None:
        with nvidia_modules(), path.open("wb") as handle:
            pickle.dump(whole, handle)

    del network.synthesis.b8._modules["torgb"]
    write({"G_ema": network})
    with pytest.raises(ModelError, match=r"it lacks synthesis\.b8\.torgb\.affine\.bias"):
        of(path)
    network = nvidia_network(generator())
    network.synthesis.b8.conv0.activation = "relu"
    write({"G_ema": network})
    with pytest.raises(ModelError, match=r"has the activation 'relu' in synthesis\.b8\.conv0"):
        of(path)
    network = nvidia_network(generator())
    network.mapping.fc0.bias_gain = 0.0
    write({"G_ema": network})
    with pytest.raises(ModelError, match=r"says that bias_gain is 0\.0"):
        of(path)
    network.synthesis = Persistent("SynthesisNetwork")
    network.synthesis.input = Persistent("SynthesisInput")
    network.synthesis.input.freqs = parameter(torch.zeros(3))
    write({"G_ema": network})
    with pytest.raises(ModelError, match="StyleGAN3's own"):
        of(path)
    write({"G": network, "step": EasyDict(nimg=1)})
    with pytest.raises(ModelError, match="holds no G_ema, the averaged generator, but G, step"):
        of(path)
    write({"G_ema": {"state": 3}})
    with pytest.raises(ModelError, match="holds a dict without a state where G_ema"):
        of(path)
    nested = Persistent("Generator")
    for _ in range(40):  # each level holds the one below twice: 2^40 modules in a few kilobytes
        outer = Persistent("Generator")
        outer.left, outer.right = nested, nested
        nested = outer
    write({"G_ema": nested})
    with pytest.raises(ModelError, match="more than 5,000 modules"):
        of(path)


def test_a_file_cut_short_is_called_that(tmp_path: Path) -> None:
    ours, path = generator(), tmp_path / "x"
    state = {"g_ema": rosinality_state(ours)}
    torch.save(state, tmp_path / "new.pt")
    torch.save(state, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    write_nvidia(tmp_path / "network.pkl", ours)
    for name in ("new.pt", "old.pt", "network.pkl"):
        raw = (tmp_path / name).read_bytes()
        for share in (0.3, 0.7, 0.98):
            path.write_bytes(raw[: int(share * len(raw))])
            with pytest.raises(ModelError, match="is cut short"):
                of(path)
    path.write_bytes(b"")
    with pytest.raises(ModelError, match=r"is neither NVIDIA's pickle .* nor"):
        of(path)
    with pytest.raises(ModelError, match="there is no file"):
        of(tmp_path / "none.pkl")


class Runs:
    """Unpickled in the usual way, this creates a file."""

    def __init__(self, sentinel: Path) -> None:
        self.sentinel = sentinel

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.sentinel}",)


def test_a_hostile_file_is_refused_by_the_name_of_what_it_asks_for(tmp_path: Path) -> None:
    sentinel, ours = tmp_path / "ran", generator()
    hostile = Runs(sentinel)
    write_nvidia(tmp_path / "a.pkl", ours, augment_pipe=hostile)
    torch.save({"g_ema": rosinality_state(ours), "args": hostile}, tmp_path / "b.pt")
    torch.save({"g_ema": hostile}, tmp_path / "c.pt", _use_new_zipfile_serialization=False)
    system = f"{os.system.__module__}.system"
    for name in ("a.pkl", "b.pt", "c.pt"):
        with pytest.raises(ModelError, match=f"asks for {system}"):
            of(tmp_path / name)
        assert not sentinel.exists()
    pickle.loads(pickle.dumps(hostile))  # the same object, read in the usual way
    assert sentinel.exists()


def test_the_source_that_nvidias_files_bring_is_not_run(tmp_path: Path) -> None:
    sentinel, network = tmp_path / "ran", nvidia_network(generator())

    class Loud(Persistent):
        def __reduce__(self) -> Any:
            call, (meta,), _ = super().__reduce__()
            return call, ({**meta, "module_src": f"open({str(sentinel)!r}, 'w').close()\n"},), None

    network.extra = Loud("Extra")
    path = tmp_path / "x.pkl"
    with nvidia_modules(), path.open("wb") as handle:
        pickle.dump({"G_ema": network}, handle)
    assert of(path).shape == (6, 16, 16, 3)
    assert not sentinel.exists()
