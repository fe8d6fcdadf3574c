"""log p of a continuation given its context by causal models of transformers, alone and in trees of what is shared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hf_models import byte_tokenizer, tiny

from genbench.core.model import Conditional
from genbench.models._prefixes import TOKENS, trees
from genbench.models._scoring import nats_of, shared_sums
from genbench.models._windows import Window, windows_behind
from genbench.models.hf import Hf

transformers = pytest.importorskip("transformers")

STORY = "Tom and Lily went to the"
CONTEXTS = [STORY, STORY, STORY, "Tom and Lily sat. ", "Tom", "", "", "x" * 70, "Tom "]
CONTINUATIONS = [" park", " house.", " p", "Why?", " and Lily went", "Tom", "", " y", "sat " * 30]


@pytest.fixture(scope="module", params=["gpt2", "llama", "gemma2"])
def path(request: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp(request.param)
    tiny(request.param).save_pretrained(place)
    byte_tokenizer(bos="<s>").save_pretrained(place)
    return str(place)


def plainly(path: str, context: str, continuation: str, window: int) -> tuple[float, int]:
    """As lm-evaluation-harness asks: tokens of both, the last window + 1 of them, and log p of those of the latter.

    And how many of these are each the first choice.
    """
    net = transformers.AutoModelForCausalLM.from_pretrained(path).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    bare = context.rstrip()
    ids = tokenizer(context + continuation, add_special_tokens=False)["input_ids"]
    begun = len(tokenizer(bare, add_special_tokens=False)["input_ids"])
    if not begun:
        ids, begun = [tokenizer.bos_token_id, *ids], 1
    behind = len(ids) - begun
    fed = ids[-(window + 1) :]
    with torch.no_grad():
        shares = net(torch.tensor([fed[:-1]])).logits[0].double().log_softmax(-1) if len(fed) > 1 else torch.zeros(0)
    places = range(len(fed) - 1 - behind, len(fed) - 1)
    first = sum(int(shares[p].argmax()) == fed[p + 1] for p in places)
    return float(sum(shares[p, fed[p + 1]] for p in places)), first


def test_a_continuation_is_scored_as_lm_evaluation_harness_does(path: str) -> None:
    model = Hf(path=path)
    assert isinstance(model, Conditional)
    found = model.log_prob_given(CONTEXTS[:8], CONTINUATIONS[:8])
    wanted = [plainly(path, c, o, 48) for c, o in zip(CONTEXTS[:8], CONTINUATIONS[:8])]
    np.testing.assert_allclose(found.nats, [nats for nats, _ in wanted], rtol=1e-5, atol=1e-6)
    assert found.counts["likeliest"].tolist() == [first for _, first in wanted]
    assert found.counts["token"].tolist() == [5, 7, 2, 5, 14, 3, 1, 2]  # the context's last space counts with "Why?"
    assert found.counts["byte"].tolist() == [5, 7, 2, 4, 14, 3, 1, 2]
    assert found.facts["bos"] == "given where there is no context, not scored"


def test_scoring_in_trees_equals_plain_scoring(path: str) -> None:
    """Shared context or none, one token or many, and many options of one question."""
    model = Hf(path=path)._loaded()
    rng = np.random.default_rng(0)
    stems = [rng.integers(3, 250, size=int(n)).tolist() for n in rng.integers(1, 30, size=12)]
    rows = [
        [*stems[int(rng.integers(12))], *rng.integers(3, 9, size=int(rng.integers(1, 12))).tolist()]
        for _ in range(20 if "gemma2" in path else 120)
    ]
    windows = [Window(i, row, int(rng.integers(0, len(row) - 1))) for i, row in enumerate(rows)]
    together, likeliest = shared_sums(model, windows, len(rows))
    np.testing.assert_allclose(together, nats_of(model, windows, len(rows)), rtol=1e-5, atol=1e-5)
    alone = shared_sums(replace(model, deepest=0), windows, len(rows))[1]
    np.testing.assert_array_equal(likeliest, alone)
    if "gemma2" in path:  # does more to its logits than a layer, so it is read row by row
        assert model.deepest == 0
        return
    assert model.deepest > 40
    fed = sum(len(tree.symbols) for tree in trees(windows))
    assert fed < 0.75 * sum(len(row) - 1 for row in rows)


def test_shared_beginnings_are_read_once_and_trees_stay_small() -> None:
    context = list(range(100))
    rows = [[*context, 200 + i, 300] for i in range(50)]
    (tree,) = trees([Window(i, row, 99) for i, row in enumerate(rows)])
    assert len(tree.symbols) == 100 + 50
    assert tree.depths[-1] == 100
    looks = tree.sees()
    assert looks[149].sum() == 101
    assert not looks[149, 120]
    assert sorted(tree.owners) == sorted(2 * list(range(50)))
    many = list(trees([Window(i, [i, *range(400)], 0) for i in range(9)]))
    assert [len(tree.symbols) for tree in many] == [400] * 9
    assert TOKENS < 800


def test_where_trees_cannot_be_read_rows_are_read_alone(path: str, monkeypatch: Any) -> None:
    whole = Hf(path=path).log_prob_given(CONTEXTS, CONTINUATIONS).nats
    monkeypatch.setattr("genbench.models._causal._reads_trees", lambda model: False)
    alone = Hf(path=path)
    assert alone._loaded().deepest == 0
    np.testing.assert_allclose(alone.log_prob_given(CONTEXTS, CONTINUATIONS).nats, whole, rtol=1e-5, atol=1e-5)


def test_a_row_longer_than_a_sliding_window_is_read_alone(tmp_path: Path) -> None:
    tiny("mistral", sliding_window=8).save_pretrained(tmp_path)
    byte_tokenizer(bos="<s>").save_pretrained(tmp_path)
    model = Hf(path=str(tmp_path))
    assert model._loaded().deepest == 8
    found = model.log_prob_given([STORY] * 2, [" park", " p"]).nats
    wanted = [plainly(str(tmp_path), STORY, o, 48)[0] for o in (" park", " p")]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


@pytest.mark.parametrize(("window", "stride"), [(8, 3), (8, 8), (5, 1), (200, 100)])
def test_a_continuation_longer_than_the_window_is_scored_once_token_by_token(window: int, stride: int) -> None:
    tokens = list(range(60))
    for begun in (1, 4, 30, 58, 60):
        windows = list(windows_behind(7, tokens, begun, (window, stride)))
        scored = [token for w in windows for token in w.tokens[w.first + 1 :]]
        assert scored == tokens[begun:]
        assert all(len(w.tokens) <= window + 1 and w.item == 7 and w.first >= 0 for w in windows)
        for w in windows:  # as much before the first scored token as the window allows, or half of it
            assert w.first + 1 >= min(begun, window // 2) or w.first >= min(window - stride, begun - 1)


def test_half_the_memory_does_for_half_the_items(path: str, monkeypatch: Any) -> None:
    """However long or many the texts: never more than so many tokens at once."""
    sizes: list[int] = []
    model = Hf(path=path)
    model._loaded().net.base_model.register_forward_pre_hook(
        lambda net, given, named: sizes.append(named["input_ids"].numel()), with_kwargs=True
    )
    monkeypatch.setattr("genbench.models._scoring.TOKENS", 150)
    model.log_prob(["a" * n for n in range(1, 40, 3)])
    model.log_prob(["abc" * 60] * 2)
    assert max(sizes) <= 150
    assert len(sizes) > 4
