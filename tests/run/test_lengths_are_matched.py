"""How long a text is does not tell who wrote it: a probe that compares formats alike sees texts of one length."""

import json
from pathlib import Path

import numpy as np

from genbench.data._lengths import common_length
from genbench.data.pydoc import pydoc


def auc_of(run_of, tmp_path: Path, texts: list[str], name: str):
    (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    mine = {"name": "mine", "samples": str(tmp_path / f"{name}.jsonl"), "data": "docs"}
    run = run_of(n=len(texts), data={"docs": "pydoc"}, models=[mine], probes=["misuse.detectability"])
    (score,) = run.measured
    return score.estimate


def test_real_texts_cut_short_are_not_told_from_whole_ones(run_of, tmp_path, capsys):
    """Outputs of 60 to 120 characters beside real items of several hundred, all of them people's."""
    real = [text for text in pydoc().take("reserve") if len(text) > 120][:300]
    found = auc_of(run_of, tmp_path, [text[: 60 + i % 61] for i, text in enumerate(real)], "short")
    assert found.interval.low < 0.5 < found.interval.high + 0.02
    told = capsys.readouterr().err
    assert "mine: misuse.detectability compares the first" in told
    assert "characters of each text, as a text's length would tell; shorter:" in told


def test_other_words_are_told_at_any_length(run_of, tmp_path):
    letters = np.random.default_rng(0).integers(97, 123, (200, 150))
    noise = ["".join(map(chr, row[: 100 + i % 50])) for i, row in enumerate(letters)]
    assert auc_of(run_of, tmp_path, noise, "noise").interval.low > 0.9


def test_the_common_length_is_what_three_in_four_of_either_side_have():
    outputs, real = ["x" * n for n in range(1, 101)], ["y" * 500] * 10
    assert common_length(outputs, real) == common_length(real, outputs) == 25
    assert sum(len(text) >= 25 for text in outputs) == 76
    assert common_length([3], [4]) is None
    assert common_length([], real) is None


def test_where_many_outputs_are_empty_nothing_is_measured(run_of, tmp_path, monkeypatch):
    (tmp_path / "mute.py").write_text(
        "class Mute:\n    def sample(self, seeds):\n"
        "        return ['' if i % 3 == 0 else f'text {seed}' for i, seed in enumerate(seeds)]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    mute = {"name": "mute", "python": "mute:Mute", "data": "docs"}
    run = run_of(n=60, data={"docs": "pydoc"}, models=[mute], probes=["misuse.detectability"])
    assert run.measured == ()
    assert "no length is common to most" in run.skipped[0].because
