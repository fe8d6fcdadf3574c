"""`genbench plan`: a matrix read at a glance, the reasons below it, and one record per cell for machines."""

import json
import re

import pytest

from genbench.cli.matrix import letter, plan_lines, shortened
from genbench.run.plan import make_plan
from genbench.run.suite import Suite

SUITE = """\
name: small
n: 60
train_n: 1000
data: {digits: digits, prose: pydoc}
models:
  - {name: vae, family: vae, data: digits}
  - {name: "odd\\e[31m\\u202ename", family: copycat, data: digits}
  - {name: ngram, family: ngram, data: prose, preset: tiny}
probes: [quality.perplexity, {probe: quality.prdc, n: 70, settings: {k: 3}}, misuse.disclosure]
"""


@pytest.fixture
def small(tmp_path):
    (tmp_path / "small.yaml").write_text(SUITE)
    return "small.yaml"


def test_the_whole_plan(genbench, small):
    told = genbench("plan", small)
    assert told.code == 0
    assert (
        told.out
        == """\
small: 3 models, 6 of 9 cells will run, 3 skipped
n = 60 samples of each model; compared with at most 1,000 training and all held-out items
image seen through image.pixels; text seen through text.ngrams

              vae  odd\\x1b[31m\\u...name  ngram
quality
  perplexity  ✓    –a                    ✓
  prdc        ✓    ✓                     ✓
misuse
  disclosure  –b   –b                    ✓

Asked for in their own way
  quality.prdc: n = 70, k = 3

Skipped because
  a  1 x  the model gives no log-probabilities (it is no Density)
  b  2 x  the lens Pixels gives no Texts

#  model                  family   data    made before?  estimate
1  vae                    vae      digits  to be made    never timed here
2  odd\\x1b[31m\\u202ename  copycat  digits  to be made    never timed here
3  ngram                  ngram    prose   to be made    never timed here

In all: no model of this plan was timed here yet; the first run will tell.
"""
    )


def test_machines_get_one_record_per_cell(genbench, small):
    told = json.loads(genbench("plan", small, "--json").out)
    assert len(told["cells"]) == 9
    assert told["cells"][0] == {
        "model": "vae", "probe": "quality.perplexity", "lens": None, "n": 60, "benchmark": None, "settings": {},
        "will_run": True, "because": None,
    }  # fmt: skip
    skipped = [cell for cell in told["cells"] if not cell["will_run"]]
    assert len(skipped) == 3
    assert all(cell["because"] for cell in skipped)
    assert [f["model"] for f in told["forecast"]] == ["vae", "odd\x1b[31m\u202ename", "ngram"]


def test_changes_are_planned(genbench, small):
    told = genbench("plan", small, "--set", "n=5", "--set", "probes=[quality.prdc]")
    assert told.out.startswith("small: 3 models, 3 of 3 cells will run, 0 skipped\nn = 5 samples")


def test_nothing_is_written_by_planning(genbench, small, tmp_path):
    genbench("plan", small)
    assert [p.name for p in tmp_path.iterdir()] == ["small.yaml"]


def many(count, name="model-{}"):
    models = [{"name": name.format(i), "family": "gaussian", "data": "digits"} for i in range(count)]
    return make_plan(Suite.from_mapping({"name": "many", "data": {"digits": "digits"}, "models": models}))


@pytest.mark.parametrize("count", [1, 5, 12, 40, 120])
@pytest.mark.parametrize("width", [80, 120])
def test_many_models_keep_within_the_window(count, width):
    lines = plan_lines(many(count), width)
    assert max(map(len, lines)) <= width
    marks = sum(len(re.findall("✓|–[a-z]", line)) for line in lines)
    assert marks == count * len({cell.probe.id for cell in many(1).cells})


def test_where_names_would_need_over_two_blocks_models_are_numbers():
    lines = plan_lines(many(40), 80)
    assert "models by their number in the table below" in lines
    assert "models by their number in the table below" not in plan_lines(many(8), 80)
    header = next(line for line in lines if line.split()[:2] == ["1", "2"])
    assert "model-0" not in header


def test_names_alike_in_their_shortened_form_are_still_columns_of_their_own():
    plan = many(2, "a-very-long-name-of-a-model-whose-ends-are-alike-{}-xyz")
    marks = [line for line in plan_lines(plan, 200) if line.startswith("  frechet ")]
    assert [line.count("✓") for line in marks] == [2]


def test_a_probe_asked_for_in_two_ways_has_two_rows():
    lines = plan_lines(
        make_plan(
            Suite.from_mapping(
                {
                    "name": "x",
                    "data": {"digits": "digits"},
                    "models": [{"name": "vae", "family": "vae", "data": "digits"}],
                    "probes": [
                        {"probe": "quality.prdc", "lens": "image.classifier"},
                        {"probe": "quality.prdc", "lens": {"lens": "image.pixels", "side": 8}},
                    ],
                }
            )
        ),
        80,
    )
    assert [line.split() for line in lines if line.startswith("  prdc")] == [["prdc", "(1)", "✓"], ["prdc", "(2)", "✓"]]
    assert "  quality.prdc (1): through image.classifier" in lines
    assert "  quality.prdc (2): through image.pixels, side = 8" in lines


def test_where_the_marks_cannot_be_printed_plain_ones_stand_for_them(monkeypatch):
    class Ascii:
        encoding = "ascii"

    monkeypatch.setattr("genbench.cli.matrix.sys", type("Sys", (), {"stdout": Ascii}))
    lines = plan_lines(many(1), 80)
    assert any(line.split() == ["frechet", "+"] for line in lines)
    assert all(line.isascii() for line in lines)


def test_reasons_are_lettered_without_end():
    assert [letter(i) for i in (0, 25, 26, 27, 52)] == ["a", "z", "aa", "ab", "ba"]
    assert shortened("x" * 20) == "x" * 20
    assert shortened("abcdefghijklmnopqrstuvwxyz") == "abcdefghijklm...wxyz"
