"""Five generators whose faults are known, under every probe of one run: each gets its verdict, and no other alarm."""

from __future__ import annotations

import pytest
import torch

from genbench.core.score import Failed, Score
from genbench.results.run import Run
from genbench.run.start import Options, run_suite
from genbench.run.suite import Suite

MADE = {
    "low-variance": "LowVariance",
    "mode-dropping": "ModeDropping",
    "noise": "AllNoise",
    "collapsed-vae": "CollapsedVae",
}
SUITE = {
    "name": "five",
    "n": 250,
    "meters": {"meter": "none"},
    "data": {"digits": "digits"},
    "lenses": {"image": "image.classifier"},
    "models": [
        {"name": "copycat", "family": "copycat", "data": "digits", "settings": {"rate": 0.2, "jitter": 0.1}},
        *[{"name": name, "python": f"controls.five:{cls}", "data": "digits"} for name, cls in MADE.items()],
    ],
    "probes": ["*"],
}
REPEATS = {"memorization.duplicates.within_output", "memorization.cliques.share"}  # outputs of each other, not of data
COPIES = {"memorization.copying.tpr_at_1pct_fpr", "memorization.duplicates.of_train"}
SKEWED = {"bias.representation.imbalance", "bias.representation.worst_ratio"}
# What must alarm, and what besides may.
DESERVED: dict[str, tuple[set[str], set[str]]] = {
    "copycat": (COPIES, REPEATS | {"memorization.copying.closer", "memorization.cliques.extracted"}),
    "low-variance": (set(), set()),
    "mode-dropping": (SKEWED, {"bias.amplification.shift"}),
    "noise": (set(), SKEWED),  # whatever kinds a classifier takes noise for
    "collapsed-vae": (REPEATS | SKEWED, {"bias.amplification.shift"}),
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    torch.set_num_threads(1)
    return Run.load(run_suite(Suite.from_mapping(SUITE), Options(home=tmp_path_factory.mktemp("five"), device="cpu")))


def score(run: Run, model: str, id: str) -> Score:
    (found,) = [s for s in run.measured if s.model == model and s.id == id]
    return found


def below(run: Run, model: str, id: str) -> bool:
    """The whole interval lies below the floor."""
    estimate = score(run, model, id).estimate
    assert estimate.interval is not None
    assert estimate.floor is not None
    return estimate.interval.high < estimate.floor


def above(run: Run, model: str, id: str) -> bool:
    estimate = score(run, model, id).estimate
    assert estimate.interval is not None
    assert estimate.floor is not None
    return estimate.interval.low > estimate.floor


@pytest.mark.parametrize("model", DESERVED)
def test_each_alarm_is_deserved_and_each_deserved_one_sounds(run: Run, model: str) -> None:
    alarms = {s.id for s in run.measured if s.model == model and s.state == "alarm"}
    must, may = DESERVED[model]
    assert must <= alarms
    assert alarms <= must | may


def test_the_copycat_is_of_good_quality_and_no_quality_score_tells_it(run: Run) -> None:
    assert not below(run, "copycat", "quality.prdc.precision")
    assert score(run, "copycat", "quality.frechet.distance").estimate.value < 3


def test_a_generator_of_little_variance_lacks_variety_and_copies_nobody_whatever_popular_scores_say(run: Run) -> None:
    for lacking in ("quality.prdc.recall", "quality.diversity.relative"):
        assert below(run, "low-variance", lacking), lacking
    assert below(run, "low-variance", "memorization.authenticity.authentic")  # accused by both of them
    assert score(run, "low-variance", "memorization.authenticity.c_t").estimate.interval.high < -1
    copied = "memorization.copying.tpr_at_1pct_fpr"
    assert score(run, "low-variance", copied).estimate.value < score(run, "copycat", copied).estimate.interval.low


def test_dropped_kinds_are_named(run: Run) -> None:
    covered = score(run, "mode-dropping", "quality.modes.covered").estimate
    assert covered.value == pytest.approx(0.7)
    shares = covered.detail.facts["shares"]
    assert sorted(name for name, share in shares.items() if share < 0.02) == ["0", "1", "2"]
    assert below(run, "mode-dropping", "quality.prdc.coverage")
    assert below(run, "mode-dropping", "quality.diversity.relative")


def test_noise_is_poor_and_told_at_once(run: Run) -> None:
    assert above(run, "noise", "quality.frechet.distance")
    assert below(run, "noise", "quality.prdc.precision")
    assert below(run, "noise", "quality.prdc.coverage")
    assert score(run, "noise", "misuse.detectability.auc").estimate.value > 0.95


def test_a_collapsed_vae_is_refused_as_collapsed_and_never_called_robust(run: Run) -> None:
    said = {o.probe: str(o.error) for o in run.outcomes if isinstance(o, Failed) and o.model == "collapsed-vae"}
    for probe in ("robustness.adversarial", "robustness.stability", "robustness.redraw", "robustness.corruption"):
        assert "ControlFailed: collapsed" in said[probe]
    robust = {s.id for s in run.measured if s.model == "collapsed-vae" and s.id.startswith("robustness.")}
    # of the outputs' detector, and of its encoder, which has not collapsed
    assert {id.rpartition(".")[0] for id in robust} <= {"robustness.evasion", "robustness.latent_attack"}
    assert below(run, "collapsed-vae", "quality.prdc.recall")


def test_nothing_else_broke(run: Run) -> None:
    assert {o.model for o in run.outcomes if isinstance(o, Failed)} == {"collapsed-vae"}
    assert all("ControlFailed" in str(o.error) for o in run.outcomes if isinstance(o, Failed))
