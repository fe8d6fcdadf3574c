"""Content hashes tell contents apart, and named chance does not depend on its surroundings."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from genbench.core.chance import derive, sample_seeds, stream
from genbench.core.digest import digest, tree_digest
from genbench.core.score import Interval

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(plain, plain)
def test_equal_contents_and_only_those_share_a_digest(a, b):
    assert digest(a) == digest(a)
    if repr(a) != repr(b) and a != b:
        assert digest(a) != digest(b)


def test_boundaries_and_types_count():
    assert digest("ab", "c") != digest("a", "bc")
    assert digest(["a"], []) != digest([], ["a"])
    assert digest(np.zeros(3, np.float32)) != digest(np.zeros(3, np.float64))
    assert digest(np.zeros((2, 3))) != digest(np.zeros((3, 2)))
    assert digest("1") != digest(1)


def test_the_order_of_a_mapping_does_not_count():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


def test_dataclasses_by_content():
    assert digest(Interval(0, 1)) == digest(Interval(0, 1))
    assert digest(Interval(0, 1)) != digest(Interval(0, 2))


def test_a_tree_changes_with_a_byte_or_a_name(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(b"1")
    before = tree_digest(tmp_path)
    (tmp_path / "a" / "x").write_bytes(b"2")
    changed = tree_digest(tmp_path)
    (tmp_path / "a" / "x").rename(tmp_path / "a" / "y")
    assert len({before, changed, tree_digest(tmp_path)}) == 3


def test_streams_are_named_not_ordered():
    first = stream(0, "a").random(3)
    stream(0, "b").random(100)
    assert np.array_equal(first, stream(0, "a").random(3))
    assert not np.array_equal(first, stream(0, "b").random(3))
    assert not np.array_equal(first, stream(1, "a").random(3))


def test_a_sample_keeps_its_seed_whatever_n_is():
    assert list(sample_seeds(0, 10, "g"))[:5] == list(sample_seeds(0, 5, "g"))
    assert 0 <= derive(0, "x") < 2**63
