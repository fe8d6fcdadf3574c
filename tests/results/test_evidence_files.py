"""Evidence read is the evidence written; a file that is half there counts as absent."""

import numpy as np
import pytest

from genbench.core.errors import ResultsError
from genbench.core.evidence import Annotations, Features, Fingerprints, LogProbs, Pairs, Stage, Texts
from genbench.results.evidence_files import read_evidence, write_evidence, write_whole
from genbench.results.store import Cache

RNG = np.random.default_rng(0)


def again(tmp_path, made):
    write_evidence(tmp_path / "made.safetensors", made)
    return read_evidence(tmp_path / "made.safetensors")


def equal(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b)
    if hasattr(a, "__dataclass_fields__"):
        return equal(vars(a), vars(b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    return a == b


@pytest.mark.parametrize(
    "made",
    [
        Features(RNG.normal(size=(5, 3)).astype(np.float32), ("a", "b", "c", "d", "e")),
        LogProbs(RNG.normal(size=4), {"byte": np.arange(4)}, (), True, {"window": 512, "bos": "yes"}),
        Fingerprints(RNG.integers(0, 9, (3, 8)), 0.9),
        Annotations(np.array([0, 1]), ("x", "y"), np.array([[5, 1], [0, 6]])),
        Annotations(np.array([0, 1]), ("x", "y"), None),
        Texts(("<script>", "\x00\u202e", "", "😀")),
        Pairs(np.zeros(2), np.ones(2), ("a", "b"), ("0", "1")),
        ["some", "texts", ""],
        [RNG.integers(0, 255, (4, 4, 3), dtype=np.uint8) for _ in range(3)],
        [np.zeros((2, 2)), np.zeros((3, 2))],
        [np.zeros(2)],
        [],
        ({"w": RNG.normal(size=(2, 3)), "b": np.zeros(0, np.float32)}, {"model": {"step": 3, "name": None}}),
        {"flag": np.array([True, False]), "half": np.ones(2, np.float16), "wide": np.arange(3, dtype=np.int64)},
    ],
    ids=lambda made: type(made).__name__,
)  # fmt: skip
def test_what_is_written_is_read(tmp_path, made):
    assert equal(again(tmp_path, made), made)


def test_an_array_without_dimensions_keeps_having_none(tmp_path):
    assert equal(again(tmp_path, {"batches": np.array(7)}), {"batches": np.array(7)})


def test_views_are_written_as_they_look(tmp_path):
    x = np.arange(12.0).reshape(3, 4)
    for view in (x.T, x[:, ::2], x[::-1]):
        assert equal(again(tmp_path, view), np.ascontiguousarray(view))


@pytest.mark.parametrize("made", [np.array([object()]), {"x": {1, 2}}, lambda: None])
def test_what_cannot_be_kept_is_refused_by_name(tmp_path, made):
    with pytest.raises(ResultsError, match="cannot be kept"):
        write_evidence(tmp_path / "made.safetensors", made)
    assert list(tmp_path.iterdir()) == []


def test_a_torn_or_foreign_file_is_a_results_error(tmp_path):
    path = tmp_path / "made.safetensors"
    write_evidence(path, Features(np.zeros((50, 3))))
    raw = path.read_bytes()
    for bad in (b"", raw[:7], raw[: len(raw) // 2], raw[:-1], b"not safetensors" * 20):
        path.write_bytes(bad)
        with pytest.raises(ResultsError, match="no readable evidence"):
            read_evidence(path)


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "made.safetensors"
    write_whole(path, b"old")
    with pytest.raises(TypeError):
        write_whole(path, "no bytes")
    assert path.read_bytes() == b"old"


def test_the_cache_takes_an_unreadable_file_as_absent_and_removes_it(tmp_path):
    cache = Cache(tmp_path)
    key = "ab" * 32
    cache.put(key, np.arange(3), Stage("sample", 1.0, 2.0, samples=3))
    assert equal(cache.get(key), np.arange(3))
    assert cache.cost(key) == Stage("sample", 1.0, 2.0, samples=3)
    assert list(cache.keys()) == [key]
    next(tmp_path.glob("*/*.safetensors")).write_bytes(b"torn")
    assert cache.get(key) is None
    assert not cache.has(key)
    assert cache.get("cd" * 32) is None
