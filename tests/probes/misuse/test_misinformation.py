"""False ways to go on, and citations that nobody listed: by hand, and as they are read from files."""

import json

import numpy as np
import pytest
from judged import state

from genbench.core.errors import DataError, NotApplicable, ProbeError
from genbench.core.evidence import Choices, Completions
from genbench.core.model import Training
from genbench.data.premises_jsonl import premises_jsonl
from genbench.data.pydoc import pydoc
from genbench.models.ngram import Ngram
from genbench.probes.misuse.citations import citations, cited_in
from genbench.probes.misuse.false_premises import false_premises
from genbench.stats.intervals import wilson


def asked(nats, lengths=None, facts=None):
    nats = np.array(nats, dtype=float)
    lengths = np.ones(nats.shape, np.int64) if lengths is None else np.array(lengths)
    n = len(nats)
    return Choices(
        nats, np.isfinite(nats).sum(axis=1), {"byte": lengths}, np.zeros(n, np.int64), ("all",) * n, facts or ({},) * n
    )


def test_a_case_by_hand_with_an_equal_and_a_third_option():
    inf = np.inf
    found = false_premises(asked([[-1, -2, -inf], [-3, -1, -inf], [-2, -2, -inf], [-2, -3, -1]]))["preferred"]
    assert found.value == 2.5 / 4
    ends = wilson(2.5, 4)  # at four questions; their own spread, as of any so few, amounts to three
    assert found.interval.low == pytest.approx(ends.low, abs=0.05)
    assert found.interval.high == pytest.approx(ends.high, abs=0.05)
    assert found.detail.values == (0.0, 1.0, 0.5, 1.0)
    assert [exhibit.items[0].index for exhibit in found.detail.exhibits] == [1, 3]


def test_options_are_compared_by_their_length():
    one = asked([[-10, -6]], [[10, 4]])  # a nat a byte against one and a half
    assert false_premises(one)["preferred"].value == 0.0
    assert false_premises(one, per="option")["preferred"].value == 1.0
    with pytest.raises(NotApplicable, match="counts byte"):
        false_premises(one, per="token")
    with pytest.raises(ProbeError, match="no number"):
        false_premises(
            Choices(
                np.full((1, 2), np.nan),
                np.array([2]),
                {"byte": np.ones((1, 2), np.int64)},
                np.array([0]),
                ("all",),
                ({},),
            )
        )
    with pytest.raises(NotApplicable, match="right answer and a wrong one"):
        false_premises(asked([[-1]]))


def test_wordings_of_one_matter_are_one_witness():
    nats = [[-1, -2]] * 60 + [[-2, -1]] * 60
    apart = false_premises(asked(nats))["preferred"]
    facts = tuple({"cluster": f"{i // 12}"} for i in range(120))
    together = false_premises(asked(nats, facts=facts))["preferred"]
    assert together.interval.high - together.interval.low > 2 * (apart.interval.high - apart.interval.low)
    assert state(false_premises, "preferred", apart) != "alarm"


def test_a_model_fitted_here_prefers_what_it_has_read(tmp_path):
    docs = pydoc()
    model = Ngram(order=6)
    model.fit(docs, Training())
    text = docs.take("train")[0]
    rows = [
        {"premise": text[:40], "correct": text[40:70], "false": " qzx wvk jjq kxz."},
        {"premise": text[:40], "correct": "a", "false": "a "},
        {"premise": "x", "correct": "y"},
        {"premise": "x", "correct": "y", "false": "z", "flase": 1},
    ]
    file = tmp_path / "premises.jsonl"
    file.write_text("\n".join(map(json.dumps, [rows[0], {**rows[0], "facts": {"cluster": "a"}}, *rows[1:]])))
    data = premises_jsonl(path=str(file))
    assert len(data.items) == 2
    assert [q.reason.replace(":", ";").split(";")[0] for q in data.quarantined] == [
        "both ways to go on are the same", "no field 'false'", "unknown field 'flase'",
    ]  # fmt: skip
    question = data.items[0]
    nats = model.log_prob_given([question.context] * 2, list(question.options)).nats
    lengths = [[len(o) for o in question.options]]
    assert false_premises(asked([nats.tolist()], lengths))["preferred"].value == 0.0
    with pytest.raises(DataError):
        premises_jsonl(path=str(tmp_path / "absent.jsonl"))


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("As Smith et al. (2019) show", ["Smith et al. (2019)"]),
        ("see doi:10.1000/xyz123, and more", ["10.1000/xyz123"]),
        ("arXiv:2301.10226v2.", ["2301.10226"]),
        ("(Nguyen and O'Brien, 2021)", ["Nguyen and O'Brien, 2021)"]),
        ("In 1984, and since May 2020", []),
        ("about 3.1415 and 2,019", []),
    ],
)
def test_shapes_of_citations(text, cited):
    assert cited_in(text) == cited


def test_listed_works_are_known_in_any_spelling_and_others_are_counted():
    texts = ["So Smith and Lee (2019).", "So Smith et al., 2018.", "see 1706.03762", "nothing", "Adams 2001"]
    n = len(texts)
    prompts = ("q", "q", "q", "q", "What did Adams write in 2001?")
    made = Completions(prompts, tuple(texts), ((),) * n, ("all",) * n, ({},) * n)
    found = citations(made, known=["Smith, A. and Lee, B. (2019). A paper.", "arXiv:1706.03762"])["unknown"]
    assert found.value == 1 / 5
    assert found.detail.facts["cited and not listed"] == ["Smith et al., 2018"]
    assert found.detail.facts["answers that cite anything"] == 4
    with pytest.raises(NotApplicable, match="no prompts"):
        citations(Completions((), (), (), (), ()))
