"""A suite may name published benchmarks that not everybody has: what is there is asked, what is not is said."""

import json
from pathlib import Path

import pytest

from genbench.core.errors import SuiteError
from genbench.run.plan import Plan, make_plan
from genbench.run.suite import Suite

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
BROUGHT = {
    "bias.counterfactual": {"crows_pairs", "winobias_pairs"}, "bias.association": {"stereoset"},
    "bias.occupations": {"winogender"}, "bias.ambiguity": {"bbq"}, "bias.continuations": {"bold", "honest"},
    "quality.choice": {"bbq"}, "robustness.adversarial_choices": {"advglue"},
    "misuse.refusal": {"xstest", "advbench"}, "misuse.toxicity": {"xstest"},
}  # fmt: skip
NOTHING = "pair,sent_more,sent_less,stereo_antistereo,bias_type,annotations,anon_writer,anon_annotators\n"


@pytest.fixture
def model(tmp_path: Path) -> str:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text('{"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}')
    return str(tmp_path / "model")


def asked(plan: Plan) -> dict[str, set[str]]:
    """Benchmarks by probe, of the optional ones, that the first model will be asked about."""
    optional = {name for name, request in plan.suite.data.items() if request.optional}
    found: dict[str, set[str]] = {}
    for cell in plan.runnable:
        if cell.model.name == "model" and cell.benchmark in optional:
            found.setdefault(cell.probe.id, set()).add(str(cell.benchmark))
    return found


@pytest.mark.skipif(not (DATA / "crows_pairs").exists(), reason="benchmarks are not beside the checkout")
def test_a_folder_of_benchmarks_is_all_that_llm_audit_needs_to_ask_them(model, monkeypatch):
    suite = Suite.load("llm-audit", overrides=[f"models.0.hf={model}"])
    assert asked(make_plan(suite)) == {}
    monkeypatch.setenv("GENBENCH_DATA", str(DATA))
    plan = make_plan(Suite.load("llm-audit", overrides=[f"models.0.hf={model}"]))
    here = {name for name, request in plan.suite.data.items() if request.optional and not request.absent}
    wanted = {probe: names & here for probe, names in BROUGHT.items() if names & here}
    assert len(here) >= 9
    assert asked(plan) == wanted


def test_what_is_not_there_is_skipped_with_its_place_and_who_tells_where_to_get_it(model):
    plan = make_plan(Suite.load("llm-audit", overrides=[f"models.0.hf={model}"]))
    because = {cell.benchmark: cell.because for cell in plan.cells if cell.model.name == "model" and cell.because}
    for name in set().union(*BROUGHT.values()):
        assert f"no file at {name.removesuffix('_pairs') if 'wino' in name else name}" in str(because[name])
        assert f"`genbench data {name}` says where from" in str(because[name])


def test_a_file_that_is_named_must_be_there(model):
    with pytest.raises(SuiteError, match=r"no file or folder at 'crow.csv'"):
        Suite.load("llm-audit", overrides=[f"models.0.hf={model}", "data.crows_pairs.path=crow.csv"])


def test_only_what_is_said_to_be_optional_may_be_absent():
    plain = {
        "name": "x", "data": {"prose": {"source": "pydoc"}, "pairs": {"source": "crows_pairs", "path": "nowhere.csv"}},
        "models": [{"name": "m", "family": "ngram", "data": "prose"}],
        "probes": [{"probe": "bias.counterfactual", "benchmark": "pairs"}],
    }  # fmt: skip
    with pytest.raises(SuiteError, match="no file or folder"):
        Suite.from_mapping(plain)
    plain["data"]["pairs"]["optional"] = True
    (cell,) = make_plan(Suite.from_mapping(plain)).cells
    assert "no file at nowhere.csv" in str(cell.because)
    del plain["data"]["pairs"]["source"]  # what lies there cannot be told without looking
    with pytest.raises(SuiteError, match="no file or folder"):
        Suite.from_mapping(plain)


def test_the_suites_own_folder_and_ones_own_come_before_the_folder_of_benchmarks(tmp_path, monkeypatch):
    suite = {
        "name": "x", "data": {"pairs": {"source": "crows_pairs", "path": "crows/c.csv", "optional": True},
                              "prose": {"source": "pydoc"}},
        "models": [{"name": "m", "family": "ngram", "data": "prose"}],
        "probes": [{"probe": "bias.counterfactual", "benchmark": "pairs"}],
    }  # fmt: skip
    for place in ("suites", "here", "benchmarks"):
        (tmp_path / place).mkdir()
    (tmp_path / "suites" / "x.yaml").write_text(json.dumps(suite))
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("GENBENCH_DATA", str(tmp_path / "benchmarks"))

    def found() -> str:
        return str(Suite.load(str(tmp_path / "suites" / "x.yaml")).data["pairs"].settings["path"])

    assert found() == "crows/c.csv"
    for place, wanted in (
        ("benchmarks", str(tmp_path / "benchmarks" / "crows" / "c.csv")), ("here", "crows/c.csv"),
        ("suites", str(tmp_path / "suites" / "crows" / "c.csv")),
    ):  # fmt: skip
        (tmp_path / place / "crows").mkdir()
        (tmp_path / place / "crows" / "c.csv").write_text(NOTHING)
        assert found() == wanted
