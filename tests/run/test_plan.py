"""The plan: which cells there are, why some are skipped, and that nothing is loaded to tell."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from genbench.core.evidence import Stage
from genbench.results.store import Cache
from genbench.run.forecast import Forecast, forecast, in_all, remember
from genbench.run.home import Home
from genbench.run.plan import make_plan, requested
from genbench.run.requests import ProbeRequest
from genbench.run.suite import Suite


def plan_of(*probes, models=("vae", "gan"), **parts):
    return make_plan(
        Suite.from_mapping(
            {
                "name": "x",
                "data": {"digits": "digits"},
                "models": [{"name": m, "family": m, "data": "digits"} if isinstance(m, str) else m for m in models],
                "probes": list(probes) or ["*"],
                **parts,
            }
        )
    )


def ways(*probes):
    """{probe: [(n, lens) of each request that counts]}."""
    found = {}
    for id, request in requested([ProbeRequest.model_validate(p) for p in probes]):
        found.setdefault(id, []).append((request.n, request.lens.lens if request.lens else None))
    return found


def test_an_id_replaces_what_a_pattern_asks_for_wherever_it_stands():
    own = {"probe": "quality.prdc", "n": 9}
    for order in (["*", own], [own, "*"]):
        found = ways(*order)
        assert found["quality.prdc"] == [(9, None)]
        assert found["quality.kernel"] == [(None, None)]


def test_a_narrower_pattern_replaces_a_wider_one():
    found = ways("*", {"probe": "memorization.*", "n": 9}, {"probe": "memorization.gap", "n": 3})
    assert found["memorization.copying"] == [(9, None)]
    assert found["memorization.gap"] == [(3, None)]
    assert found["quality.prdc"] == [(None, None)]


def test_equally_specific_requests_all_count():
    pixels, classifier = ({"probe": "quality.prdc", "lens": lens} for lens in ("image.pixels", "image.classifier"))
    assert ways("*", pixels, classifier)["quality.prdc"] == [(None, "image.pixels"), (None, "image.classifier")]


def test_a_probe_nobody_asks_for_is_not_there():
    assert set(ways("quality.prdc", "energy.*")) == {"quality.prdc", "energy.footprint"}


def test_one_cell_for_a_probe_that_a_pattern_and_an_id_name():
    plan = plan_of("quality.*", {"probe": "quality.prdc", "settings": {"k": 3}, "n": 70})
    cells = [c for c in plan.cells if c.probe.id == "quality.prdc"]
    assert [(c.model.name, c.settings["k"], c.n) for c in cells] == [("vae", 3, 70), ("gan", 3, 70)]


def test_the_same_asked_twice_is_one_cell_and_two_lenses_are_two():
    assert len(plan_of("quality.prdc", "quality.prdc", models=["vae"]).cells) == 1
    two = plan_of(*({"probe": "quality.prdc", "lens": f"image.{x}"} for x in ("pixels", "classifier")), models=["vae"])
    assert [c.lens.id for c in two.cells] == ["image.pixels", "image.classifier"]
    assert len({c.id for c in two.cells}) == 2


def test_a_lens_for_images_leaves_texts_with_theirs():
    plan = plan_of(
        {"probe": "quality.prdc", "lens": "image.classifier"},
        models=["vae", {"name": "t", "family": "ngram", "data": "prose"}],
        data={"digits": "digits", "prose": "pydoc"},
    )
    assert [c.lens.id for c in plan.cells] == ["image.classifier", "text.ngrams"]


def test_every_skipped_cell_says_which_need_is_unmet():
    because = {(c.model.name, c.probe.id): c.because for c in plan_of("*").cells}
    assert because["vae", "quality.perplexity"] is None
    assert because["gan", "quality.perplexity"] == "the model gives no log-probabilities (it is no Density)"
    assert because["gan", "robustness.adversarial"] == "the model gives no gradients (it is no Differentiable)"
    assert because["vae", "misuse.disclosure"] == "the lens Pixels gives no Texts"
    assert because["vae", "bias.substitution"] == "the lens Pixels reads no strings"
    assert because["vae", "bias.counterfactual"].startswith("needs a benchmark")


def test_energy_comes_last_so_that_it_counts_what_the_others_used():
    for model in ("vae", "gan"):
        axes = [c.probe.axis for c in plan_of("energy.*", "quality.*").cells if c.model.name == model]
        assert axes[-1] == "energy"
        assert axes.count("energy") == 1


def test_a_preset_is_overlaid_with_settings_and_whole_floats_become_counts():
    plan = plan_of(models=[{"name": "g", "family": "vae", "data": "digits", "settings": {"steps": 1e2, "rate": 1}}])
    settings = plan.models[0].settings
    assert (settings["steps"], type(settings["steps"])) == (100, int)
    assert (settings["rate"], type(settings["rate"])) == (1.0, float)


def test_a_path_alone_tells_the_modality(tmp_path):
    (tmp_path / "mine.jsonl").write_text('{"text": "a"}\n')
    data = {"mine": {"path": str(tmp_path / "mine.jsonl")}}
    plan = plan_of("quality.*", models=[{"name": "s", "samples": str(tmp_path), "data": "mine"}], data=data)
    assert plan.models[0].modality == "text"


def test_a_benchmark_of_texts_is_no_question_to_an_image_model(tmp_path):
    pairs = tmp_path / "pairs.csv"
    pairs.touch()
    plan = plan_of(
        {"probe": "bias.counterfactual", "benchmark": "pairs"},
        models=["vae", {"name": "t", "family": "ngram", "data": "prose"}],
        data={"digits": "digits", "prose": "pydoc", "pairs": {"source": "crows_pairs", "path": str(pairs)}},
    )
    assert [c.because for c in plan.cells] == ["the benchmark pairs is text, and the model makes image", None]


def test_planning_reads_no_data_and_loads_no_weights(tmp_path):
    (tmp_path / "mine.jsonl").write_text('{"text": "a"}\n')
    suite = tmp_path / "s.yaml"
    suite.write_text(
        "name: x\ndata: {digits: digits, mine: {path: mine.jsonl}}\nmodels:\n"
        "  - {name: lm, hf: nobody/has-this-model, data: mine}\n  - {name: vae, family: vae, data: digits}\n"
    )
    code = (
        "import sys, json\nopened = []\n"
        "sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == 'open' else None)\n"
        "from genbench.run.suite import Suite\nfrom genbench.run.plan import make_plan\n"
        f"plan = make_plan(Suite.load({str(suite)!r}))\n"
        "read = [p for p in opened if p.endswith(('s.yaml', 'mine.jsonl', '.csv.gz', '.safetensors'))]\n"
        "print(json.dumps([len(plan.runnable), read, 'transformers' in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    runnable, read, transformers = json.loads(done.stdout)
    assert runnable > 5
    assert read == [str(suite)]  # the digits are a .csv.gz
    assert not transformers
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.jsonl", "s.yaml"]


# Forecasts


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def test_what_was_never_run_here_has_no_estimate(home):
    told = forecast(plan_of("quality.prdc"), home)
    assert [(f.model, f.kept, f.seconds, f.words) for f in told] == [
        ("vae", False, None, "never timed here"), ("gan", False, None, "never timed here")
    ]  # fmt: skip
    assert in_all(told) == "no model of this plan was timed here yet; the first run will tell"


def test_what_was_run_here_costs_what_it_did_until_its_evidence_is_kept(home):
    plan = plan_of("quality.prdc")
    home.root.mkdir(exist_ok=True)
    remember(plan, home, {"vae": {"ab" * 32: Stage("train", 12.0, 12.0), "cd" * 32: Stage("sample", 3.0, 3.0)}})
    vae, gan = forecast(plan, home)
    assert (vae.kept, vae.seconds, vae.words) == (False, 15.0, "about 15 s, as last time")
    assert gan.seconds is None
    assert in_all([vae, gan]) == "about 15 s, and 1 model never timed here"
    cache = Cache(home.cache)
    for key in ("ab" * 32, "cd" * 32):
        cache.put(key, {"x": 1}, Stage("train", 1.0, 1.0))
    assert forecast(plan, home)[0].words == "a moment"


def test_a_plan_that_asks_for_more_than_was_made_is_not_called_done(home):
    home.root.mkdir(exist_ok=True)
    spent = {"vae": {"ab" * 32: Stage("train", 200.0, 200.0), "cd" * 32: Stage("sample", 10.0, 10.0)}}
    remember(plan_of("quality.prdc"), home, spent)
    more = plan_of("quality.prdc", "robustness.stability")
    assert forecast(more, home)[0].words == "more than 4 min, as last time"
    cache = Cache(home.cache)
    for key in spent["vae"]:
        cache.put(key, {"x": 1}, Stage("train", 1.0, 1.0))
    assert forecast(plan_of("quality.prdc"), home)[0].kept
    told = forecast(more, home)
    assert (told[0].kept, told[0].seconds, told[0].more) == (False, 0.0, True)
    assert told[0].words == "only what was never timed here"
    assert in_all(told) == "more than a moment, and 1 model never timed here"
    assert forecast(plan_of("quality.prdc", n=500), home)[0].kept


def sampled(*steps, **settings):
    """A plan of models that differ in how they are sampled, and in nothing that their fit reads."""
    return plan_of(
        "quality.prdc",
        models=[
            {"name": f"m{i}", "family": "diffusion", "data": "digits", "settings": {"sampling_steps": s, **settings}}
            for i, s in enumerate(steps)
        ],
    )


def test_a_fit_is_known_again_when_only_the_sampling_changes_and_the_sampling_is_not(home):
    home.root.mkdir(exist_ok=True)
    spent = {"m0": {"ab" * 32: Stage("train", 120.0, 120.0), "cd" * 32: Stage("sample", 30.0, 30.0)}}
    remember(sampled(9), home, spent)
    assert forecast(sampled(9), home)[0] == Forecast("m0", False, 150.0)
    assert forecast(sampled(2), home)[0] == Forecast("m0", False, 120.0, more=True)
    assert forecast(sampled(2), home)[0].words == "more than 2 min, as last time"
    assert forecast(sampled(9, steps=7), home)[0].seconds is None  # another fit
    more_samples = plan_of("quality.prdc", models=[{"name": "m0", "family": "diffusion", "data": "digits",
                                                    "settings": {"sampling_steps": 9}}], n=501)  # fmt: skip
    assert forecast(more_samples, home)[0] == Forecast("m0", False, 120.0, more=True)
    Cache(home.cache).put("ab" * 32, {"x": 1}, Stage("train", 1.0, 1.0))
    assert forecast(sampled(9), home)[0] == Forecast("m0", False, 30.0)  # its samples alone are lost
    assert forecast(sampled(2), home)[0] == Forecast("m0", False, 0.0, more=True)


def test_a_fit_that_models_of_one_plan_share_is_counted_once(home):
    home.root.mkdir(exist_ok=True)
    train = {"ab" * 32: Stage("train", 120.0, 120.0)}
    samples = [{"cd" * 32: Stage("sample", 30.0, 30.0)}, {"ef" * 32: Stage("sample", 7.0, 7.0)}]
    remember(sampled(9, 2), home, {"m0": train | samples[0], "m1": train | samples[1]})
    assert [f.seconds for f in forecast(sampled(9, 2), home)] == [150.0, 7.0]
    assert [f.seconds for f in forecast(sampled(2), home)] == [127.0]
    assert in_all(forecast(sampled(9, 2), home)) == "about 3 min"


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"a": 3}', '{"a": {"keys": []}}'])
def test_a_torn_note_is_as_good_as_none(home, torn):
    Path(home.root, "forecast.json").write_text(torn)
    assert forecast(plan_of("quality.prdc"), home)[0].seconds is None


def test_spans_are_said_in_a_readable_unit():
    words = [Forecast("m", False, s).words for s in (0.2, 89, 600, 7200)]
    assert words == [f"about {span}, as last time" for span in ("1 s", "89 s", "10 min", "2.0 h")]
