"""A pipeline of diffusers by path: real tiny pipelines with drawn weights, honest seeds, and nothing run from files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from genbench.core.errors import ModelError
from genbench.core.lens import Identified
from genbench.core.model import Density, Fittable, Illustrator, Placeable, Sampler
from genbench.models.diffusers import INDEX, Diffusers, own_generator

diffusers = pytest.importorskip("diffusers", reason="needs the package diffusers: pip install 'genbench[diffusers]'")

SEEDS = [5, 6 + (7 << 32), 2**62]


@pytest.fixture(scope="module")
def unconditional(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    net = diffusers.UNet2DModel(
        sample_size=8, in_channels=3, out_channels=3, layers_per_block=1, block_out_channels=(8, 8), norm_num_groups=4,
        down_block_types=("DownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "UpBlock2D"),
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("ddpm")
    diffusers.DDPMPipeline(net, diffusers.DDPMScheduler(num_train_timesteps=20)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def captioned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stable Diffusion's own parts, each as small as they come."""
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("sd")
    letters = [chr(c) for c in range(97, 123)]
    words = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.CLIPTokenizer(
        vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"), model_max_length=16
    )
    sizes = {"hidden_size": 8, "intermediate_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1}
    text = transformers.CLIPTextModel(
        transformers.CLIPTextConfig(vocab_size=len(words), max_position_embeddings=16, eos_token_id=1, **sizes)
    )
    unet = diffusers.UNet2DConditionModel(
        sample_size=8, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=(8, 8), norm_num_groups=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=8, attention_head_dim=4,
    )  # fmt: skip
    vae = diffusers.AutoencoderKL(block_out_channels=(8,), norm_num_groups=4, latent_channels=4, sample_size=8)
    pipeline = diffusers.StableDiffusionPipeline(
        vae=vae, text_encoder=text, tokenizer=tokenizer, unet=unet,
        scheduler=diffusers.DDIMScheduler(clip_sample=False, steps_offset=1),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipeline.save_pretrained(folder / "whole")
    return folder / "whole"


def test_a_pipeline_of_noise_samples_and_illustrates_nothing(unconditional: Path) -> None:
    model = Diffusers(path=str(unconditional), steps=4)
    assert model.unwrap() is model
    assert model.stands_for() is Diffusers
    for capability in (Sampler, Placeable, Identified):
        assert isinstance(model, capability)
    for capability in (Illustrator, Density, Fittable):
        assert not isinstance(model, capability)


def test_a_sample_is_its_seeds_alone_and_diffusers_own(unconditional: Path) -> None:
    model = Diffusers(path=str(unconditional), steps=4)
    together = np.stack(model.sample(SEEDS)).astype(int)
    apart = np.stack([model.sample([seed])[0] for seed in SEEDS]).astype(int)
    assert together.shape == (3, 8, 8, 3)
    assert np.abs(together - apart).max() <= 1
    assert np.abs(together[0] - together[1]).max() > 20
    own = diffusers.DDPMPipeline.from_pretrained(str(unconditional))
    own.set_progress_bar_config(disable=True)
    made = own(generator=own_generator(SEEDS[1]), num_inference_steps=4, output_type="np").images[0]
    assert np.abs(np.rint(made * 255) - together[1]).max() <= 1
    assert Diffusers(path=str(unconditional), steps=4, size=12).sample(SEEDS[:1])[0].shape == (12, 12, 3)
    longer = np.stack(Diffusers(path=str(unconditional), steps=8).sample(SEEDS)).astype(int)
    assert np.abs(longer - together).max() > 5


def test_seeds_that_share_32_bits_are_no_twins() -> None:
    one, other = (torch.randn(8, generator=own_generator(3 + (k << 32))) for k in (1, 2))
    assert not torch.allclose(one, other)
    torch.testing.assert_close(torch.randn(8, generator=own_generator(3 + (1 << 32))), one)


def test_a_pipeline_with_a_tokenizer_illustrates(captioned: Path) -> None:
    given = Diffusers(path=str(captioned), steps=2, guidance_scale=3.0, prompt="a dog")
    model = given.unwrap()
    assert given.stands_for() is type(model)
    assert isinstance(model, Illustrator)
    captions = ["a dog", "a cat", "zebras"]
    made = np.stack(model.illustrate(captions, [7, 7, 7])).astype(int)
    assert made.shape == (3, 8, 8, 3)
    assert np.abs(made[0] - made[1]).max() > 0  # the same noise, other words
    assert np.abs(np.stack(model.sample([7])).astype(int) - made[0]).max() <= 1
    apart = np.stack([model.illustrate(captions[i : i + 1], [7])[0] for i in range(3)]).astype(int)
    assert np.abs(made - apart).max() <= 1


def test_another_weight_is_another_identity(unconditional: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(unconditional, tmp_path / "copy"))
    assert Diffusers(path=str(copy)).identity() == Diffusers(path=str(unconditional)).identity()
    index = copy / "scheduler" / "scheduler_config.json"
    index.write_text(index.read_text().replace("0.02", "0.03"))
    assert Diffusers(path=str(copy)).identity() != Diffusers(path=str(unconditional)).identity()


def test_what_would_run_code_is_refused_by_name(unconditional: Path, tmp_path: Path) -> None:
    sentinel = tmp_path / "ran"
    for number, (part, kind, words) in enumerate([
        ("unet", ["os", "system"], r"asks for os\.system as its unet, refused"),
        ("unet", ["hostile", "Net"], r"asks for hostile\.Net as its unet, refused"),
        ("_class_name", ["hostile", "Net"], "code of the folder is not run"),
        ("_class_name", "UNet2DModel", "has no pipeline 'UNet2DModel'"),
        ("unet", ["../x", "Net"], r"asks for \['../x', 'Net'\]"),
    ]):  # fmt: skip
        copy = Path(shutil.copytree(unconditional, tmp_path / f"copy{number}"))
        for place in (copy, copy / "unet"):
            (place / "hostile.py").write_text(f"open({str(sentinel)!r}, 'w')\nclass Net: pass\n")
        index = json.loads((copy / INDEX).read_text())
        (copy / INDEX).write_text(json.dumps({**index, part: kind}))
        with pytest.raises(ModelError, match=words):
            Diffusers(path=str(copy)).sample([0])
    assert not sentinel.exists()


def test_pickled_weights_and_other_folders_are_refused(unconditional: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(unconditional, tmp_path / "copy"))
    (copy / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    torch.save({}, copy / "unet" / "diffusion_pytorch_model.bin")
    with pytest.raises(ModelError, match="diffusers cannot load"):
        Diffusers(path=str(copy)).sample([0])
    with pytest.raises(ModelError, match=r"no folder with a readable model_index\.json"):
        Diffusers(path=str(tmp_path / "none")).stands_for()
    with pytest.raises(ModelError, match="steps and size are at least 0"):
        Diffusers(path=".", steps=-1)


def test_settings_that_a_pipeline_does_not_know_are_said(unconditional: Path) -> None:
    with pytest.raises(ModelError, match=r"DDPMPipeline does not make images of .*guidance_scale"):
        Diffusers(path=str(unconditional), guidance_scale=3.0, steps=1).sample([0])
