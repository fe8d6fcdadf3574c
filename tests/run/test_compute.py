"""Operations and parameters of real runs: counted on a rehearsal, so that no score and no joule knows of it."""

import json

import pytest
import torch
from torch import nn

from genbench.core.model import History, Tick, Training
from genbench.meters.flop import FlopCount
from genbench.results.archive import write_archive
from genbench.results.run import Run
from genbench.run.compute import LEAST_STEPS, Enough, Stretch, modules

DIGITS = {"digits": "digits"}
VAE = {"name": "vae", "family": "vae", "data": "digits", "settings": {"steps": 60}}


def told(run: Run, kind: str, model: str) -> list[dict]:
    return [event for event in run.events(kind) if event["model"] == model]


class Lines:
    """One layer of 20 x 30, told of every `every` steps on batches of 7; a record evaluates 100 items."""

    def __init__(self, steps: int, every: int) -> None:
        self.steps, self.every, self.net = steps, every, nn.Linear(20, 30)
        self.done = 0

    def fit(self, training: Training) -> History:
        for step in range(1, self.steps + 1):
            self.net(torch.randn(7, 20)).sum().backward()
            self.done = step
            if step % self.every == 0:
                with torch.no_grad():
                    self.net(torch.randn(100, 20))
                training.tell(Tick(step, self.steps))
        return History()


def stretched(model: Lines) -> tuple[Stretch, bool]:
    stretch = Stretch(FlopCount())
    try:
        model.fit(Training(tell=stretch.hear))
    except Enough:
        return stretch, True
    finally:
        stretch.close()
    return stretch, False


def test_a_step_is_counted_between_records_and_the_rehearsal_is_given_up_then() -> None:
    model = Lines(steps=1000, every=10)
    stretch, given_up = stretched(model)
    assert given_up
    assert model.done == 10 + 40  # the first record at which 32 steps were counted
    step, evaluation = 2 * (2 * 7 * 20 * 30), 2 * 100 * 20 * 30
    assert stretch.result().flop == step + evaluation / 10
    assert stretch.result().how == "steps 11 to 50 of a rehearsal"
    model.net(torch.randn(7, 20))
    assert stretch.clock.flop == 40 * step + 4 * evaluation  # nothing more, once it is closed


def test_a_short_fit_is_counted_as_far_as_it_goes_and_one_that_tells_too_little_is_not() -> None:
    few, given_up = stretched(Lines(steps=25, every=10))
    assert not given_up
    assert few.result().how == "steps 11 to 20 of a rehearsal"
    once, _ = stretched(Lines(steps=25, every=20))
    assert once.result().flop is None
    assert "too few steps" in once.result().how
    never, _ = stretched(Lines(steps=5, every=20))
    assert never.result().flop is None


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Run]:
    """The same suite with and without counting, each in a home of its own; energy by no meter."""
    from genbench.run.start import Options, run_suite
    from genbench.run.suite import Suite

    found = {}
    for flop in (True, False):
        cat = {"name": "cat", "family": "copycat", "data": "digits"}
        suite = Suite.from_mapping(
            {
                "name": "counted", "n": 80, "data": DIGITS, "models": [VAE, cat],
                "probes": ["quality.kernel", "energy.footprint"], "meters": {"meter": "none", "flop": flop},
            }
        )  # fmt: skip
        home = tmp_path_factory.mktemp("home")
        found[flop] = Run.load(run_suite(suite, Options(home=home, device="cpu")))
    return found


def test_counting_changes_no_score_and_no_weight(runs: dict[bool, Run]) -> None:
    scores = [
        {
            (s.model, s.id): (s.estimate.value, s.provenance.model_digest)
            for s in run.measured
            if s.definition.repeatable
        }
        for run in runs.values()
    ]
    assert scores[0] == scores[1] != {}


def test_a_real_fit_and_its_samples_are_counted_and_stand_in_the_archive(runs: dict[bool, Run], tmp_path) -> None:
    run = runs[True]
    (row,) = told(run, "annex_xi", "vae")
    assert row["training_seconds"] > 0
    weights = {e["what"]: e for e in told(run, "compute", "vae")}
    assert row["parameters"] == weights["parameters"]["count"] > 10_000
    step = weights["training"]["flop"]
    assert row["training_flop"] == step * 60
    # Going forward takes 2 operations a weight and item, going back 4; records evaluate besides.
    assert step > 0.5 * 6 * row["parameters"] * 64
    assert row["sampling_flop_per_1000"] == 1000 * weights["sampling"]["flop"] < 1000 * 2 * row["parameters"]
    assert row["training_kilowatt_hours"] is None
    file = tmp_path / "run.jsonl"
    write_archive(run.folder, file)
    archived = [json.loads(line) for line in file.read_text().splitlines()]
    assert row in [record["events"] for record in archived if "events" in record]


def test_the_harness_is_charged_with_rehearsals_and_the_model_is_not(runs: dict[bool, Run]) -> None:
    stages = {flop: [s.name for owner, s in run.stages() if owner == "vae"] for flop, run in runs.items()}
    assert stages[True].count("count") == 2
    assert "count" not in stages[False]
    assert {name for name in stages[True] if name != "count"} == set(stages[False])


def test_what_cannot_be_counted_is_none_with_its_reason(runs: dict[bool, Run]) -> None:
    (cat,) = told(runs[True], "annex_xi", "cat")
    assert [cat[k] for k in ("parameters", "training_flop", "sampling_flop_per_1000")] == [None, None, None]
    assert cat["training_flop_how"] == "nothing is learned in steps, so that none can be counted"
    assert "no torch module" in cat["sampling_flop_per_1000_how"]
    assert "below 0.5 s" in cat["training_energy_how"]
    (off,) = told(runs[False], "annex_xi", "vae")
    assert off["training_flop"] is None
    assert "counting is off" in off["training_flop_how"]


def test_a_fit_that_is_not_kept_is_charged_to_its_model(runs: dict[bool, Run]) -> None:
    (event,) = [e for e in runs[True].events("cost") if e["owner"] == "cat" and e["stage"]["name"] == "train"]
    assert event["stage"]["seconds"] > 0


def test_counts_are_kept_and_not_made_again(run_of) -> None:
    parts = {"n": 40, "data": DIGITS, "models": [VAE], "probes": ["quality.kernel"], "meters": {"meter": "none"}}
    first, second = run_of(**parts), run_of(**parts)
    assert [s.name for _, s in first.stages()].count("count") == 2
    assert "count" not in [s.name for _, s in second.stages()]
    assert told(second, "annex_xi", "vae")[0]["training_flop"] == told(first, "annex_xi", "vae")[0]["training_flop"]


def test_modules_are_found_in_what_an_object_holds() -> None:
    model = Lines(steps=1, every=1)
    assert modules(model) == [model.net]
    assert modules(model.net)[0] is model.net
    assert modules(3) == []
    assert LEAST_STEPS >= 2 * 16
