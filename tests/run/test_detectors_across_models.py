"""A run with several models asks each one's detector about the others' outputs, and keeps the answers."""

import pytest

from genbench.core.errors import ResultsError
from genbench.report.cast import cast
from genbench.report.detectors import detectors
from genbench.report.html import compile_report
from genbench.results.run import Run
from genbench.run.start import Options, run_suite
from genbench.run.suite import Suite

MODELS = [
    {"name": "noise", "family": "gaussian", "data": "digits"},
    {"name": "copies", "family": "copycat", "data": "digits"},
    {"name": "again", "family": "gaussian", "data": "digits"},
]
PARTS = {
    "data": {"digits": {"source": "digits"}},
    "lenses": {"image": "image.pixels"},
    "n": 160,
    "probes": [
        "misuse.detectability",
        {"probe": "misuse.detectability", "lens": "image.spectrum"},
        {"probe": "misuse.detectability_raw", "settings": {"steps": 40}},
    ],
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


def carried_out(home, models, *, resume=False):
    suite = Suite.from_mapping({"name": "small", "meters": {"meter": "none"}, "models": models, **PARTS})
    return Run.load(run_suite(suite, Options(home=home, resume=resume, device="cpu")))


@pytest.fixture(scope="module")
def zoo(home):
    return carried_out(home, MODELS)


def test_the_diagonal_is_the_probes_own_score(zoo):
    found = zoo.events("detectors")
    assert [event["lens"] for event in found] == ["image.pixels", "image.spectrum", "image.pixels"]
    scores = {(s.probe, s.lens, s.model): s.estimate for s in zoo.measured}
    for event in found:
        for i, name in enumerate(event["models"]):
            own, score = event["cells"][i][i], scores[event["probe"], event["lens"], name]
            assert (own["auc"], own["outputs"], own["interval"]["low"]) == (score.value, score.n, score.interval.low)


def test_a_detector_of_noise_hears_the_same_noise_and_learns_nothing_of_copies(zoo):
    event = zoo.events("detectors")[0]
    verdicts = {
        (row, column): event["cells"][i][j]["verdict"]
        for i, row in enumerate(event["models"])
        for j, column in enumerate(event["models"])
    }
    assert verdicts["noise", "noise"] == verdicts["noise", "again"] == "hears"
    assert verdicts["noise", "copies"] in ("nothing follows", "cannot tell")


def test_one_model_under_two_names_is_never_asked_about_what_its_twin_was_shown(zoo):
    event = zoo.events("detectors")[0]
    at, twin = event["models"].index("noise"), event["models"].index("again")
    own, others = event["cells"][at][at], event["cells"][at][twin]
    assert (own["auc"], own["outputs"], own["real"]) == (others["auc"], others["outputs"], others["real"])


def test_a_run_that_is_resumed_keeps_the_same_table_once(home, zoo):
    (zoo.path / "status.json").unlink()
    resumed = carried_out(home, MODELS, resume=True)
    assert resumed.path == zoo.path
    assert resumed.events("detectors") == zoo.events("detectors")


def test_a_run_of_one_model_has_no_table_and_its_page_no_section(home):
    alone = carried_out(home / "alone", MODELS[:1])
    assert alone.events("detectors") == []
    assert 'id="detectors"' not in compile_report(alone)


def test_the_page_and_the_command_say_it_in_a_sentence(zoo, genbench_home):
    page = compile_report(zoo)
    assert 'href="#detectors"' in page
    assert "A detector trained on noise hears again" in page
    told = genbench_home("detectors", zoo.path.name, "--lens", "image.pixels")
    assert told.startswith("AUC, through image.pixels on digits\ntrained on")
    assert "A detector trained on noise hears again" in told
    with pytest.raises(ResultsError, match=r"no table of detectors through 'image\.pixel'; did you mean"):
        genbench_home("detectors", zoo.path.name, "--lens", "image.pixel")


def test_an_exported_run_carries_its_tables(zoo, tmp_path):
    zoo.export(tmp_path / "run.jsonl")
    exported = Run.load(tmp_path / "run.jsonl")
    tables = detectors(exported, cast(exported))
    assert [table.lines for table in tables] == [table.lines for table in detectors(zoo, cast(zoo))]
    assert tables[0].columns == ["trained on", "noise", "copies", "again"]


@pytest.fixture
def genbench_home(monkeypatch, home, capsys):
    """`genbench ARGUMENTS` in the home of this test's runs: what it prints; its errors are raised."""
    from genbench.cli import genbench

    monkeypatch.setenv("GENBENCH_HOME", str(home))

    def ask(*arguments):
        capsys.readouterr()
        genbench.main(list(arguments), prog_name="genbench", standalone_mode=False)
        return capsys.readouterr().out

    return ask
