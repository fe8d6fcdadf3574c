"""An encoder-decoder of transformers against its own plain forward pass and `generate`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hf_models import encoder_decoder

from genbench.core.model import Completer, Conditional, Contrasts, Density, Placeable, Sampler
from genbench.models.hf import Hf

transformers = pytest.importorskip("transformers")

CONTEXTS = ["translate: a dog", "a", "translate: a dog", "", "longer than the others by a good deal"]
CONTINUATIONS = ["ein Hund", "b", " oder", "x", ""]


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> str:
    return encoder_decoder(Path(tmp_path_factory.mktemp("t5")))


def test_what_it_can_do_is_known_from_its_configuration_alone(t5: str) -> None:
    kind = Hf(path=t5).stands_for()
    for can in (Completer, Conditional, Placeable):
        assert issubclass(kind, can)
    for cannot in (Density, Sampler, Contrasts):
        assert not issubclass(kind, cannot)
    assert isinstance(Hf(path=t5).unwrap(), kind)


def test_continuations_are_scored_as_by_a_plain_pass(t5: str) -> None:
    net = transformers.AutoModelForSeq2SeqLM.from_pretrained(t5).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(t5)
    contexts = [c or "?" for c in CONTEXTS]
    found = Hf(path=t5).unwrap().log_prob_given(contexts, CONTINUATIONS)
    for context, continuation, nats, likeliest in zip(contexts, CONTINUATIONS, found.nats, found.counts["likeliest"]):
        read, said = (tokenizer(text)["input_ids"] for text in (context, continuation))
        wanted, first = 0.0, 0
        if said:
            with torch.no_grad():
                logits = net(input_ids=torch.tensor([read]), decoder_input_ids=torch.tensor([[0, *said[:-1]]])).logits
            wanted = float(logits[0].double().log_softmax(-1)[range(len(said)), said].sum())
            first = int((logits[0].argmax(-1) == torch.tensor(said)).sum())
        assert nats == pytest.approx(wanted, rel=1e-5, abs=1e-6)
        assert likeliest == first
    assert found.counts["token"].tolist() == [8, 1, 5, 1, 1]
    assert found.facts["eos"] == "not scored"


def test_greedy_completions_are_those_of_generate(t5: str) -> None:
    net = transformers.AutoModelForSeq2SeqLM.from_pretrained(t5).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(t5)
    model = Hf(path=t5, temperature=0.0, longest=12).unwrap()
    prompts = CONTEXTS[:2]
    for prompt, text in zip(prompts, model.complete(prompts, [0, 1])):
        made = net.generate(torch.tensor([tokenizer(prompt)["input_ids"]]), do_sample=False, max_new_tokens=12)
        assert text == tokenizer.decode(made[0, 1:], skip_special_tokens=True)


def test_a_completion_is_its_prompt_and_seed_alone(t5: str) -> None:
    model = Hf(path=t5, longest=10).unwrap()
    together = model.complete(CONTEXTS[:3], [1, 2, 3])
    assert together == [model.complete([p], [s])[0] for p, s in zip(CONTEXTS, [1, 2, 3])]
    assert together[0] != together[2]
    np.testing.assert_array_equal(model.complete(CONTEXTS[:3], [1, 2, 3]), together)
