"""Answers beside references: cut, filtered and compared as the benchmark says; chance, floors and clusters."""

import numpy as np
import pytest

from genbench.core.errors import NotApplicable
from genbench.core.evidence import Completions
from genbench.probes.quality._replies import answer_of, same
from genbench.probes.quality.answers import answers


def asked(texts, references, facts=None, groups=None):
    n = len(texts)
    keys = tuple(f"p/{i}" for i in range(n))
    return Completions(
        ("?",) * n, tuple(texts), tuple(map(tuple, references)), groups or ("all",) * n, facts or ({},) * n, keys
    )


def test_a_case_by_hand():
    """One exact, one of two words right, one nothing, one without a reference."""
    found = answers(asked(["The Cat.", "black cat", "7", "x"], [["cat"], ["white cat", "dog"], ["cat"], []]))
    assert found["exact_match"].detail.values == (1.0, 0.0, 0.0)
    assert found["f1"].detail.values == (1.0, 0.5, 0.0)
    assert found["f1"].value == pytest.approx(0.5)
    assert found["rouge1"].detail.values == pytest.approx((2 / 3, 0.5, 0.0))
    assert found["exact_match"].n == 3
    assert found["exact_match"].floor == 1.0
    assert found["exact_match"].detail.facts["prompts without a reference"] == 1
    assert [e.items[0].index for e in found["f1"].detail.exhibits] == [2, 1]


def test_the_floor_of_overlap_is_how_well_references_agree_with_each_other():
    found = answers(asked(["x", "y"], [["a b", "a c"], ["z"]]))
    assert found["rouge1"].floor == pytest.approx(0.5)
    assert answers(asked(["x", "y"], [["a"], ["z"]]))["rouge1"].floor is None


def test_control_answers_to_other_prompts_score_what_any_answer_would():
    n = 40
    references = [[f"word{i} again"] for i in range(n)]
    found = answers(asked([own[0] for own in references], references))
    assert found["exact_match"].value == 1.0
    assert found["exact_match"].detail.facts["with another prompt's answer"] == 0.0
    assert found["rouge1"].detail.facts["with another prompt's answer"] == pytest.approx(0.5)
    assert 0.8 < found["exact_match"].interval.low < 1.0  # 40 agreeing answers are no certainty


def test_prompts_on_one_passage_are_no_independent_ones():
    right = np.repeat(np.random.default_rng(0).random(50) < 0.6, 8)
    texts, references = ["yes" if r else "no" for r in right], [["yes"]] * 400
    alone = answers(asked(texts, references))["exact_match"].interval
    facts = tuple({"cluster": i // 8} for i in range(400))
    shared = answers(asked(texts, references, facts))["exact_match"].interval
    assert (shared.high - shared.low) / (alone.high - alone.low) == pytest.approx(np.sqrt(8), rel=0.05)


def test_an_answer_is_what_stands_before_the_first_stop_after_the_filters():
    facts = {"until": ["\n\n", "Q:"], "filters": [{"function": "remove_whitespace"}, {"function": "lowercase"}]}
    assert answer_of("  Paris Q: and\n\nthen", facts) == "paris"
    numbers = {"filters": [{"function": "regex", "regex_pattern": r"(\d+) (?:apples|(pears))", "group_select": -1}]}
    assert answer_of("3 apples, 4 pears", numbers) == "4"
    assert answer_of("none", numbers) == "[invalid]"
    assert answer_of("#### 1,200", {"filters": [{"function": "regex"}]}) == "1,200"
    with pytest.raises(NotApplicable, match="filter 'vote'"):
        answer_of("x", {"filters": [{"function": "vote"}]})


def test_a_tasks_own_rule_of_equality_goes_before_squads():
    assert same("The cat", "cat", None)
    assert not same("The cat", "cat", {})
    assert same("$1,200.", "1200", {"regexes_to_ignore": [",", r"\$", r"\.$"]})
    assert same("It's 4", "its ", {"ignore_case": True, "ignore_punctuation": True, "ignore_numbers": True})
    found = answers(asked(["The cat", "dog"], [["cat"], ["dog"]], ({"match": {}},) * 2))
    assert found["exact_match"].detail.values == (0.0, 1.0)
    assert found["exact_match"].detail.facts["equal"] == "by the task's own rule"


def test_without_references_or_with_one_cluster_nothing_is_scored():
    with pytest.raises(NotApplicable, match="no prompt of this benchmark has a reference"):
        answers(asked(["x"], [[]]))
    with pytest.raises(NotApplicable, match="one cluster"):
        answers(asked(["x", "y"], [["x"], ["y"]], ({"cluster": "p"},) * 2))
