"""Suites: everything wrong is said at once, each thing once, at its line and column, with what would do."""

import json
import textwrap
from pathlib import Path

import pytest

from genbench.core.errors import GenBenchError, SuiteError
from genbench.run.shipped import shipped_suites
from genbench.run.suite import Suite

GOOD = """
name: small
data: {digits: {source: digits}, prose: {source: pydoc}}
models: [{name: vae, family: vae, data: digits}]
"""


@pytest.fixture
def load(tmp_path):
    def load(text, *overrides):
        path = tmp_path / "s.yaml"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return Suite.load(str(path), overrides=overrides)

    return load


@pytest.fixture
def told(load):
    """[(line, column, problem)] of a suite that is refused."""

    def told(text, *overrides):
        with pytest.raises(SuiteError) as caught:
            load(text, *overrides)
        return [(m.line, m.column, m.problem) for m in caught.value.mistakes]

    return told


def test_seven_different_mistakes_are_seven_errors_with_line_and_column_in_one_go(told):
    assert told(
        """\
        name: seven
        n: many
        data:
          digits: {source: digts}
          prose: {source: pydoc, shortst: 3}
        lenses: {image: image.pixls}
        models:
          - {name: vae, famly: vae, data: digits}
          - {name: gpt, family: gpt, data: prose, settings: {steps: 1.5}}
        gates:
          - {metric: quality.prdc.precision, above: .nan}
        """
    ) == [
        (2, 4, "n: wants a whole number; got 'many'"),
        (4, 20, "no data source is named 'digts'; did you mean 'digits'?"),
        (5, 26, "pydoc has no setting 'shortst'; did you mean 'shortest'?"),
        (6, 17, "no lens is named 'image.pixls'; did you mean 'image.pixels'?"),
        (8, 17, "unknown key 'famly'; did you mean 'family'?"),
        (9, 61, "gpt: steps wants a whole number; got 1.5"),
        (11, 45, "nan is no finite number; put quotes around it if the word is meant"),
    ]


def test_the_message_lists_them_with_the_file(load, tmp_path):
    with pytest.raises(SuiteError) as caught:
        load("name: x\nn: 0\n")
    assert caught.value.exit_code == 2
    assert str(caught.value).splitlines() == [
        "3 mistakes in the suite",
        f"  {tmp_path / 's.yaml'}:1:1: 'data' is missing",
        f"  {tmp_path / 's.yaml'}:1:1: 'models' is missing",
        f"  {tmp_path / 's.yaml'}:2:4: n: must be greater than 0; got 0",
    ]


ONE_EACH = {
    "a scalar of the wrong type": ("seed: -1", "seed: must be at least 0; got -1"),
    "text for a number": ('batch: "64"', "batch: wants a whole number; got '64'"),
    "true for a number": ("batch: true", "batch: wants a whole number; got True"),
    "half a sample": ("n: 2.5", "n: wants a whole number; got 2.5"),
    "infinity": ("n: .inf", "inf is no finite number; put quotes around it if the word is meant"),
    "a device nobody has": ("device: gpu", "device: wants one of auto, cpu, cuda, cuda:1, mps; got 'gpu'"),
    "a list for a mapping": ("meters: [codecarbon]", "meters: wants a mapping of keys to values; got a list"),
    "a word for a list": ("probes: quality.prdc", "probes: wants a list; got 'quality.prdc'"),
    "no probes": ("probes: []", "probes: must hold at least 1; got an empty list"),
    "an unknown key": ("gate: []", "unknown key 'gate'; did you mean 'gates'?"),
    "an unknown meter": (
        "meters: {meter: codcarbon}",
        "meters.meter: wants 'codecarbon' or 'none'; got 'codcarbon'; did you mean 'codecarbon'?",
    ),
    "an unknown key two deep": ("meters: {contry: FRA}", "unknown key 'contry'; did you mean 'country'?"),
    "a country not of the table": (
        "meters: {country: UK}",
        "no carbon intensity is known for country 'UK'; wants an ISO 3166 alpha-3 code, such as FRA, DEU or GBR",
    ),
    "a country in small letters": (
        "meters: {country: fra}",
        "no carbon intensity is known for country 'fra'; did you mean 'FRA'?",
    ),
    "a modality nobody sees": ("lenses: {imgae: image.pixels}", "no lens sees 'imgae'; did you mean 'image'?"),
    "a lens for another modality": ("lenses: {image: text.ngrams}", "the lens text.ngrams sees text, not image"),
    "a lens's setting": (
        "lenses: {image: {lens: image.pixels, sied: 3}}",
        "image.pixels has no setting 'sied'; did you mean 'side'?",
    ),
    "a lens's setting of a wrong type": (
        "lenses: {image: {lens: image.pixels, side: big}}",
        "image.pixels: side wants a whole number; got 'big'",
    ),
    "a lens without what it needs": ("lenses: {image: image.hf}", "image.hf needs the setting 'path'"),
    "an unknown probe": ("probes: [quality.prcd]", "no probe is named 'quality.prcd'; did you mean 'quality.prdc'?"),
    "an unknown pattern": ("probes: ['qualty.*']", "no probe is named 'qualty.*'; did you mean 'quality.*'?"),
    "an unknown key of a probe": (
        "probes: [{probe: quality.prdc, k: 3}]",
        "unknown key 'k'; known: benchmark, lens, n, probe, settings",
    ),
    "an unknown setting of a probe": (
        "probes: [{probe: quality.prdc, settings: {limt: 3}}]",
        "quality.prdc has no setting 'limt'; did you mean 'limit'?",
    ),
    "settings of many": (
        "probes: [{probe: 'quality.*', settings: {k: 3}}]",
        "settings belong to one probe, and 'quality.*' names",
    ),
    "a probe's lens": (
        "probes: [{probe: quality.prdc, lens: {lens: image.pixels, sied: 3}}]",
        "image.pixels has no setting 'sied'; did you mean 'side'?",
    ),
    "a benchmark that is no dataset": (
        "probes: [{probe: quality.prdc, benchmark: pairs}]",
        "no dataset of this suite is named 'pairs'; did you mean 'prose'?",
    ),
    "a dataset that is no benchmark": (
        "probes: [{probe: quality.prdc, benchmark: digits}]",
        "'digits' holds image, which is no benchmark",
    ),
    "a gate on nothing": (
        "gates: [{metric: quality.prdc.precision}]",
        "gates.0: give `below`, `above` or `no_alarm: true`",
    ),
    "a gate nobody can pass": (
        "gates: [{metric: quality.prdc.precision, above: 0.9, below: 0.5}]",
        "gates.0: nothing lies above 0.9 and below 0.5",
    ),
    "a gate on an unknown metric": (
        "gates: [{metric: quality.prdc.precison, above: 0.9}]",
        "no metric is named 'quality.prdc.precison'; did you mean 'quality.prdc.precision'?",
    ),
    "a gate on an unknown model": (
        "gates: [{metric: quality.prdc.precision, above: 0.9, models: [vea]}]",
        "no model is named 'vea'; did you mean 'vae'?",
    ),
    "a gate with words for a number": (
        "gates: [{metric: quality.prdc.precision, above: '0.9'}]",
        "gates.0.above: wants a number; got '0.9'",
    ),
    "a gate with words for a flag": (
        "gates: [{metric: quality.prdc.precision, no_alarm: on}]",
        "gates.0.no_alarm: wants true or false; got 'on'",
    ),
}


@pytest.mark.parametrize("name", ONE_EACH)
def test_one_mistake_is_said_once_on_its_line(told, name):
    line, problem = ONE_EACH[name]
    (mistake,) = told(GOOD + line + "\n")
    assert mistake[0] == 5
    assert mistake[1] > 0
    assert mistake[2].startswith(problem)


MODELS = {
    "no kind": (
        "{name: a, data: digits}",
        "models.0: give exactly one of family, hf, endpoint, python or samples; got none",
    ),
    "two kinds": (
        "{name: a, data: digits, family: vae, hf: x}",
        "models.0: give exactly one of family, hf, endpoint, python or samples; got family, hf",
    ),
    "an unknown family": (
        "{name: a, data: digits, family: vea}",
        "no model family is named 'vea'; did you mean 'vae'?",
    ),
    "an unknown preset": ("{name: a, data: prose, family: gpt, preset: tinny}", "gpt has no preset 'tinny'; did you"),
    "a preset of hf": ("{name: a, data: prose, hf: x, preset: tiny}", "hf has no preset 'tiny'; it has none"),
    "a setting of hf": (
        "{name: a, data: prose, hf: x, settings: {tempreature: 1}}",
        "hf has no setting 'tempreature'; did you mean 'temperature'?",
    ),
    "a path given twice": (
        "{name: a, data: prose, hf: x, settings: {path: y}}",
        "'path' is given twice: `hf` says it already",
    ),
    "a choice": (
        "{name: a, data: prose, hf: x, settings: {dtype: float23}}",
        "hf: dtype wants 'float32', 'bfloat16' or 'float16'; got 'float23'; did you mean 'float32'?",
    ),
    "no such samples": (
        "{name: a, data: digits, samples: nowhere}",
        "no file or folder at 'nowhere'; another can be named with --set models.0.samples=PATH",
    ),
    "no object": ("{name: a, data: digits, python: module}", "python: wants package.module:object; got 'module'"),
    "samples by family, without a path": (
        "{name: a, data: digits, family: samples}",
        "samples needs the setting 'path'",
    ),
    "no data": ("{name: a, family: vae}", "model 'a' names no `data`; known: digits, prose"),
    "unknown data": (
        "{name: a, family: vae, data: digit}",
        "no dataset of this suite is named 'digit'; did you mean 'digits'?",
    ),
    "data of another modality": ("{name: a, family: vae, data: prose}", "vae makes image, and 'prose' holds text"),
    "no such folder of hf": (
        "{name: a, data: prose, hf: /nope}",
        "no file or folder at '/nope'; another can be named with --set models.0.hf=PATH",
    ),
    "no such folder of hf by family": (
        "{name: a, data: prose, family: hf, settings: {path: ~/nope}}",
        "no file or folder at '~/nope'; another can be named with --set models.0.settings.path=PATH",
    ),
    "an unknown family within": (
        "{name: a, data: prose, family: dialogue, settings: {of: nope}}",
        "no model family is named 'nope'",
    ),
    "an unknown setting within": (
        "{name: a, data: prose, family: shadows, settings: {family: gpt, settings: {foo: 1}}}",
        "gpt has no setting 'foo'",
    ),
    "no such folder within": (
        "{name: a, data: prose, family: dialogue, settings: {of: hf, settings: {path: ./nope}}}",
        "no file or folder at './nope'; another can be named with --set models.0.settings.settings.path=PATH",
    ),
    "a missing setting within": (
        "{name: a, data: prose, family: dialogue, settings: {of: hf}}",
        "hf needs the setting 'path'",
    ),
    "a name that cannot be seen": ("{name: ' ', family: vae, data: digits}", "models.0.name: wants a name that can"),
    "an empty name": ("{name: '', family: vae, data: digits}", "models.0.name: must not be empty; got ''"),
    "settings that are none": ("{name: a, family: vae, data: digits, settings: [3]}", "models.0.settings: wants a"),
    "text for a float": (
        "{name: a, family: copycat, data: digits, settings: {rate: '0.2'}}",
        "copycat: rate wants a number; got '0.2'",
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_one_mistake_of_a_model_is_said_once_on_its_line(told, name):
    model, problem = MODELS[name]
    text = f"name: x\ndata: {{digits: digits, prose: pydoc}}\nmodels:\n  - {model}\n"
    (mistake,) = told(text)
    assert mistake[0] == 4
    assert mistake[2].startswith(problem)


def test_two_models_of_one_name_are_refused(told):
    text = GOOD.replace("}]", "},\n  {name: vae, family: gan, data: digits}]")
    assert told(text) == [(5, 10, "two models are named 'vae'; names tell them apart in the report")]


def test_a_missing_data_section_is_one_mistake_and_not_one_per_model(told):
    assert told("name: x\nmodels: [{name: a, family: vae, data: digits}, {name: b, family: gan, data: digits}]\n") == [
        (1, 1, "'data' is missing")
    ]


def test_a_misspelt_setting_is_not_a_missing_one_too(told):
    text = GOOD.replace("digits: {source: digits}", "digits: digits, mine: {source: jsonl, pth: x}")
    assert [problem for _, _, problem in told(text)] == ["jsonl has no setting 'pth'; did you mean 'path'?"]


def test_settings_of_data_may_stand_below_settings_and_are_checked_there(told):
    text = GOOD.replace("{source: pydoc}", "{source: pydoc, settings: {shortst: 3}}")
    assert told(text) == [(3, 68, "pydoc has no setting 'shortst'; did you mean 'shortest'?")]
    both = GOOD.replace("{source: pydoc}", "{source: pydoc, longest: 3, settings: {shortest: 3}}")
    assert told(both) == [(3, 57, "unknown key 'longest'; known: optional, settings, source")]


def test_a_bare_path_is_looked_at_and_its_settings_are_those_of_what_it_is(load, told, tmp_path):
    (tmp_path / "mine.jsonl").write_text('{"text": "a"}\n')
    text = "name: x\ndata: {mine: {path: mine.jsonl, field: text}}\nmodels: [{name: n, family: ngram, data: mine}]\n"
    assert load(text).data["mine"].settings["path"] == str(tmp_path / "mine.jsonl")  # counted from the suite's folder
    assert told(text.replace("field", "feild")) == [(2, 33, "jsonl has no setting 'feild'; did you mean 'field'?")]
    assert told(text.replace("ngram", "vae")) == [(3, 39, "vae makes image, and 'mine' holds text")]
    (absent,) = told(text.replace("mine.jsonl", "none.jsonl"))
    assert absent[:2] == (2, 21)
    assert "no file or folder at 'none.jsonl'; another can be named with --set data.mine.path=FILE" in absent[2]


def test_a_bare_path_that_tells_nothing_is_a_mistake_at_the_path(told, tmp_path):
    (tmp_path / "mine.xyz").write_text("?")
    text = "name: x\ndata: {mine: {path: mine.xyz}}\nmodels: [{name: n, family: ngram, data: mine}]\n"
    (mistake,) = told(text)
    assert mistake[:2] == (2, 21)
    assert "cannot tell what it holds" in mistake[2]


def test_numbers_are_taken_as_people_mean_them(load):
    suite = load(GOOD + "n: 1e3\nmeters: {country: NOR}\ngates: [{metric: quality.prdc.precision, above: 1e-3}]\n")
    assert (suite.n, type(suite.n)) == (1000, int)
    assert suite.gates[0].above == 1e-3
    assert suite.meters.country == "NOR"
    assert load(GOOD.replace("small", "no")).name == "no"


def test_an_own_figure_needs_no_country_of_the_table(load, told):
    suite = load(GOOD + "meters: {country: XKX, carbon_intensity_g_per_kwh: 900}\n")
    assert suite.meters.carbon_intensity_g_per_kwh == 900
    assert len(told(GOOD + "meters: {country: XQX}\n")) == 1


def test_odd_names_are_names(load):
    names = ["a/b", "..", "x|y", "naïve 漢字", "\x1b[31mred", "safe\u202eexe"]
    models = [{"name": name, "family": "vae", "data": "digits"} for name in names]
    suite = load(f"name: x\ndata: {{digits: digits}}\nmodels: {json.dumps(models)}\n")
    assert [m.name for m in suite.models] == names


def test_a_suite_made_in_python_is_checked_the_same():
    with pytest.raises(SuiteError, match=r"no model family is named 'vea'; did you mean 'vae'"):
        Suite.from_mapping(
            {"name": "x", "data": {"d": "digits"}, "models": [{"name": "a", "family": "vea", "data": "d"}]}
        )


def test_a_suite_that_is_no_mapping_is_one_mistake(told):
    assert told("- a\n- b\n") == [(1, 1, "a suite is a mapping of keys to values, got a list")]


def test_an_unknown_suite_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(GenBenchError, match=r"no suite 'quikstart': neither a file .*did you mean 'quickstart'"):
        Suite.load("quikstart")
    with pytest.raises(GenBenchError, match="a folder, not a suite's file"):
        Suite.load(str(tmp_path))
    with pytest.raises(GenBenchError, match="neither a file nor a shipped suite"):
        Suite.load("x" * 5000)


# --set


def test_changes_reach_any_place_and_read_values_as_yaml(load):
    suite = load(
        GOOD, "n=200", "models.0.preset=base", "models.0.settings.steps=1e2", "meters.country=NOR",
        "probes=[quality.prdc, {probe: quality.kernel, n: 9}]", 'about="1e3"', "name=a: b # c",
        "data.prose.longest=100",
    )  # fmt: skip
    assert (suite.n, suite.models[0].preset, suite.meters.country) == (200, "base", "NOR")
    assert suite.models[0].settings == {"steps": 100.0}
    assert [(p.probe, p.n) for p in suite.probes] == [("quality.prdc", None), ("quality.kernel", 9)]
    assert (suite.about, suite.name) == ("1e3", "a: b # c")
    assert suite.data["prose"].settings == {"longest": 100}
    assert load(GOOD + "gates: [{metric: quality.prdc.recall, above: 0}]", "gates=[]").gates == ()


CHANGES = {
    "n": "--set n:1:1: wants PATH=VALUE, such as n=200 or models.0.preset=base",
    "n=abc": "n=abc:1:3: n: wants a whole number; got 'abc'",
    "n.x=1": "n.x=1:1:3: n is 5, and nothing stands below it",
    "models.1.preset=base": "models.1.preset=base:1:8: models is a list that holds 0 to 0, which are vae; got '1'",
    "models.vae.preset=base": "models.vae.preset=base:1:8: models is a list that holds 0 to 0, which are vae; got",
    "models.0.prset=base": "models.0.prset=base:1:10: unknown key 'prset'; did you mean 'preset'?",
    "modles.0.preset=base": "modles.0.preset=base:1:1: unknown key 'modles'; did you mean 'models'?",
    "models.0.settings.stepps=3": "models.0.settings.stepps=3:1:19: vae has no setting 'stepps'; did you mean 'steps'?",
    "gates=[{metric: x": "gates=[{metric: x:1:18: a bracket is left open, or a comma is missing",
    "lenses={image: image.pixls}": "lenses={image: image.pixls}:1:16: no lens is named 'image.pixls'; did you mean",
    "meters.country=fra": "meters.country=fra:1:16: no carbon intensity is known for country 'fra'; did you mean",
    "n=nan": "n=nan:1:3: nan is no finite number",
    "meters={country: FRA, country: DEU}": "'country' stands here twice; first at line 1",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_mistake_in_a_change_points_into_the_change(load, change):
    with pytest.raises(SuiteError) as caught:
        load(GOOD + "n: 5\n", change)
    (mistake,) = caught.value.mistakes
    assert CHANGES[change] in str(mistake)


def test_a_change_mends_what_the_file_has_wrong(load):
    assert load(GOOD + "n: many\n", "n=7").n == 7
    assert load(GOOD + "meters:\n", "meters.meter=none").meters.meter == "none"


def test_mistakes_of_changes_and_file_come_together(told):
    assert [p for _, _, p in told(GOOD + "n: 0\n", "seed=-1", "batch=x")] == [
        "n: must be greater than 0; got 0", "batch: wants a whole number; got 'x'", "seed: must be at least 0; got -1"
    ]  # fmt: skip


@pytest.mark.parametrize("name", shipped_suites())
def test_every_shipped_suite_is_without_mistakes(name, tmp_path):
    mine = tmp_path / "mine.csv"
    mine.touch()
    benchmarks = [
        "crows_pairs", "stereoset", "winobias", "winobias_pairs", "winogender", "bbq", "bold", "honest"
    ]  # fmt: skip
    named = {  # by users
        "audit-bias": ["data.pairs.path"],
        "image-folder": ["data.real.path", "models.0.samples"],
        "chatbot-safety": ["data.xstest.path", "data.pressed.path"],
        "bias-full": ["models.0.hf", *(f"data.{benchmark}.path" for benchmark in benchmarks)],
    }
    suite = Suite.load(name, overrides=[f"{path}={mine}" for path in named.get(name, [])])
    assert suite.name == name
    assert suite.path is not None
    assert Path(suite.path).suffix == ".yaml"


TRAININGS = """
name: small
seed: 5
data: {digits: {source: digits}}
models: [{name: vae, family: vae, data: digits, seeds: 3}, {name: noise, family: gaussian, data: digits}]
gates:
  - {metric: quality.kernel.mmd2, models: [vae], below: 1}
  - {metric: quality.kernel.mmd2, models: ["vae#1"], below: 2}
"""


def test_seeds_make_trainings_that_differ_in_their_seed_alone(load):
    suite = load(TRAININGS)
    assert [(m.name, m.seed, m.group) for m in suite.models] == [
        ("vae#0", 5, "vae"), ("vae#1", 6, "vae"), ("vae#2", 7, "vae"), ("noise", None, None)
    ]  # fmt: skip
    alike = [m.model_dump(exclude={"name", "seed"}) for m in suite.models[:3]]
    assert alike[0] == alike[1] == alike[2]
    assert [gate.models for gate in suite.gates] == [("vae#0", "vae#1", "vae#2"), ("vae#1",)]
    again = Suite.from_mapping(json.loads(suite.model_dump_json()))
    assert again.models == suite.models


def test_a_seed_of_its_own_is_where_trainings_begin(load):
    suite = load(TRAININGS, "models.0.seed=40", "models.0.seeds=2")
    assert [(m.name, m.seed) for m in suite.models[:2]] == [("vae#0", 40), ("vae#1", 41)]


def test_what_comes_trained_is_not_trained_again_and_names_stay_apart(told):
    assert any("`seeds` trains a `family` again" in problem for _, _, problem in told(
        GOOD.replace("family: vae", "python: a.b:c, seeds: 3")))  # fmt: skip
    assert any("two models are named 'vae#0'" in problem for _, _, problem in told(
        TRAININGS.replace("name: noise", 'name: "vae#0"')))  # fmt: skip
    assert told(TRAININGS.replace("seeds: 3", "seeds: 1"))
