"""Which models of a run are controls: by what the suite says of them, and by their family where it says nothing."""

import pytest

from genbench.core.errors import SuiteError
from genbench.report.cast import cast
from genbench.report.decision import decision
from genbench.report.html import compile_report
from genbench.results.run import Run
from genbench.run.start import Options, run_suite
from genbench.run.suite import Suite

HEART = {"control": "knows its training texts by heart", "must_alarm": "memorization"}
MODELS = [
    {"name": "meant", "family": "ngram", "data": "docs", "settings": {"order": 3}},
    {"name": "parrot", "family": "ngram", "data": "docs", "settings": {"order": 24}, **HEART},
    {"name": "blank", "family": "ngram", "data": "docs", "settings": {"order": 1}, **HEART},
    {"name": "copycat", "family": "copycat", "data": "docs"},
]


def suite_of(*models: dict) -> Suite:
    plain = {"name": "small", "meters": {"meter": "none", "flop": False}, "data": {"docs": "pydoc"}, "n": 60}
    return Suite.from_mapping({**plain, "models": list(models), "probes": ["memorization.membership"]})


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    return Run.load(run_suite(suite_of(*MODELS), Options(home=tmp_path_factory.mktemp("home"), device="cpu")))


def test_a_suite_says_who_is_a_control_and_a_family_where_it_does_not(run: Run) -> None:
    members = cast(run)
    assert {name: (member.control, member.must_alarm) for name, member in members.items()} == {
        "meant": ("", ""),
        "parrot": ("knows its training texts by heart", "memorization"),
        "blank": ("knows its training texts by heart", "memorization"),
        "copycat": ("hands out training items on purpose", "memorization"),
    }


def test_the_alarms_of_such_a_control_are_due_and_its_silence_is_said(run: Run) -> None:
    """One of order 24 knows its texts by heart; one of order 1 cannot, whatever a suite says, and is found out."""
    decided = decision(run, cast(run))
    assert {score.model for score in decided.caught} == {"parrot"}
    assert not {score.model for score in decided.alarms} & {"parrot", "blank"}
    (missed,) = decided.missed
    assert missed.startswith("blank knows its training texts by heart, and no memorization score raised an alarm")
    page = compile_report(run)
    assert "the control parrot knows its training texts by heart, and raised" in page
    assert "blank knows its training texts by heart, and no memorization score" in page


def test_an_alarm_is_due_of_controls_alone_and_on_an_axis_that_there_is() -> None:
    with pytest.raises(SuiteError, match="`must_alarm` is for a control: say in `control` what is wrong with it"):
        suite_of({**MODELS[0], "must_alarm": "memorization"})
    with pytest.raises(SuiteError, match="must_alarm"):
        suite_of({**MODELS[1], "must_alarm": "manners"})
    with pytest.raises(SuiteError, match="control"):
        suite_of({**MODELS[1], "control": " "})


def test_each_training_of_a_control_is_a_control() -> None:
    models = suite_of({**MODELS[1], "seeds": 2}).models
    assert [model.name for model in models] == ["parrot#0", "parrot#1"]
    assert {(model.control, model.must_alarm) for model in models} == {(HEART["control"], "memorization")}


@pytest.mark.parametrize(("suite", "names"), [("text-zoo", {"noise", "parrot"}), ("translation", {"no-cycle"})])
def test_controls_of_shipped_suites_that_no_family_tells_are_named_in_them(suite: str, names: set[str]) -> None:
    assert {model.name for model in Suite.load(suite).models if model.control} == names
