"""Each model of a run, asked by its log-probabilities about the outputs of all, once somebody wants to know."""

import json

import click
import pytest

from genbench.core.errors import ResultsError
from genbench.report.cast import cast
from genbench.report.detectors import detectors
from genbench.report.html import compile_report
from genbench.results.run import Run
from genbench.run.home import Home
from genbench.run.start import Options, run_suite
from genbench.run.suite import Suite
from genbench.run.tellers import tell_across
from genbench.run.voice import Voice

SMALL = {"width": 32, "layers": 1, "heads": 2, "context": 128, "steps": 30, "longest": 120, "temperature": 0.5}
MODELS = [
    {"name": "ngram", "family": "ngram", "data": "docs", "settings": {"order": 5}},
    {"name": "gpt", "family": "gpt", "data": "docs", "settings": SMALL},
    {"name": "perfect", "family": "copycat", "data": "docs", "settings": {"rate": 0.0}},
    {"name": "copies", "family": "copycat", "data": "docs", "settings": {"rate": 1.0}},
    {"name": "broken", "python": "stranger:Broken", "data": "docs"},
    {"name": "mute", "python": "stranger:Mute", "data": "docs"},
]
STRANGER = """
class Mute:
    def sample(self, seeds):
        return ["" if i % 2 else f"text {seed}" for i, seed in enumerate(seeds)]

class Broken:
    def sample(self, seeds):
        return [f"the number {seed} is said to be large, and it is one of many" for seed in seeds]

    def log_prob(self, items):
        raise ValueError("no weights here")
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    root = tmp_path_factory.mktemp("home")
    (root / "stranger.py").write_text(STRANGER)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(root)
        yield root


def carried_out(home, **parts):
    plain = {"name": "small", "meters": {"meter": "none", "flop": False}, "data": {"docs": "pydoc"}, "n": 160}
    suite = Suite.from_mapping({**plain, "models": MODELS, "probes": ["misuse.likelihood_tell"], **parts})
    return Run.load(run_suite(suite, Options(home=home, device="cpu")))


@pytest.fixture(scope="module")
def zoo(home):
    run = carried_out(home)
    for by in ("likelihood", "rank"):
        tell_across(run, by, Home(home), Voice(quiet=True))
    return run


def tables(run):
    return {event["by"]: event for event in run.events("detectors")}


def cell(event, row, column):
    return event["cells"][event["models"].index(row)][event["models"].index(column)]


def test_a_model_tells_its_own_outputs_and_those_of_another_family(zoo):
    for event in tables(zoo).values():
        assert cell(event, "gpt", "gpt")["verdict"] == "tells"
        assert cell(event, "gpt", "gpt")["carried"] is None
    by_likelihood = tables(zoo)["likelihood"]
    assert cell(by_likelihood, "ngram", "gpt")["verdict"] == "tells"
    assert cell(by_likelihood, "ngram", "gpt")["interval"]["low"] > 0.8
    assert cell(by_likelihood, "ngram", "gpt")["carried"]["verdict"] in ("carries over", "turns round")


def test_null_real_texts_that_nobody_has_seen_are_told_by_nobody(zoo):
    """The copycat at rate 0 hands out such texts: held-out texts against others like them."""
    for event, row in ((tables(zoo)["likelihood"], "ngram"), (tables(zoo)["likelihood"], "gpt"),
                       (tables(zoo)["rank"], "gpt")):  # fmt: skip
        found = cell(event, row, "perfect")
        assert found["joint"]["low"] < 0.5 < found["joint"]["high"]
        assert (found["verdict"], found["carried"]["verdict"]) == ("cannot tell", "cannot tell")
        assert abs(found["auc"] - 0.5) < 0.12


def test_training_texts_are_told_by_the_model_that_knows_them_by_heart(zoo):
    found = cell(tables(zoo)["likelihood"], "ngram", "copies")
    assert (found["verdict"], found["carried"]["verdict"]) == ("tells", "turns round")


def test_models_that_cannot_say_are_rows_with_the_reason(zoo):
    by_likelihood, by_rank = tables(zoo)["likelihood"], tables(zoo)["rank"]
    reasons = dict(zip(by_likelihood["models"], by_likelihood["because"], strict=True))
    assert reasons["ngram"] == reasons["gpt"] == ""
    assert reasons["perfect"] == "the model gives no log-probabilities (it is no Density)"
    assert reasons["broken"] == "ValueError: no weights here"
    by_rank_reasons = dict(zip(by_rank["models"], by_rank["because"], strict=True))
    assert by_rank_reasons["ngram"] == by_rank_reasons["gpt"] == ""
    assert "log-probabilities of single tokens" in by_rank_reasons["perfect"]
    assert by_rank["cells"][by_rank["models"].index("perfect")] == [None] * len(MODELS)


def test_outputs_that_cannot_be_cut_to_a_length_are_columns_with_the_reason(zoo):
    event = tables(zoo)["likelihood"]
    assert cell(event, "ngram", "mute") == {"because": "a quarter of its outputs is empty"}
    assert event["cut"]["characters"] > 20
    assert "mute" not in event["cut"]["shortest"]


def test_the_pages_and_the_command_show_what_was_kept_and_ask_no_model_again(zoo, home, monkeypatch, capsys):
    from genbench.cli import genbench

    monkeypatch.setenv("GENBENCH_HOME", str(home))

    def ask(*arguments):
        capsys.readouterr()
        genbench.main(["detectors", zoo.path.name, *arguments], prog_name="genbench", standalone_mode=False)
        return capsys.readouterr().out

    before = len(zoo.events("detectors"))
    told = ask("--by", "likelihood")
    assert told.startswith("AUC, by likelihood on docs\nby likelihood of")
    assert "By likelihood, ngram tells outputs of gpt" in told
    assert "was not asked about mute (a quarter of its outputs is empty)" in told
    assert "By the likelihood of broken no outputs can be told: ValueError: no weights here." in told
    (plain,) = json.loads(ask("--by", "rank", "--json"))
    assert (plain["by"], plain["floor"]) == ("rank", 0.5)
    assert len(zoo.events("detectors")) == before
    (anew,) = json.loads(ask("--by", "rank", "--again", "--json"))
    assert len(zoo.events("detectors")) == before + 1
    assert anew["cells"] == plain["cells"]
    with pytest.raises(click.UsageError, match="no lens looks at anything"):
        ask("--by", "rank", "--lens", "text.ngrams")
    with pytest.raises(ResultsError, match="holds no table of detectors"):
        ask()
    page = compile_report(zoo)
    assert 'href="#detectors"' in page
    assert "By token ranks, gpt tells outputs of" in page
    assert "A detector that was shown a model" not in page


def test_a_table_counts_no_more_once_a_model_is_another(zoo, tmp_path):
    zoo.export(tmp_path / "run.jsonl")
    exported = Run.load(tmp_path / "run.jsonl")
    assert {table.by for table in detectors(exported, cast(exported))} == {"likelihood", "rank"}
    with pytest.raises(ResultsError, match="no folder of a finished run"):
        tell_across(exported, "rank", Home(tmp_path), Voice(quiet=True))
    lines = (tmp_path / "run.jsonl").read_text().splitlines(keepends=True)
    digest = zoo.events("model")[0]["digest"]
    altered = [line.replace(digest, "0" * 64) if json.loads(line).get("events", {}).get("kind") == "model" else line
               for line in lines]  # fmt: skip
    assert altered != lines
    (tmp_path / "run.jsonl").write_text("".join(altered))
    exported = Run.load(tmp_path / "run.jsonl")
    assert detectors(exported, cast(exported)) == ()


def test_nothing_is_trained_or_charged_to_the_run_to_make_a_table(zoo, home, tmp_path):
    assert {event["owner"] for event in zoo.events("cost")} <= {"ngram", "gpt", "broken", ""}
    spent = tables(zoo)["likelihood"]["spent"]
    assert spent["cpu_seconds"] > 0
    assert spent["joules"] is None
    before = zoo.stages(), zoo.events("detectors")
    with pytest.raises(ResultsError, match="gpt: no weights of it are kept"):
        tell_across(Run.load(zoo.path), "rank", Home(tmp_path / "elsewhere"), Voice(quiet=True))
    after = Run.load(zoo.path)
    assert (after.stages(), after.events("detectors")) == before


def test_a_run_of_one_model_has_nobody_to_ask_about(home):
    alone = carried_out(home / "alone", models=MODELS[:1])
    with pytest.raises(ResultsError, match="no two models on one dataset"):
        tell_across(alone, "likelihood", Home(home / "alone"), Voice(quiet=True))
