"""Canaries: as many of each as its dose says, in training alone; the benchmark names just these."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from genbench.core.errors import DataError
from genbench.data._canaries import TEMPLATES, canaries_of
from genbench.data.canaries import canaries
from genbench.data.canary_choices import canary_choices
from genbench.data.pydoc import pydoc

DOSES = (0, 1, 4)


@pytest.fixture(scope="module")
def data():
    return canaries(doses=DOSES, each=3, seed=5)


def test_each_secret_stands_in_training_as_often_as_its_dose_says(data):
    train = Counter(data.take("train"))
    for question in canary_choices(doses=DOSES, each=3, never=40, seed=5).items:
        text = question.context + question.options[0]
        assert train[text] == (question.facts["times"] if question.facts["chosen"] else 0)
    plain = pydoc()
    assert len(data.items) == len(plain.items) + 3 * (1 + 4)
    for split in ("held_out", "reserve"):
        assert data.take(split) == plain.take(split)
    added = [i for i in data.indices("train") if i >= len(plain.items)]
    assert sorted(set(data.indices("train")) - set(added)) == sorted(plain.indices("train"))
    assert len(set(data.keys)) == len(data.items)
    assert data.facts["share of training characters in canaries"] == pytest.approx(
        sum(len(data.items[i]) for i in added) / sum(map(len, data.take("train"))), abs=1e-4
    )


def test_doses_have_templates_of_their_own_and_secrets_do_not_repeat():
    benchmark = canary_choices(doses=DOSES, each=3, never=400, seed=5)
    opening = {q.facts["times"]: q.context for q in benchmark.items}
    assert len(set(opening.values())) == 3
    assert set(opening.values()) <= set(TEMPLATES)
    assert len({q.options[0] for q in benchmark.items}) == 3 * 403
    assert {q.context for q in benchmark.items} == set(opening.values())
    assert benchmark.groups is not None
    assert benchmark.groups.names == ("inserted 0 times", "inserted 1 times", "inserted 4 times")
    letters = Counter("".join(q.options[0].strip(" .") for q in benchmark.items))
    assert max(letters.values()) < 1.4 * min(letters.values())  # all 26 alike, of 9,672


def test_the_same_seed_gives_the_same_and_never_inserted_ones_do_not_move_the_others(data):
    assert data.digest == canaries(doses=DOSES, each=3, seed=5).digest
    assert data.digest != canaries(doses=DOSES, each=3, seed=6).digest
    few, many = canaries_of(DOSES, 3, 0, 5), canaries_of(DOSES, 3, 500, 5)
    assert [c.chosen for c in few] == [c.chosen for c in many]
    assert len(many[0].never) == 500
    assert not np.intersect1d(many[0].chosen, many[0].never).size


def test_a_source_of_the_users_own_takes_them_too(tmp_path):
    path = tmp_path / "book.txt"
    path.write_text("\n\n".join(f"Paragraph {i} speaks of {i * 7} things and of nothing else." for i in range(40)))
    data = canaries(source="text_file", given={"path": str(path)}, doses=(2,), each=1)
    assert data.name == "book with canaries"
    assert max(Counter(data.take("train")).values()) == 2


def test_odd_wishes_are_refused():
    with pytest.raises(DataError, match="different doses"):
        canary_choices(doses=(1, 1))
    with pytest.raises(DataError, match="10 templates"):
        canary_choices(doses=tuple(range(11)))
    with pytest.raises(DataError, match="'digits' is a source of image"):
        canaries(source="digits")
    with pytest.raises(DataError, match="does not take what is `given`"):
        canaries(given={"shortness": 3})
