"""A model that is asked: each answer comes back to its own question, made once, whatever the order of the work."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genbench.core.catalogue import find
from genbench.core.data import Pair, Prompt, Question, Script
from genbench.core.evidence import LogProbs
from genbench.core.model import Contrast, Message
from genbench.core.score import Environment
from genbench.meters.ledger import Ledger
from genbench.meters.null import NullMeter
from genbench.results.store import Cache, Header, RunFolder
from genbench.run.account import Account
from genbench.run.asked import Asked
from genbench.run.build import BuiltModel
from genbench.run.inquiry import Inquiry
from genbench.run.plan import PlannedModel
from genbench.run.voice import Voice


class Counter:
    """Prefers what shares letters with the context; answers with lengths; replies with what it heard."""

    calls = 0

    def log_prob_given(self, contexts: Sequence[str], continuations: Sequence[str]) -> LogProbs:
        Counter.calls += 1
        nats = [len(set(c) & set(o)) - float(len(o)) for c, o in zip(contexts, continuations, strict=True)]
        size = np.array([len(o.encode()) for o in continuations])
        return LogProbs(np.array(nats), {"byte": size}, facts={"window": len(contexts)})

    def log_prob(self, items: Sequence[str]) -> LogProbs:
        return LogProbs(np.array([-float(len(i)) for i in items]), {"byte": np.array([len(i) for i in items])})

    def complete(self, prompts: Sequence[str], seeds: Sequence[int]) -> list[str]:
        return [f"{len(prompt)}/{seed}" for prompt, seed in zip(prompts, seeds, strict=True)]

    def reply(self, histories: Sequence[Sequence[Message]], seeds: Sequence[int]) -> list[str]:
        return [" ".join(message.role[0] + message.text for message in heard) for heard in histories]


class Masked:
    def contrast(self, pairs: Sequence[Pair]) -> Contrast:
        first, second = (np.array([float(len(p[side])) for p in pairs]) for side in (0, 1))
        return Contrast(first, second, "length")


AskedOf = Callable[..., Asked]


@pytest.fixture
def asked_of(tmp_path: Path) -> Iterator[AskedOf]:
    """Asks an object through a real account, whose cache and ledger forget nothing."""
    where = Environment("0", "r", False, "3.11", "linux", "cpu", {})
    folder = RunFolder.create(
        tmp_path / "run", Header("asked", "2026-01-02T03:04:05Z", {}, "", where, 0, "genbench", "0")
    )
    with Ledger(NullMeter()) as ledger:
        account = Account(Cache(tmp_path / "cache"), ledger, folder)

        def ask(found: object, batch: int = 2, digest: str = "digest") -> Asked:
            planned = PlannedModel("model", find("model", "ngram"), {}, "some", "text", 0, type(found))
            return Asked(BuiltModel(planned, found, digest), account, Voice(quiet=True), batch)

        yield ask


def about(items: Sequence[Any]) -> Inquiry:
    n = len(items)
    return Inquiry("some", items, tuple(map(str, range(n))), ("all",) * n, ["some"])


QUESTIONS = [
    Question("zebra", ("z", "brass", "yyy"), 1, {"kind": "a"}),
    Question("ant", ("tan", "q"), 0),
    Question("", ("long option",)),
]


@pytest.mark.parametrize("batch", [1, 2, 64])
def test_each_option_comes_back_to_its_own_question(batch: int, asked_of: AskedOf) -> None:
    found = asked_of(Counter(), batch).choices(about(QUESTIONS))
    assert found.sizes.tolist() == [3, 2, 1]
    assert found.answers.tolist() == [1, 0, -1]
    for i, question in enumerate(QUESTIONS):
        for j, option in enumerate(question.options):
            assert found.nats[i, j] == len(set(question.context) & set(option)) - len(option)
            assert found.counts["byte"][i, j] == len(option)
        assert np.all(np.isneginf(found.nats[i, len(question.options) :]))
    assert found.facts[0] == {"kind": "a"}


def test_facts_that_differ_between_batches_are_all_said(asked_of: AskedOf) -> None:
    found = asked_of(Counter(), 4).choices(about(QUESTIONS))
    assert "window 4 or 2" in found.definition


def test_what_was_asked_once_is_not_asked_again(asked_of: AskedOf) -> None:
    asked = asked_of(Counter())
    asked.choices(about(QUESTIONS))
    before = Counter.calls
    asked.choices(about(QUESTIONS))
    assert Counter.calls == before


def test_answers_come_back_in_order_each_with_a_seed_of_its_own(asked_of: AskedOf) -> None:
    prompts = [Prompt("a long prompt", ("right",)), Prompt("b"), Prompt("medium")]
    found = asked_of(Counter()).completions(about(prompts), seed=3)
    assert [text.split("/")[0] for text in found.texts] == ["13", "1", "6"]
    assert len({text.split("/")[1] for text in found.texts}) == 3
    assert found.references == (("right",), (), ())
    assert asked_of(Counter(), 1, "again").completions(about(prompts), seed=3).texts == found.texts
    assert asked_of(Counter()).completions(about(prompts), seed=4).texts != found.texts


def test_a_conversation_hears_all_that_was_said_before(asked_of: AskedOf) -> None:
    found = asked_of(Counter()).dialogues(about([Script(("hi", "why")), Script(("one",))]), seed=0)
    assert found.replies == (("uhi", "uhi auhi uwhy"), ("uone",))


def test_a_models_own_contrast_is_preferred_and_named(asked_of: AskedOf) -> None:
    pairs = [Pair("aaa", "b", "stereo"), Pair("a", "bb", "antistereo")]
    masked = asked_of(Masked()).pairs(about(pairs))
    assert (masked.first.tolist(), masked.second.tolist(), masked.definition) == ([3.0, 1.0], [1.0, 2.0], "length")
    whole = asked_of(Counter()).pairs(about(pairs))
    assert whole.first.tolist() == [-3.0, -1.0]
    assert whole.directions == ("stereo", "antistereo")


def test_what_follows_the_change_is_asked_given_all_before_it(asked_of: AskedOf) -> None:
    pairs = [Pair("he is odd", "she is odd"), Pair("a man", "a woman"), Pair("Her job ends", "his job ends")]
    found = asked_of(Counter()).pairs(about(pairs))
    assert found.changes == ("he / she", "man / woman", "her / his")
    assert found.after_first is not None
    assert found.after_second is not None
    # letters that " is odd" and " job ends" share with what stands before, less length: of "he" none, of "she" an s
    assert found.after_first.tolist()[::2] == [-7.0, -8.0]
    assert found.after_second.tolist()[::2] == [-6.0, -8.0]
    assert np.isnan([found.after_first[1], found.after_second[1]]).all()  # nothing follows
    assert asked_of(Masked()).pairs(about(pairs)).after_first is None


def test_where_each_change_is_made_both_ways_whole_statements_are_compared(asked_of: AskedOf) -> None:
    there = [Pair(f"the {x} said she came", f"the {x} said he came") for x in "abcde"]
    back = [Pair(f"the {x} said he came", f"the {x} said she came") for x in "fghi"]
    found = asked_of(Counter()).pairs(about(there + back))
    assert found.after_first is None
    assert "made both ways" in found.definition
    less = asked_of(Counter(), 2, "again").pairs(about(there + back[:3]))  # 6 of 8 are undone by another
    assert less.after_first is not None
    assert "both ways" not in less.definition
