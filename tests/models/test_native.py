"""Checkpoints opened without transformers: its own numbers, tokens and texts, or left to it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hf_models import byte_tokenizer, tiny

from genbench.models import _causal
from genbench.models._checkpoint import Source
from genbench.models._decoders import Memory
from genbench.models._native import opened
from genbench.models.hf import Hf

transformers = pytest.importorskip("transformers")

TEXTS = ["Once upon a time, there was a little dog.", "", "café ☃ \U0001f600", "a <s> b </s>", "The cat sat. " * 9]
KINDS: dict[str, dict[str, Any]] = {
    "gpt2": {},
    "gpt2 narrow": {"n_inner": 40},
    "llama": {"rms_norm_eps": 1e-5},
    "llama tied": {"tie_word_embeddings": True, "rope_parameters": {"rope_theta": 500.0, "rope_type": "default"}},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    made: dict[str, Path] = {}

    def saved(kind: str) -> Path:
        if kind not in made:
            made[kind] = tmp_path_factory.mktemp("native")
            tiny(kind.split()[0], **KINDS[kind]).save_pretrained(made[kind])
            byte_tokenizer(bos="<s>").save_pretrained(made[kind])
        return made[kind]

    return saved


def read(path: Path, dtype: str = "float32") -> Any:
    return opened(Source(str(path), "main", False), dtype)


@pytest.mark.parametrize("kind", KINDS)
def test_states_and_logits_are_those_of_transformers(folder: Any, kind: str) -> None:
    _, _, net = read(folder(kind))
    theirs = transformers.AutoModelForCausalLM.from_pretrained(folder(kind)).eval()
    symbols = torch.arange(80).reshape(2, 40) * 7 % 259
    with torch.inference_mode():
        wanted = theirs(symbols).logits
        torch.testing.assert_close(net(symbols).logits, wanted, rtol=1e-5, atol=1e-5 * float(wanted.std()))
        first = net.base_model(symbols[:, :17], use_cache=True)
        several = net.base_model(symbols[:, 17:30], use_cache=True, cache=first.cache)  # behind what is remembered
        one = net.base_model(symbols[:, 30:31], use_cache=True, cache=several.cache)
        made = net.lm_head(torch.cat([first.last_hidden_state, several.last_hidden_state, one.last_hidden_state], 1))
        torch.testing.assert_close(made, wanted[:, :31], rtol=1e-5, atol=1e-5 * float(wanted.std()))


def test_a_memory_holds_what_it_was_given_through_growth_and_lost_rows() -> None:
    draw, memory = torch.Generator().manual_seed(0), Memory(2)
    wanted = [torch.empty(4, 3, 0, 5)] * 4  # keys and values of two layers
    for t in (7, 1, 1, 60, *[1] * 40):
        fresh = [torch.randn(len(wanted[0]), 3, t, 5, generator=draw) for _ in range(4)]
        wanted = [torch.cat(both, dim=2) for both in zip(wanted, fresh, strict=True)]
        for i in (0, 1):
            for made, own in zip(memory.grown(i, *fresh[2 * i :][:2]), wanted[2 * i :], strict=False):
                torch.testing.assert_close(made, own, rtol=0, atol=0)
        assert len(memory) == wanted[0].shape[2]
        if len(memory) in (69, 90):
            rows = torch.tensor([0, 2, 3] if len(wanted[0]) == 4 else [2, 1])
            memory.reorder_cache(rows)
            wanted = [own[rows] for own in wanted]
    assert wanted[0].shape == (2, 3, 109, 5)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_long_text_is_read_as_by_transformers(folder: Any, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By one thread, attention is by blocks."""
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    _, _, net = read(folder("llama"))
    theirs = transformers.AutoModelForCausalLM.from_pretrained(folder("llama")).eval()
    symbols = torch.randint(3, 259, (2, 700), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        wanted = theirs(symbols).logits
        torch.testing.assert_close(net(symbols).logits, wanted, rtol=1e-5, atol=2e-5 * float(wanted.std()))


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_hf_does_with_it_is_as_by_transformers(
    folder: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {"path": str(folder(kind)), "longest": 12}

    def found() -> list[Any]:
        scorer, greedy = Hf(**settings, window=16, stride=7), Hf(**settings, temperature=0.0)
        contexts = scorer.tokens_of(["the cat", "a dog in"])
        return [
            scorer.log_prob(TEXTS).nats,
            scorer.token_log_probs(TEXTS).nats,
            greedy.log_prob_given(["The cat"] * 3, [" sat", " sang", ""]).nats,
            np.concatenate([one.ravel() for one in greedy.swap_gradients(contexts, [" sat.", " ran"])]),
            greedy.complete([*TEXTS[:3], "a"], range(4)),
            Hf(**settings, top_k=20).sample(range(6)),
            sorted(greedy._loaded().ends),
            greedy._loaded().longest,
            greedy._loaded().deepest,
        ]

    ours = found()
    assert type(Hf(**settings)._loaded().net).__module__ == "genbench.models._decoders"
    monkeypatch.setattr(_causal, "opened_here", lambda source, dtype: None)
    for mine, theirs in zip(ours, found(), strict=True):
        if isinstance(mine, np.ndarray):
            np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-5)
        else:
            assert mine == theirs


def test_a_text_is_cut_and_read_back_as_by_transformers(folder: Any) -> None:
    _, mine, _ = read(folder("llama"))
    theirs = transformers.AutoTokenizer.from_pretrained(folder("llama"))
    for specials in (True, False):
        for given in (*TEXTS, TEXTS):
            made = mine(given, add_special_tokens=specials)["input_ids"]
            assert made == theirs(given, add_special_tokens=specials)["input_ids"]
    for tokens in ([1, 70, 71, 2], list(range(3, 200)), []):
        assert mine.decode(tokens) == theirs.decode(tokens, clean_up_tokenization_spaces=False)
        wanted = theirs.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        assert mine.decode(tokens, skip_special_tokens=True) == wanted
    assert (mine.bos_token_id, mine.eos_token_id, len(mine)) == (1, 2, len(theirs))
    assert set(mine.all_special_ids) == set(theirs.all_special_ids)


def changed(path: Path, place: Path, file: str, **settings: Any) -> Path:
    """A copy of a folder with other settings in one of its files."""
    for each in path.iterdir():
        (place / each.name).write_bytes(each.read_bytes())
    said = json.loads((path / file).read_text(encoding="utf-8"))
    (place / file).write_text(json.dumps({**said, **settings}), encoding="utf-8")
    return place


@pytest.mark.parametrize(
    ("kind", "file", "settings"),
    [
        ("gpt2", "config.json", {"activation_function": "relu"}),
        ("gpt2", "config.json", {"scale_attn_by_inverse_layer_idx": True}),
        ("gpt2", "config.json", {"never_heard_of": 1}),
        ("gpt2", "config.json", {"auto_map": {"AutoModelForCausalLM": "code.Net"}}),
        ("gpt2", "config.json", {"n_layer": 3}),
        ("gpt2", "config.json", {"architectures": ["GPT2Model"]}),
        ("gpt2", "config.json", {"n_embd": None}),
        ("llama", "config.json", {"rope_parameters": {"rope_theta": 1e4, "rope_type": "linear", "factor": 2.0}}),
        ("llama", "config.json", {"rope_scaling": {"type": "linear", "factor": 2.0}}),
        ("llama", "config.json", {"attention_bias": True}),
        ("llama", "config.json", {"model_type": "mistral"}),
        ("llama", "tokenizer_config.json", {"tokenizer_class": "LlamaTokenizer"}),
        ("llama", "tokenizer_config.json", {"add_bos_token": True}),
        ("llama", "tokenizer_config.json", {"bos_token": "<begin>"}),
    ],
)
def test_what_is_not_wholly_known_is_left_to_transformers(
    folder: Any, tmp_path: Path, kind: str, file: str, settings: dict[str, Any]
) -> None:
    assert read(folder(kind)) is not None
    assert read(changed(folder(kind), tmp_path, file, **settings)) is None


def test_other_precisions_and_spoiled_or_absent_files_are_left_to_transformers(folder: Any, tmp_path: Path) -> None:
    assert read(folder("gpt2"), "bfloat16") is None
    place = changed(folder("gpt2"), tmp_path, "config.json")
    (place / "model.safetensors").write_bytes(b"\x08" * 40)
    assert read(place) is None
    (place / "model.safetensors").unlink()
    assert read(place) is None
    assert read(tmp_path / "config.json") is None


def test_scoring_imports_neither_transformers_nor_torchs_compiler(folder: Any) -> None:
    code = (
        "import sys; from genbench.models.hf import Hf; "
        f"model = Hf(path={str(folder('gpt2'))!r}); model.log_prob(['a b']); model.complete(['a'], [0]); "
        "print(sorted({n.split('.')[0] for n in sys.modules} & {'transformers', 'sympy'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
