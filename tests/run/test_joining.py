"""Single tokens of a batch come back to their own items; a model that cannot tell them is skipped with the reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from genbench.core.evidence import ShadowLogProbs, TokenLogProbs, Verdicts
from genbench.core.probe import Need
from genbench.models.copycat import Copycat
from genbench.models.gpt import Gpt
from genbench.models.shadows import Shadows
from genbench.run.joining import joined_shadows, joined_tokens, joined_verdicts
from genbench.run.roles import unmet


def part(rows, fact):
    flat = np.array([x for row in rows for x in row], dtype=np.float64)
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    counts = {"byte": np.array([100 + len(row) for row in rows])}
    return TokenLogProbs(flat, flat - 10, flat + 10, offsets, counts, (), {"window": fact}, (-flat).astype(np.int64))


def test_each_item_gets_its_own_tokens_back():
    items = [[-1.0, -2.0, -3.0], [], [-4.0], [-5.0, -6.0]]
    order = [1, 2, 3, 0]  # by length, in batches of 3 and 1
    found = joined_tokens([part([items[i] for i in order[:3]], 7), part([items[0]], 8)], np.argsort(order))
    assert found.offsets.tolist() == [0, 3, 3, 4, 6]
    for i, row in enumerate(items):
        own = slice(found.offsets[i], found.offsets[i + 1])
        assert found.nats[own].tolist() == row
        assert found.means[own].tolist() == [x - 10 for x in row]
        assert found.deviations[own].tolist() == [x + 10 for x in row]
        assert found.ranks is not None
        assert found.ranks[own].tolist() == [-x for x in row]
    assert found.counts["byte"].tolist() == [103, 100, 101, 102]
    assert found.facts == {"window": "7 or 8"}


def test_ranks_that_one_part_does_not_tell_are_told_of_none():
    silent = replace(part([[-1.0]], 7), ranks=None)
    assert joined_tokens([part([[-2.0]], 7), silent], np.arange(2)).ranks is None


def test_who_can_tell_single_tokens():
    need = Need("train", "train", TokenLogProbs)
    assert unmet(need, Gpt, None, None) is None
    assert "no log-probabilities of single tokens" in (unmet(need, Copycat, None, None) or "")


def test_a_model_and_its_shadows_come_back_item_by_item():
    nats, inside = np.array([3.0, 1.0, 2.0, 0.0]), np.array([[True, False, True, False]] * 2)
    whole = ShadowLogProbs(nats, np.stack([nats + 10, nats + 20]), inside, {"byte": np.arange(4)})
    order = [3, 1, 2, 0]

    def some(which):
        return ShadowLogProbs(nats[which], whole.shadows[:, which], inside[:, which], {"byte": np.arange(4)[which]})

    found = joined_shadows([some(order[:3]), some(order[3:])], np.argsort(order))
    for name in ("nats", "shadows", "inside"):
        assert np.array_equal(getattr(found, name), getattr(whole, name))
    assert found.counts["byte"].tolist() == [0, 1, 2, 3]
    need = Need("train", "train", ShadowLogProbs)
    assert unmet(need, Shadows, None, None) is None
    assert "the family `shadows` trains some" in (unmet(need, Copycat, None, None) or "")


def test_verdicts_come_back_in_the_order_of_their_items():
    order = [2, 0, 1]
    parts = [Verdicts(np.array([2.0, 0.0]), "logit"), Verdicts(np.array([1.0]), "logit")]
    found = joined_verdicts(parts, np.argsort(order))
    assert found.scores.tolist() == [0.0, 1.0, 2.0]
    assert found.definition == "logit"
