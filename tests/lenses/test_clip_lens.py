"""The CLIP lens: the model's own projected embeddings at length 1, from either kind of folder; others are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from genbench.core.errors import LensError
from genbench.core.evidence import Features
from genbench.core.lens import Describes
from genbench.core.score import Estimate
from genbench.lenses.image.clip import Clip
from genbench.probes.quality.mmd import mmd

transformers = pytest.importorskip("transformers", reason="the extra `hf` is not installed")
SMALL = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
VISION = {**SMALL, "image_size": 24, "patch_size": 8, "projection_dim": 12}
RNG = np.random.default_rng(0)
ITEMS = [RNG.integers(0, 256, shape, dtype=np.uint8) for shape in ((24, 24, 3), (30, 40, 1), (24, 24, 3), (8, 8, 1))]


@pytest.fixture(scope="module")
def vision(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vision half with projection, its weights drawn at random, as it lies on disk."""
    folder = tmp_path_factory.mktemp("vision")
    torch.manual_seed(0)
    config = transformers.CLIPVisionConfig(**VISION)
    transformers.CLIPVisionModelWithProjection(config).save_pretrained(folder)
    return folder


def test_embeddings_are_the_models_own_at_length_one(vision: Path) -> None:
    lens = Clip(path=str(vision))
    square = [ITEMS[0], ITEMS[2]]  # no resizing
    mean, spread = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    x = torch.from_numpy(((np.stack(square) / 255.0 - mean) / spread).astype(np.float32).transpose(0, 3, 1, 2))
    with torch.inference_mode():
        expected = transformers.CLIPVisionModelWithProjection.from_pretrained(vision).eval()(pixel_values=x)
    expected = expected.image_embeds.numpy()
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert np.allclose(lens.features(square), expected, atol=1e-5)
    alone = np.concatenate([lens.features([item]) for item in ITEMS])
    assert np.allclose(lens.features(ITEMS), alone, atol=1e-5)
    assert np.linalg.norm(alone, axis=1) == pytest.approx(np.ones(4))


def test_a_whole_clip_gives_what_its_vision_half_gives(tmp_path: Path) -> None:
    torch.manual_seed(1)
    config = transformers.CLIPConfig(
        text_config={**SMALL, "vocab_size": 50, "projection_dim": 12}, vision_config=VISION, projection_dim=12
    )
    whole = transformers.CLIPModel(config)
    whole.save_pretrained(tmp_path / "whole")
    half = transformers.CLIPVisionModelWithProjection.from_pretrained(tmp_path / "whole")
    half.save_pretrained(tmp_path / "half")
    found = [Clip(path=str(tmp_path / name)).features(ITEMS) for name in ("whole", "half")]
    assert np.allclose(found[0], found[1], atol=1e-6)
    assert found[0].shape == (4, 12)
    assert Clip(path=str(tmp_path / "whole")).identity() != Clip(path=str(tmp_path / "half")).identity()


def test_through_it_the_kernel_distance_tells_noise_from_flat_images(vision: Path) -> None:
    lens = Clip(path=str(vision))
    noise = [RNG.integers(0, 256, (24, 24, 3), dtype=np.uint8) for _ in range(60)]
    flat = [np.full((24, 24, 3), int(g), np.uint8) for g in RNG.integers(0, 256, 30)]
    a, b, c = (Features(lens.features(items)) for items in (noise[:30], noise[30:], flat))
    same, other = (mmd(side, a, a)["thousandths"] for side in (b, c))
    assert isinstance(same, Estimate)
    assert isinstance(other, Estimate)
    assert same.interval is not None
    assert same.interval.low <= 0 <= same.interval.high
    assert other.interval is not None
    assert other.interval.low > 0
    assert lens.__genbench__.titles["quality.mmd.thousandths"] == "CMMD"  # type: ignore[attr-defined]


def test_what_is_no_clip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LensError, match="cannot load a CLIP model"):
        Clip(path=str(tmp_path)).features(ITEMS)
    config = transformers.ViTConfig(**SMALL, image_size=24, patch_size=8)
    transformers.ViTModel(config).save_pretrained(tmp_path / "vit")
    with pytest.raises(LensError, match=r"holds a 'vit': the lens image\.hf"):
        Clip(path=str(tmp_path / "vit")).features(ITEMS)
    torch.manual_seed(2)
    transformers.CLIPVisionModel(transformers.CLIPVisionConfig(**VISION)).save_pretrained(tmp_path / "bare")
    with pytest.raises(LensError, match="visual_projection"):
        Clip(path=str(tmp_path / "bare")).features(ITEMS)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole CLIP with a tokenizer of six words, its weights drawn at random."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    folder = tmp_path_factory.mktemp("reader")
    words = {word: i for i, word in enumerate(("[unk]", "[start]", "[end]", "a", "black", "white", "square"))}
    inner = Tokenizer(models.WordLevel(words, unk_token="[unk]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing(
        single="[start] $A [end]", special_tokens=[("[start]", 1), ("[end]", 2)]
    )
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, unk_token="[unk]", bos_token="[start]", eos_token="[end]", pad_token="[end]"
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    text = {**SMALL, "vocab_size": len(words), "projection_dim": 12, "max_position_embeddings": 8}
    text |= {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2}
    config = transformers.CLIPConfig(text_config=text, vision_config=VISION, projection_dim=12)
    transformers.CLIPModel(config).save_pretrained(folder)
    return folder


def test_texts_lie_in_the_space_of_images_as_the_model_itself_puts_them(reader: Path) -> None:
    lens, texts = Clip(path=str(reader)), ["a black square", "white", "a white square a white square a white square"]
    found = lens.text_features(texts)
    assert isinstance(lens, Describes)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(3))
    alone = np.concatenate([lens.text_features([text]) for text in texts])
    assert np.allclose(found, alone, atol=1e-5)
    whole = transformers.CLIPModel.from_pretrained(reader).eval()
    square = [ITEMS[0], ITEMS[2]]
    mean, spread = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    x = torch.from_numpy(((np.stack(square) / 255.0 - mean) / spread).astype(np.float32).transpose(0, 3, 1, 2))
    with torch.inference_mode():
        both = whole(input_ids=torch.tensor([[1, 3, 4, 6, 2]]), pixel_values=x)
    cosines = both.logits_per_image.numpy()[:, 0] / whole.logit_scale.exp().item()
    assert np.allclose(lens.features(square) @ found[0], cosines, atol=1e-5)


def test_a_vision_half_reads_no_texts(vision: Path) -> None:
    with pytest.raises(LensError, match="read"):
        Clip(path=str(vision)).text_features(["a black square"])
