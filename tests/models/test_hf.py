"""The `hf` family against transformers itself, and what it refuses; stories260K against llama2.c written in NumPy."""

from __future__ import annotations

import csv
import importlib.util
import json
import pickle
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hf_models import byte_tokenizer, tiny

from genbench.core.chance import sample_seeds
from genbench.core.errors import MissingExtra, ModelError, NotApplicable
from genbench.core.model import Completer, Density, Placeable, Sampler
from genbench.models.hf import Hf

transformers = pytest.importorskip("transformers")

ROOT = Path(__file__).parents[2]
SHARED = ROOT / ".." / "shared" / "data"
TEXTS = ["Once upon a time, there was a little dog.", "Hi", "", "The cat sat on a mat. " * 9, "café ☃ \U0001f600"]
STORY = "One day, Tom and his mom went to the park. Tom saw a big dog and wanted to play with it."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Folders of tiny models by kind; "plain" is a gpt2 whose tokenizer has no BOS."""
    made: dict[str, str] = {}

    def saved(kind: str) -> str:
        if kind not in made:
            place = tmp_path_factory.mktemp(kind)
            tiny("gpt2" if kind == "plain" else kind).save_pretrained(place)
            byte_tokenizer(bos=None if kind == "plain" else "<s>").save_pretrained(place)
            made[kind] = str(place)
        return made[kind]

    return saved


def plainly(path: str, text: str, start: int, window: int, stride: int) -> float:
    """log p of a text by transformers in the plainest way: one window after another, the last full, all logits."""
    net = transformers.AutoModelForCausalLM.from_pretrained(path).eval()
    ids = [start, *transformers.AutoTokenizer.from_pretrained(path)(text, add_special_tokens=False)["input_ids"]]
    said, nats = 1, 0.0
    for begin in range(0, len(ids), stride):
        begin = max(0, min(begin, len(ids) - 1 - window))
        fed = ids[begin : begin + window]
        with torch.no_grad():
            shares = net(torch.tensor([fed])).logits[0].double().log_softmax(-1)
        for place in range(len(fed)):
            target = begin + place + 1
            if said <= target < len(ids):
                nats += float(shares[place, ids[target]])
                said = target + 1
        if said == len(ids):
            break
    return nats


@pytest.mark.parametrize("kind", ["gpt2", "llama", "gemma2"])
@pytest.mark.parametrize(("window", "stride"), [(0, 0), (16, 16), (17, 5), (8, 1)])
def test_log_probabilities_are_those_of_a_plain_loop(folder: Any, kind: str, window: int, stride: int) -> None:
    found = Hf(path=folder(kind), window=window, stride=stride).log_prob(TEXTS)
    for text, nats in zip(TEXTS, found.nats, strict=True):
        wanted = plainly(folder(kind), text, 1, window or 48, stride or (window or 48) // 2)
        assert nats == pytest.approx(wanted, rel=1e-6, abs=1e-12)
    said = {"window": window or 48, "stride": stride or 24, "bos": "given, not scored", "eos": "not scored"}
    assert found.facts == said
    assert found.counts["token"].tolist() == [max(1, len(text.encode())) for text in TEXTS]
    assert found.counts["byte"].tolist() == found.counts["token"].tolist()
    assert found.counts["word"].tolist() == [9, 1, 1, 54, 3]
    assert not found.bound


@pytest.mark.parametrize("kind", ["gpt2", "llama", "gemma2"])
def test_neither_a_likelihood_nor_a_sample_depends_on_its_batch(folder: Any, kind: str) -> None:
    model = Hf(path=folder(kind), longest=30, top_k=60, top_p=0.95)
    alone = np.array([float(model.log_prob([text]).nats[0]) for text in TEXTS])
    np.testing.assert_allclose(model.log_prob(TEXTS).nats, alone, rtol=1e-5, atol=1e-9)
    seeds = sample_seeds(0, 12)
    together = model.sample(seeds)
    assert together == [model.sample([seed])[0] for seed in seeds]
    assert together[::-1] == model.sample(seeds[::-1])
    assert len(set(together)) == len(seeds)
    prompts = [STORY[:n] for n in (1, 30, 7, 0)]
    added = model.complete(prompts, seeds[:4])
    assert added == [model.complete([p], [s])[0] for p, s in zip(prompts, seeds[:4], strict=True)]


@pytest.mark.parametrize("near", [1e-3, 1e9])
def test_a_row_computed_again_by_itself_draws_the_same(folder: Any, near: float, monkeypatch: Any) -> None:
    """At 1e9 every choice counts as near and is made by the row alone, without a cache."""
    monkeypatch.setattr("genbench.models.hf.NEAR", {"float32": near})
    seeds = sample_seeds(3, 6)
    wanted = [Hf(path=folder("llama"), longest=20, top_k=9, top_p=0.8).sample([seed])[0] for seed in seeds]
    monkeypatch.undo()
    assert Hf(path=folder("llama"), longest=20, top_k=9, top_p=0.8).sample(seeds) == wanted


@pytest.mark.parametrize("kind", ["gpt2", "llama", "gemma2"])
def test_greedy_completion_is_that_of_generate(folder: Any, kind: str) -> None:
    prompts = ["The dog", "A", "Tom and his mom"]
    found = Hf(path=folder(kind), temperature=0.0, longest=20).complete(prompts, [0, 1, 2])
    net = transformers.AutoModelForCausalLM.from_pretrained(folder(kind)).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder(kind))
    for prompt, added in zip(prompts, found, strict=True):
        ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
        made = net.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=20, pad_token_id=0
        )
        assert added == tokenizer.decode(made[0, ids.shape[1] :], skip_special_tokens=True)


def test_tokens_are_drawn_as_often_as_the_model_says(folder: Any) -> None:
    """First tokens of 3,000 samples against softmax(logits / temperature), within top_k and top_p."""
    net = transformers.AutoModelForCausalLM.from_pretrained(folder("gpt2")).eval()
    with torch.no_grad():
        logits = net(torch.tensor([[1]])).logits[0, -1].double() / 0.7
    best = logits.topk(20)
    p = best.values.softmax(0)
    p = torch.where(p.cumsum(0) - p < 0.9, p, 0.0)
    wanted = (p / p.sum()).numpy()
    model = Hf(path=folder("gpt2"), temperature=0.7, top_k=20, top_p=0.9, longest=1)
    rows = model._generated([[1]] * 3000, sample_seeds(0, 3000), model._loaded().ends)
    drawn = np.bincount([row[1] if len(row) > 1 else 2 for row in rows], minlength=259)
    inside = drawn[best.indices.numpy()]
    assert inside.sum() == 3000
    assert (inside[wanted == 0] == 0).all()
    kept = wanted > 0
    chi_squared = float(((inside[kept] - 3000 * wanted[kept]) ** 2 / (3000 * wanted[kept])).sum())
    assert kept.sum() > 4
    assert chi_squared < kept.sum() + 5 * np.sqrt(2 * kept.sum())


def test_where_there_is_no_bos_the_eos_begins_a_text(folder: Any, tmp_path: Path) -> None:
    source = Path(folder("plain"))
    for file in source.iterdir():
        said = file.read_bytes()
        if file.name in ("config.json", "generation_config.json"):
            said = json.dumps(json.loads(said) | {"bos_token_id": None}).encode()
        (tmp_path / file.name).write_bytes(said)
    found = float(Hf(path=str(tmp_path)).log_prob([STORY[:20]]).nats[0])
    assert found == pytest.approx(plainly(str(tmp_path), STORY[:20], 2, 48, 24), rel=1e-6)


def test_with_neither_bos_nor_eos_the_first_token_is_not_scored_and_nothing_is_sampled(
    folder: Any, tmp_path: Path
) -> None:
    net = tiny("gpt2")
    net.config.bos_token_id = net.config.eos_token_id = None
    net.generation_config = transformers.GenerationConfig()
    net.save_pretrained(tmp_path)
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=byte_tokenizer(bos=None).backend_tokenizer)
    tokenizer.save_pretrained(tmp_path)
    model = Hf(path=str(tmp_path), longest=5)
    found = model.log_prob(["abc", "a"])
    with torch.no_grad():
        ids = torch.tensor([tokenizer("abc")["input_ids"]])
        shares = net(ids).logits[0].double().log_softmax(-1)
    assert found.nats[0] == pytest.approx(float(shares[0, ids[0, 1]] + shares[1, ids[0, 2]]), rel=1e-6)
    assert found.nats[1] == 0.0
    assert found.counts["token"].tolist() == [2, 1]
    assert found.facts["bos"] == "none, so the first token is not scored"
    with pytest.raises(NotApplicable, match="neither a BOS nor an EOS"):
        model.sample([0])
    assert len(model.complete(["ab"], [0])) == 1


def test_long_prompts_keep_their_end_and_a_full_window_ends_a_text(folder: Any) -> None:
    model = Hf(path=folder("llama"), longest=500, temperature=0.0)
    texts = model._generated([[1, 5, 6]], [0], model._loaded().ends)
    assert len(texts[0]) <= 48
    a, b = model.complete(["x" * 200 + STORY[-20:], "y" * 99 + STORY[-20:]], [0, 0])
    c = model.complete([STORY[-24:]], [0])[0]  # room is 48 - 24 bytes
    assert a != c  # the kept end begins with four x
    assert Hf(path=folder("llama"), longest=500, temperature=0.0).complete(["x" * 4 + STORY[-20:]], [0])[0] == a
    assert model.complete(["y" * 4 + STORY[-20:]], [0])[0] == b


@pytest.mark.parametrize("leads", [False, True])
def test_a_prompt_begins_as_its_tokenizer_begins_a_text(folder: Any, leads: bool) -> None:
    model = replace(Hf(path=folder("llama"))._loaded(), leads=leads)
    start, own = [1] * leads, model.tokens_of("abcdef")[1:]
    assert model.prompt_of("abcdef", 9) == [*start, *own]
    assert model.prompt_of("abcdef", 4) == [*start, *own[leads - 4 :]]
    assert model.prompt_of("", 4) == [1]


def test_capabilities_and_identity_need_neither_transformers_nor_weights(folder: Any, tmp_path: Path) -> None:
    model = Hf(path=folder("gpt2"))
    for capability in (Sampler, Density, Completer, Placeable):
        assert isinstance(model, capability)
    assert model.identity() == Hf(path=folder("gpt2")).identity() != Hf(path=folder("llama")).identity()
    code = (
        "import sys; from genbench.models.hf import Hf; "
        f"m = Hf(path={folder('gpt2')!r}); m.place('cpu'); m.identity(); "
        "print(sorted(n for n in sys.modules if n.split('.')[0] in ('transformers', 'tokenizers')))"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_half_precision_is_close_and_its_samples_do_not_depend_on_their_batch(folder: Any) -> None:
    whole, half = Hf(path=folder("llama")), Hf(path=folder("llama"), dtype="bfloat16", longest=15)
    np.testing.assert_allclose(half.log_prob(TEXTS).nats, whole.log_prob(TEXTS).nats, rtol=0.05)
    seeds = sample_seeds(0, 8)
    assert half.sample(seeds) == [half.sample([seed])[0] for seed in seeds]


def test_a_wrong_window_or_stride_is_told(folder: Any) -> None:
    with pytest.raises(ModelError, match="reads at most 48 tokens at once, got window 49"):
        Hf(path=folder("gpt2"), window=49).log_prob(["a"])
    with pytest.raises(ModelError, match="between 1 and the window of 8 tokens, got 9"):
        Hf(path=folder("gpt2"), window=8, stride=9).log_prob(["a"])


def refused(path: Path | str, match: str, **settings: Any) -> None:
    with pytest.raises(ModelError, match=match):
        Hf(path=str(path), **settings).log_prob(["a"])


def test_what_is_no_causal_model_is_refused_by_name(folder: Any, tmp_path: Path, monkeypatch: Any) -> None:
    refused(tmp_path / "nowhere", "there is no .*nowhere.*give a folder")
    with pytest.raises(ModelError, match="there is no"):
        Hf(path=str(tmp_path / "nowhere")).identity()
    refused(tmp_path, "cannot load")
    small = {"vocab_size": 259, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    bert = transformers.BertConfig(**small, intermediate_size=16, max_position_embeddings=48, initializer_range=0.5)
    classifier = transformers.BertForSequenceClassification(bert)
    for net, match in (
        (transformers.BertForMaskedLM(bert), "masked language model .BertForMaskedLM.; `hf` takes causal ones only"),
        (classifier, "no causal language model but BertForSequenceClassification"),
        (transformers.BertLMHeadModel(bert), "looks at later tokens"),
        (tiny("llama").model, "no causal language model but LlamaModel"),
    ):
        place = tmp_path / type(net).__name__
        net.save_pretrained(place)
        byte_tokenizer(bos="<s>").save_pretrained(place)
        refused(place, match)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    refused("nobody/no-such-model", "is no folder here, and the hub gave no config.json .* go online once")


def test_missing_weights_are_not_drawn_at_random(folder: Any, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    for file in Path(folder("llama")).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    weights = load_file(tmp_path / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    refused(tmp_path, "lacks 1 weights of its own model, model.layers.1.mlp.up_proj.weight")
    (tmp_path / "model.safetensors").write_bytes(b"not tensors")
    refused(tmp_path, "cannot load")


def pickled(folder: str, place: Path, *, hostile: bool) -> Path:
    """The model's folder with its weights as a pickle instead; a hostile one would leave a file behind."""
    from safetensors.torch import load_file

    for file in Path(folder).iterdir():
        if file.suffix != ".safetensors":
            (place / file.name).write_bytes(file.read_bytes())
    weights: dict[str, Any] = dict(load_file(Path(folder) / "model.safetensors"))
    if hostile:
        weights["payload"] = Payload(place / "was run")
    torch.save(weights, place / "pytorch_model.bin")
    return place


class Payload:
    """Unpickled without care, touches a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return Path.touch, (self.file,)


def test_a_pickle_of_tensors_loads_and_a_hostile_one_is_never_run(folder: Any, tmp_path: Path) -> None:
    for name in ("good", "bad"):
        (tmp_path / name).mkdir()
    good = pickled(folder("llama"), tmp_path / "good", hostile=False)
    np.testing.assert_allclose(
        Hf(path=str(good)).log_prob(TEXTS).nats, Hf(path=folder("llama")).log_prob(TEXTS).nats, rtol=1e-7
    )  # transformers opens the one, and our own reader the other
    bad = pickled(folder("llama"), tmp_path / "bad", hostile=True)
    refused(bad, "hold more than tensors, so they are not unpickled")
    assert not (bad / "was run").exists()
    with pytest.raises(pickle.UnpicklingError):
        torch.load(bad / "pytorch_model.bin", weights_only=True)
    torch.load(bad / "pytorch_model.bin", weights_only=False)
    assert (bad / "was run").exists()  # the payload does work


def test_code_beside_a_model_runs_only_where_the_suite_says_so(folder: Any, tmp_path: Path) -> None:
    for file in Path(folder("gpt2")).iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    said = json.loads((tmp_path / "config.json").read_text())
    said |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Own", "AutoModelForCausalLM": "own.Model"}}
    said |= {"architectures": ["Model"]}
    (tmp_path / "config.json").write_text(json.dumps(said))
    (tmp_path / "own.py").write_text(
        "from pathlib import Path\nfrom transformers import GPT2Config, GPT2LMHeadModel\n"
        f"Path({str(tmp_path / 'was run')!r}).touch()\n"
        "class Own(GPT2Config):\n    model_type = 'own'\n"
        "class Model(GPT2LMHeadModel):\n    config_class = Own\n"
    )
    refused(tmp_path, "trust_remote_code")
    assert not (tmp_path / "was run").exists()
    trusting = Hf(path=str(tmp_path), trust_remote_code=True).log_prob(TEXTS)
    assert (tmp_path / "was run").exists()
    np.testing.assert_allclose(trusting.nats, Hf(path=folder("gpt2")).log_prob(TEXTS).nats, rtol=1e-6)


def test_without_transformers_the_extra_is_named(folder: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, package=None: None)
    with pytest.raises(MissingExtra, match=r"needs the package transformers: pip install 'genbench\[hf\]'"):
        Hf(path=folder("gpt2")).log_prob(["a"])


# --- stories260K: a real model, small enough for a test ---


@pytest.fixture(scope="module")
def llama2c() -> ModuleType:
    """The converter, imported by its path."""
    spec = importlib.util.spec_from_file_location("convert_llama2c", ROOT / "benchmarks" / "convert_llama2c.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def raw() -> Path:
    place = SHARED / "stories260K"
    if not place.exists():
        pytest.skip("stories260K is not at ../shared/data")
    return place


@pytest.fixture(scope="module")
def stories(llama2c: ModuleType, raw: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("stories")
    return str(llama2c.convert(raw / "stories260K.bin", raw / "tok512.bin", out))


def encoded(text: str, pieces: list[tuple[bytes, float]]) -> list[int]:
    """`encode` of llama2.c: a space in front, characters or their bytes, then the best merge until there is none."""
    ids = {piece: i for i, (piece, _) in enumerate(pieces)}
    tokens: list[int] = []
    for character in (" " + text) if text else "":
        raw = character.encode()
        tokens += [ids[raw]] if raw in ids else [byte + 3 for byte in raw]
    while True:
        best, where = -1e10, -1
        for i in range(len(tokens) - 1):
            joined = ids.get(pieces[tokens[i]][0] + pieces[tokens[i + 1]][0])
            if joined is not None and pieces[joined][1] > best:
                best, where, made = pieces[joined][1], i, joined
        if where < 0:
            return tokens
        tokens[where : where + 2] = [made]


def forward(tokens: list[int], h: Any, w: dict[str, np.ndarray]) -> np.ndarray:
    """Log-probabilities [t V] by llama2.c's run.c in float64: neighbouring pairs turn, four queries share a key."""

    def norm(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-5) * weight

    def turned(x: np.ndarray) -> np.ndarray:  # [t heads side]
        speed = 10_000.0 ** (-np.arange(0, x.shape[2], 2) / x.shape[2])
        angle = np.arange(len(x))[:, None, None] * speed
        a, b = x[..., 0::2], x[..., 1::2]
        pair = np.stack([a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)], -1)
        return pair.reshape(x.shape)

    w = {name: array.astype(np.float64) for name, array in w.items()}
    t, side = len(tokens), h.width // h.heads
    x = w["embed"][tokens]
    for i in range(h.layers):
        y = norm(x, w["norm_att"][i])
        q = turned((y @ w["wq"][i].T).reshape(t, h.heads, side))
        k = turned((y @ w["wk"][i].T).reshape(t, h.kv_heads, side))
        v = (y @ w["wv"][i].T).reshape(t, h.kv_heads, side)
        k, v = (np.repeat(z, h.heads // h.kv_heads, axis=1) for z in (k, v))
        scores = np.einsum("ihe,jhe->hij", q, k) / np.sqrt(side) + np.triu(np.full((t, t), -np.inf), 1)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        x = x + np.einsum("hij,jhe->ihe", shares, v).reshape(t, -1) @ w["wo"][i].T
        y = norm(x, w["norm_ffn"][i])
        gate = y @ w["w1"][i].T
        x = x + (gate / (1 + np.exp(-gate)) * (y @ w["w3"][i].T)) @ w["w2"][i].T
    logits = norm(x, w["norm"]) @ w.get("wcls", w["embed"]).T
    top = logits.max(-1, keepdims=True)
    said: np.ndarray = logits - top - np.log(np.exp(logits - top).sum(-1, keepdims=True))
    return said


def strings() -> list[str]:
    """Stories, odd spaces, other scripts, emoji, bytes below 32, and 300 random mixtures."""
    rng = np.random.default_rng(0)
    letters = [*"aaaeeehtonsird  .,\n\"'!TLH", "é", "ñ", "“", "☃", "日", "\U0001f600", "\t", "<", "▁", "ł"]
    mixed = ["".join(rng.choice(letters, size=int(rng.integers(1, 60)))) for _ in range(300)]
    fixed = [STORY, " two  spaces ", "naïve Übermut", "中文字", "e\u0301", "\x07\x1b[0m", "<0x41> <unk", "the the the"]
    return [*fixed, *mixed, *TEXTS]


def test_its_tokenizer_cuts_as_llama2c_does_and_decoding_inverts_it(
    stories: str, llama2c: ModuleType, raw: Path
) -> None:
    pieces = llama2c.read_pieces(raw / "tok512.bin", 512)
    tokenizer = transformers.AutoTokenizer.from_pretrained(stories)
    for text in strings():
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert ids == encoded(text, pieces), text
        assert tokenizer.decode(ids) == text
    assert tokenizer(STORY)["input_ids"][0] == 1


def test_its_perplexity_is_that_of_a_plain_loop_and_of_llama2c(stories: str, llama2c: ModuleType, raw: Path) -> None:
    texts = [STORY, "Lily had a red ball.", STORY * 12, "café"]
    for window, stride in ((0, 0), (64, 48)):
        found = Hf(path=stories, window=window, stride=stride).log_prob(texts)
        for text, nats in zip(texts, found.nats, strict=True):
            wanted = plainly(stories, text, 1, window or 512, stride or 256)
            assert nats == pytest.approx(wanted, rel=1e-6)
    header, weights = llama2c.read_checkpoint(raw / "stories260K.bin")
    tokens = [1, *encoded(STORY, llama2c.read_pieces(raw / "tok512.bin", header.vocabulary))]
    shares = forward(tokens, header, weights)
    wanted = float(shares[np.arange(len(tokens) - 1), tokens[1:]].sum())
    nats = float(Hf(path=stories).log_prob([STORY]).nats[0])
    assert nats == pytest.approx(wanted, rel=1e-4)
    assert -nats / (len(tokens) - 1) < 2.0  # it has learned to write; a wrong rotation gives more than 4


def test_every_window_and_stride_scores_as_a_plain_loop_does(stories: str) -> None:
    """Of a short text: all windows up to its length and all strides up to each, nothing skipped or scored twice."""
    text = "Tom saw a big dog and ran."
    net = transformers.AutoModelForCausalLM.from_pretrained(stories).eval()
    ids = [1, *transformers.AutoTokenizer.from_pretrained(stories)(text, add_special_tokens=False)["input_ids"]]
    last, read = len(ids) - 1, {}
    for begin in range(last):
        with torch.no_grad():
            shares = net(torch.tensor([ids[begin:last]])).logits[0].double().log_softmax(-1)
        read[begin] = shares[range(last - begin), ids[begin + 1 :]].numpy()  # causal: a shorter window reads the same
    model = Hf(path=stories)
    for window in range(1, last + 2):
        for stride in range(1, window + 1):
            wanted, said = 0.0, 0
            for begin in range(0, last, stride):
                end = min(begin + window, last)
                full = max(0, end - window)
                wanted += float(read[full][said - full : end - full].sum())
                said = max(said, end)
            model.window, model.stride = window, stride
            assert float(model.log_prob([text]).nats[0]) == pytest.approx(wanted, rel=1e-5), (window, stride)


def test_a_checkpoint_cut_short_is_refused(llama2c: ModuleType, raw: Path, tmp_path: Path) -> None:
    (tmp_path / "short.bin").write_bytes((raw / "stories260K.bin").read_bytes()[:-4])
    with pytest.raises(ValueError, match="1056536 bytes, but its header"):
        llama2c.read_checkpoint(tmp_path / "short.bin")


def test_its_text_reads_as_stories(stories: str) -> None:
    greedy = Hf(path=stories, temperature=0.0, longest=120).sample([0])[0]
    assert greedy.startswith("Once upon a time, there was a little girl named Lily. She loved to play")
    drawn = Hf(path=stories, temperature=0.8, top_p=0.9, longest=120).sample(sample_seeds(0, 12))
    assert len(set(drawn)) == 12
    words = re.findall(r"\S+", " ".join(drawn))
    assert np.mean([bool(re.fullmatch(r"[\"'(]*[A-Za-z]+('[a-z]+)?[.,!?\"']*", word)) for word in words]) > 0.95
    for usual in ("was", "the", "and", "to", "She", "day"):
        assert usual in words
    added = Hf(path=stories, temperature=0.0, longest=20).complete(["Once upon a", 'Tom said, "I'], [0, 1])
    assert added[0].startswith(" time")
    assert added[1].startswith(" ")


def test_crows_pairs_run_on_it(stories: str) -> None:
    file = SHARED / "crows_pairs" / "crows_pairs_anonymized.csv"
    if not file.exists():
        pytest.skip("CrowS-Pairs is not at ../shared/data")
    with file.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))[:60]
    model = Hf(path=stories)
    more, less = (model.log_prob([row[side] for row in rows]).nats for side in ("sent_more", "sent_less"))
    assert np.isfinite(more).all()
    assert np.isfinite(less).all()
    assert (more < 0).all()
    assert 0.0 < float((more > less).mean()) < 1.0


def gguf(facts: dict[str, Any], tensors: dict[str, np.ndarray]) -> bytes:
    """A GGUF file, version 3, of float32 tensors: github.com/ggml-org/ggml/blob/master/docs/gguf.md."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    def value(x: Any) -> tuple[int, bytes]:  # (type, bytes)
        if isinstance(x, str):
            return 8, text(x)
        if isinstance(x, list):
            kind = value(x[0])[0]
            return 9, struct.pack("<IQ", kind, len(x)) + b"".join(value(element)[1] for element in x)
        return (6, struct.pack("<f", x)) if isinstance(x, float) else (4, struct.pack("<I", x))

    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(facts))
    for name, x in facts.items():
        kind, raw = value(x)
        head += text(name) + struct.pack("<I", kind) + raw
    body = b""
    for name, array in tensors.items():
        head += text(name) + struct.pack(f"<I{array.ndim}QIQ", array.ndim, *array.shape[::-1], 0, len(body))
        body += array.astype("<f4").tobytes().ljust(-(-array.nbytes // 32) * 32, b"\0")
    return head.ljust(-(-len(head) // 32) * 32, b"\0") + body


def test_a_gguf_file_says_the_same(stories: str, llama2c: ModuleType, raw: Path, tmp_path: Path) -> None:
    """GGUF keeps llama2.c's order of rows, so transformers' own reordering checks the converter's."""
    h, w = llama2c.read_checkpoint(raw / "stories260K.bin")
    pieces = llama2c.read_pieces(raw / "tok512.bin", h.vocabulary)
    facts: dict[str, Any] = {
        "general.architecture": "llama",
        "llama.context_length": h.context,
        "llama.embedding_length": h.width,
        "llama.block_count": h.layers,
        "llama.feed_forward_length": h.hidden,
        "llama.attention.head_count": h.heads,
        "llama.attention.head_count_kv": h.kv_heads,
        "llama.rope.dimension_count": h.width // h.heads,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.vocab_size": h.vocabulary,
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": ["<unk>", "<s>", "</s>", *(p.decode().replace(" ", "▁") for p, _ in pieces[3:])],
        "tokenizer.ggml.scores": [score for _, score in pieces],
        "tokenizer.ggml.token_type": [2, 3, 3, *[6] * 256, *[1] * (h.vocabulary - 259)],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
    }
    tensors = {"token_embd": w["embed"], "output_norm": w["norm"], "output": w["embed"]}
    for i in range(h.layers):
        for ours, theirs in (
            ("norm_att", "attn_norm"), ("wq", "attn_q"), ("wk", "attn_k"), ("wv", "attn_v"), ("wo", "attn_output"),
            ("norm_ffn", "ffn_norm"), ("w1", "ffn_gate"), ("w2", "ffn_down"), ("w3", "ffn_up"),
        ):  # fmt: skip
            tensors[f"blk.{i}.{theirs}"] = w[ours][i]
    file = tmp_path / "stories.gguf"
    file.write_bytes(gguf(facts, {f"{name}.weight": array for name, array in tensors.items()}))
    model = Hf(path=str(file))
    assert model.identity() != Hf(path=stories).identity()
    if absent := [package for package in ("gguf", "accelerate") if importlib.util.find_spec(package) is None]:
        with pytest.raises(MissingExtra, match=r"needs the package (gguf|accelerate): pip install 'genbench\[gguf\]'"):
            model.log_prob([STORY])
        pytest.skip(f"{' and '.join(absent)} not installed, which was told as it should be")
    np.testing.assert_allclose(
        model.log_prob([STORY, "Lily"]).nats, Hf(path=stories).log_prob([STORY, "Lily"]).nats, rtol=1e-5
    )
