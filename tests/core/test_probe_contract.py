"""A probe's signature is its contract, and a broken one is refused with the reason."""

import pytest

from genbench.core.evidence import Features, LogProbs, Rng
from genbench.core.model import Sampler
from genbench.core.probe import probe, read_probe
from genbench.core.score import Estimate, Estimates, Metric

METRIC = Metric("share", "lower", "What is measured.")
MARK = {"reports": {"x": METRIC}, "cites": ["paper"], "control": "copycat", "truth": "gaussian"}


def test_a_signature_is_read():
    @probe(**MARK)
    def sound(
        generated: Features, held_out: Features, held_out_said: LogProbs, model: Sampler, *, rng: Rng, k: int = 5
    ) -> Estimates:
        return {"x": Estimate(0.0, 1)}

    read = read_probe("quality.sound", sound, "v1")
    assert [(n.parameter, n.role, n.kind) for n in read.needs] == [
        ("generated", "generated", Features),
        ("held_out", "held_out", Features),
        ("held_out_said", "held_out", LogProbs),
        ("model", "model", Sampler),
    ]
    assert read.wants_rng
    assert list(read.settings) == ["k"]
    assert read.settings["k"].default == 5
    assert read.axis == "quality"
    assert read.uses_lens
    assert not read.spec.format_matched


def test_a_probe_may_ask_for_real_items_saved_like_the_outputs():
    def strict(generated: Features) -> Estimates:
        return {}

    assert read_probe("quality.strict", probe(**MARK, format_matched=True)(strict), "v1").spec.format_matched


def unmarked(generated: Features) -> Estimates:
    return {}


def stranger(somebody: Features) -> Estimates:
    return {}


def wrong_kind(generated: int) -> Estimates:
    return {}


def no_return(generated: Features):
    return {}


def demanding(generated: Features, *, k: int) -> Estimates:
    return {}


def greedy(generated: Features, **rest: int) -> Estimates:
    return {}


def wrong_model(model: Features) -> Estimates:
    return {}


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (stranger, "`somebody` is no role"),
        (wrong_kind, "`generated` must be annotated"),
        (no_return, "returning Estimates"),
        (demanding, "setting `k` has no default"),
        (greedy, "may not take"),
        (wrong_model, "`model` must be annotated"),
    ],
)
def test_a_malformed_probe_is_refused(function, problem):
    with pytest.raises(ValueError, match=problem):
        read_probe("quality.x", probe(**MARK)(function), "v1")


def test_marks_and_axes_are_checked():
    with pytest.raises(ValueError, match="not marked"):
        read_probe("quality.unmarked", unmarked, "v1")
    with pytest.raises(ValueError, match="axes are"):
        read_probe("beauty.x", probe(**MARK)(lambda: {}), "v1")
    with pytest.raises(ValueError, match="`control` empty"):
        read_probe("quality.x", probe(**{**MARK, "control": ""})(lambda: {}), "v1")
