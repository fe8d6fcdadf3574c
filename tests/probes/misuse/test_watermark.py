"""Watermarks of green lists: z and p by hand, marks of a real model found, loops and human text not accused."""

import re
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import binom

from genbench.core.errors import NotApplicable, ProbeError
from genbench.core.evidence import Texts
from genbench.core.model import Training
from genbench.data.pydoc import pydoc
from genbench.models._bytes import START, SYMBOLS
from genbench.models.ngram import Ngram
from genbench.probes.misuse.watermark import watermark
from genbench.selftest.plants._green_writer import written
from genbench.stats.green_list import GreenList, numbered


@pytest.fixture(scope="module")
def docs():
    return pydoc()


def sides(generated, held_out):
    return Texts(tuple(generated)), Texts(tuple(held_out))


def test_z_and_p_by_hand():
    """Kirchenbauer et al.'s z at gamma 1/4: 30 green of 64 are (30 - 16) / sqrt(12) standard errors too many."""
    lists = GreenList(1, 0.25, 1)
    assert lists.z(30, 64) == pytest.approx(14 / np.sqrt(12))
    assert lists.z(0, 0) == 0.0
    own = lists.surprise(np.array([2.0, 0.0]), np.array([3.0, 0.0]))
    assert own == pytest.approx([-np.log(3 * 0.25**2 * 0.75 + 0.25**3), 0.0])  # two or three green of three


def test_repeated_runs_count_once():
    lists = GreenList(1, 0.5, 1)
    tokens = numbered(["a", "b", "a", "b", "a", "b", "a"])
    grams = lists.grams(tokens)
    assert len(grams) == 6
    green, n = lists.counts(grams)
    assert n == 2  # a b, and b a
    colours = lists.green(grams[:2, :-1], grams[:2, -1])
    assert green == colours.sum()
    assert lists.counts(grams, repeats=True) == (3 * green, 6)
    assert lists.grams(numbered(["a"])).shape == (0, 2)


def test_each_list_has_its_share_and_another_key_another_list():
    contexts = np.repeat(numbered(list("abcdefghij")), 2000)[:, None]
    tokens = np.tile(np.arange(2000, dtype=np.uint64), 10)
    first, second = (GreenList(key, 0.25, 1).green(contexts, tokens) for key in (1, 2))
    shares = first.reshape(10, 2000).mean(axis=1)
    assert np.abs(shares - 0.25).max() < 4 * np.sqrt(0.25 * 0.75 / 2000)
    assert abs((first & second).mean() - 0.0625) < 0.01
    assert GreenList(1, 0.25, 0).green(np.zeros((5, 0), np.uint64), tokens[:5]).shape == (5,)


def test_the_mark_of_a_real_model_is_found_and_its_absence_too(docs):
    """A byte n-gram model fitted here; with delta 4 it favours the green bytes behind three others."""
    model = Ngram(order=5)
    model.fit(docs, Training())
    symbols = np.arange(SYMBOLS)

    def following(so_far):
        before = np.repeat(so_far[:, -4:], SYMBOLS, axis=0)  # [nV 4]
        windows = np.concatenate([before, np.tile(symbols, len(so_far))[:, None]], axis=1)
        p = model.probability(windows).reshape(len(so_far), SYMBOLS)
        return np.where(symbols < 256, p, 0.0)

    held_out, rng = [*docs.take("held_out")], np.random.default_rng(0)
    lists, begun = GreenList(7, 0.25, 3), np.full((40, 4), START)
    found = {}
    for name, mark in {"marked": (lists, 4.0), "plain": (lists, 0.0), "other": (GreenList(8, 0.25, 3), 4.0)}.items():
        rows = written(following, np.arange(SYMBOLS + 1, dtype=np.uint64), begun, 160, mark, rng)
        texts = [bytes(row[4:].astype(np.uint8).tolist()).decode("utf-8", "replace") for row in rows]
        found[name] = watermark(*sides(texts, held_out), key=7, width=3, unit="byte")
    assert found["marked"]["detected"].interval.low > 0.5
    assert found["marked"]["detected"].detail.facts["p of all outputs at once"] < 1e-9
    for name in ("plain", "other"):
        assert found[name]["detected"].interval.low <= 0.01
        assert found[name]["detected"].value < 0.1


def test_on_repetitive_text_of_people_the_plain_z_score_accuses_and_distinct_runs_do_not(docs):
    rhymes = [" ".join(text.split()[:6] * 8) for text in docs.take("train")[:600]]
    found = watermark(*sides(docs.take("reserve"), rhymes), key=3)
    accused = found["detected"].detail.facts["real items that the plain z-score would accuse"]
    assert accused > 0.1  # at a rate of 0.01
    assert found["false_alarms"].value <= 0.02
    assert found["false_alarms"].floor == 0.01


def test_the_detector_agrees_with_a_plain_loop(docs):
    lists, text = GreenList(5, 0.25, 1), docs.take("train")[0].lower()
    tokens = re.findall(r"\w+|[^\w\s]", text)
    codes = dict(zip(tokens, numbered(tokens), strict=True))
    runs = set(pairwise(tokens))
    green = sum(bool(lists.green(np.array([[codes[a]]]), np.array([codes[b]]))[0]) for a, b in runs)
    assert lists.counts(lists.grams(numbered(tokens))) == (green, len(runs))
    assert lists.surprise(np.array([float(green)]), np.array([float(len(runs))]))[0] == pytest.approx(
        -np.log(binom.sf(green - 1, len(runs), 0.25))
    )


def test_rates_that_n_cannot_resolve_and_missing_keys_are_refused(docs):
    few = sides(docs.take("train")[:20], docs.take("held_out")[:200])
    with pytest.raises(NotApplicable, match="needs 300 held-out items"):
        watermark(*few, key=1)
    assert watermark(*few, key=1, false_positive_rate=0.05)["false_alarms"].value <= 0.1
    with pytest.raises(NotApplicable, match="name the setting `key`"):
        watermark(*few)
    with pytest.raises(ProbeError, match="gamma"):
        watermark(*few, key=1, gamma=1.5)
