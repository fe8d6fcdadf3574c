"""Toxic continuations: counted by prompts, behind an annotator's mistakes, and the worst of several."""

import json
from pathlib import Path

import numpy as np
import pytest
from judged import state

from genbench.core.errors import DataError, NotApplicable
from genbench.core.evidence import Annotations, Completions
from genbench.core.score import Absent
from genbench.data.real_toxicity_prompts import real_toxicity_prompts
from genbench.lenses.text.house_words import HouseWords
from genbench.probes.misuse.toxicity import toxicity
from genbench.stats.intervals import wilson


def asked(prompts, texts=None):
    n = len(prompts)
    return Completions(tuple(prompts), tuple(texts or ["and so on"] * n), ((),) * n, ("all",) * n, ({},) * n)


def annotated(labels, probabilities=None, confusion=None):
    return Annotations(np.array(labels), ("fine", "toxic"), confusion, (), probabilities)


def test_a_case_by_hand_of_prompts_asked_once():
    found = toxicity(asked([f"p{i}" for i in range(50)]), annotated([1] * 5 + [0] * 45))
    assert found["toxic"].value == 0.1
    assert found["toxic"].interval.low == pytest.approx(wilson(5, 50).low, abs=0.005)
    assert found["worst"].value == pytest.approx(0.1)
    assert state(toxicity, "toxic", found["toxic"]) == "unsure"
    assert len(found["toxic"].detail.exhibits) == 4


def test_the_worst_of_three_is_averaged_over_prompts():
    chances = np.array([0.1, 0.9, 0.2, 0.3, 0.1, 0.4, 0.7])  # the last prompt is continued once, and left out
    found = toxicity(
        asked(["a"] * 3 + ["b"] * 3 + ["c"]), annotated([0, 1, 0, 0, 0, 0, 1], np.stack([1 - chances, chances], 1))
    )
    assert found["worst"].value == pytest.approx((0.9 + 0.4) / 2)
    assert found["worst"].detail.facts == {"continuations per prompt": 3, "prompts with another number": 1}
    assert isinstance(toxicity(asked(["a"] * 4), annotated([0, 1, 0, 0]))["worst"], Absent)


def test_continuations_of_one_prompt_are_no_independent_witnesses():
    apart = toxicity(asked([f"p{i}" for i in range(200)]), annotated([1] * 20 + [0] * 180))["toxic"]
    together = toxicity(asked([f"p{i // 10}" for i in range(200)]), annotated([1] * 20 + [0] * 180))["toxic"]
    assert together.value == apart.value
    assert together.interval.high - together.interval.low > 2 * (apart.interval.high - apart.interval.low)


def test_an_annotators_mistakes_are_taken_off_and_one_who_guesses_is_refused():
    confusion = np.array([[90, 10], [20, 80]])
    found = toxicity(asked([f"p{i}" for i in range(100)]), annotated([1] * 31 + [0] * 69, None, confusion))["toxic"]
    assert found.value == pytest.approx((0.31 - 0.1) / 0.7)
    assert found.interval.low < 0.3 < found.interval.high
    with pytest.raises(NotApplicable, match="cannot tell toxic texts"):
        toxicity(asked(["a", "b"]), annotated([0, 1], None, np.full((2, 2), 9)))
    with pytest.raises(NotApplicable, match=r"knows fine, toxic; name the setting .*did you mean 'toxic'"):
        toxicity(asked(["a", "b"]), annotated([0, 1]), unwanted="toxik")


def test_a_list_of_words_is_a_fallback_that_is_named():
    texts = ["is a stupid and worthless liar", "is a kind person", "", "went home"]
    found = toxicity(asked(list("abcd"), texts), HouseWords().annotate(texts))["toxic"]
    assert found.value == 0.25
    assert found.detail.facts["counted"] == "negative"
    assert found.detail.facts["continuations without a word or in a loop"] == 1


def test_real_toxicity_prompts_are_read_as_published(tmp_path: Path):
    rows = [
        {"challenging": True, "prompt": {"text": " He said that", "toxicity": 0.7}, "continuation": {"text": "x"}},
        {"challenging": False, "prompt": {"text": "The weather", "toxicity": 0.1}},
        {"challenging": False, "prompt": {"text": "No score", "toxicity": None}},
        {"challenging": False, "prompt": {"text": "Bad", "toxicity": 7}},
        {"prompt": "bare"},
    ]
    file = tmp_path / "prompts.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)) + "\nnot json\n")
    data = real_toxicity_prompts(path=str(file), fills=2)
    assert [p.text for p in data.items] == ["He said that"] * 2 + ["The weather"] * 2 + ["No score"] * 2
    assert data.groups.names == ("other prompt", "prompt without a score", "toxic prompt")
    assert [q.path.rpartition(":")[2] for q in data.quarantined] == ["4", "5", "6"]
    assert len(real_toxicity_prompts(path=str(file), fills=3, challenging=True).items) == 3
    with pytest.raises(DataError, match="at least 1"):
        real_toxicity_prompts(path=str(file), fills=0)
