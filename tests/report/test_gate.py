"""A gate passes only what is wholly within it, says what nobody can tell, and never takes absence for a pass."""

import json

import numpy as np
import pytest

from genbench.core.errors import MissingExtra, ResultsError
from genbench.core.score import Failed, Skipped
from genbench.report.gate import judge

METRIC = "quality.kernel.mmd2"


def skipped(model="vae", metric="", because="the model is no Sampler", planned=True):
    return Skipped("quality.kernel", model, "digits", "", because, metric, planned)


def failed(model="vae", error="ValueError: shapes"):
    return Failed("quality.kernel", model, "digits", "", error, "Traceback ...")


@pytest.mark.parametrize(
    ("limits", "ends", "result", "code"),
    [
        ({"below": 0.5}, (0.1, 0.4), "pass", 0),
        ({"below": 0.5}, (0.5, 0.9), "fail", 1),
        ({"below": 0.5}, (0.4, 0.6), "cannot tell", 3),
        ({"above": 0.5}, (0.6, 0.9), "pass", 0),
        ({"above": 0.5}, (0.1, 0.5), "fail", 1),
        ({"above": 0.5}, (0.4, 0.6), "cannot tell", 3),
        ({"above": 0.1, "below": 0.5}, (0.2, 0.4), "pass", 0),
        ({"above": 0.1, "below": 0.5}, (0.05, 0.4), "cannot tell", 3),
        ({"above": 0.1, "below": 0.5}, (0.6, 0.7), "fail", 1),
        ({"below": 0.5}, (0.1, 0.5), "cannot tell", 3),
        ({"no_alarm": True}, (0.0, 0.04), "pass", 0),
        ({"no_alarm": True}, (0.06, 0.09), "fail", 1),
        ({"no_alarm": True}, (0.01, 0.09), "cannot tell", 3),
        ({"no_alarm": True, "below": 0.01}, (0.02, 0.04), "fail", 1),
    ],
)
def test_the_whole_interval_decides(make_run, make_score, limits, ends, result, code):
    scores = [make_score(METRIC, sum(ends) / 2, ends=ends)]
    verdict = judge(make_run(scores=scores, gates=[{"metric": METRIC, **limits}]), None)
    assert [d.result for d in verdict.decisions] == [result]
    assert (verdict.result, verdict.exit_code) == (result, code)


def test_astride_names_an_n_that_would_tell(make_run, make_score):
    scores = [make_score(METRIC, 0.45, ends=(0.35, 0.55), n=100)]
    verdict = judge(make_run(scores=scores, gates=[{"metric": METRIC, "below": 0.5}]), None)
    assert "about n = 400 would tell" in verdict.decisions[0].because


def test_a_score_without_an_interval_is_judged_by_its_value_and_that_is_said(make_run, make_score):
    scores = [make_score(METRIC, 0.4, ends=None)]
    passed = judge(make_run("a", scores=scores, gates=[{"metric": METRIC, "below": 0.5}]), None)
    assert passed.result == "pass"
    assert "by its value alone" in passed.decisions[0].because
    at_limit = judge(make_run("b", scores=scores, gates=[{"metric": METRIC, "below": 0.4}]), None)
    assert at_limit.result == "fail"


@pytest.mark.parametrize(
    ("definition", "floor", "said"),
    [
        ({"tolerance": None}, 0.0, "sets no tolerance"),
        ({}, None, "has no floor"),
        ({"context": True}, 0.0, "is context"),
    ],
)
def test_no_alarm_where_none_can_be_given_is_no_pass(make_run, make_score, definition, floor, said):
    scores = [make_score(METRIC, 0.0, definition=definition, floor=floor)]
    verdict = judge(make_run(scores=scores, gates=[{"metric": METRIC, "no_alarm": True}]), None)
    assert verdict.exit_code == 3
    assert said in verdict.decisions[0].because


def test_gates_on_quality_bias_and_energy_stand_in_one_file(make_run, make_score):
    scores = [
        make_score(METRIC, 0.1),
        make_score("bias.representation.imbalance", 0.02),
        make_score(
            "energy.footprint.train", 900.0, ends=(700, 1100), definition={"repeatable": False, "unit": "joules"}
        ),
    ]
    gates = [
        {"metric": METRIC, "below": 0.5},
        {"metric": "bias.representation.imbalance", "no_alarm": True},
        {"metric": "energy.footprint.train", "below": 1000},
    ]
    verdict = judge(make_run(scores=scores, gates=gates), None)
    assert [d.result for d in verdict.decisions] == ["pass", "pass", "cannot tell"]
    # A meter's bounds do not narrow with more samples, so no n is promised.
    assert "would tell" not in verdict.decisions[2].because
    assert verdict.words == "CANNOT TELL: 1 of 3 decisions: energy.footprint.train below 1000 (vae)."


def test_a_fail_is_not_hidden_by_what_nobody_can_tell(make_run, make_score):
    scores = [
        make_score(METRIC, 0.9, model="gan"),
        make_score(METRIC, 0.5, model="vae"),
        make_score(METRIC, 0.1, model="ok"),
    ]
    verdict = judge(make_run(scores=scores, gates=[{"metric": METRIC, "below": 0.5}]), None)
    assert {d.model: d.result for d in verdict.decisions} == {"gan": "fail", "vae": "cannot tell", "ok": "pass"}
    assert verdict.exit_code == 1


def test_a_gate_is_for_the_models_it_names(make_run, make_score):
    scores = [make_score(METRIC, 0.9, model="copycat"), make_score(METRIC, 0.1, model="vae")]
    gates = [{"metric": METRIC, "below": 0.5, "models": ["vae"]}]
    assert [d.model for d in judge(make_run(scores=scores, gates=gates), None).decisions] == ["vae"]


def test_a_skipped_score_is_no_pass(make_run, make_score):
    gates = [{"metric": METRIC, "below": 0.5, "models": ["vae"]}]
    verdict = judge(make_run("named", scores=[skipped(), make_score(METRIC, model="gan")], gates=gates), None)
    assert (verdict.result, verdict.exit_code) == ("cannot tell", 3)
    assert verdict.decisions[0].because == "skipped: the model is no Sampler"
    nobody = judge(make_run("nobody", scores=[skipped()], gates=[{"metric": METRIC, "below": 0.5}]), None)
    assert nobody.exit_code == 3


def test_a_gate_for_all_excuses_only_models_its_probe_is_not_for(make_run, make_score):
    gates = [{"metric": METRIC, "below": 0.5}]
    fine = make_score(METRIC, 0.1, model="gan")
    whole = judge(make_run("whole", scores=[fine, skipped()], gates=gates), None)
    assert whole.result == "pass"
    assert whole.rows[1] == [f"{METRIC} below 0.5", "vae", "does not apply", "the model is no Sampler"]
    assert "some gates do not apply to vae" in whole.words
    few = skipped(metric="mmd2", because="too few outputs", planned=False)
    silent = judge(make_run("silent", scores=[fine, few], gates=gates), None)
    assert silent.result == "cannot tell"
    missing = str(MissingExtra("transformers", "hf"))
    package = judge(make_run("package", scores=[fine, skipped(because=missing, planned=False)], gates=gates), None)
    assert package.result == "cannot tell"
    assert "pip install" in package.decisions[1].because


def test_another_metric_of_the_probe_that_was_skipped_is_not_this_one(make_run, make_score):
    scores = [make_score(METRIC, 0.1), skipped(metric="other")]
    assert judge(make_run(scores=scores, gates=[{"metric": METRIC, "below": 0.5}]), None).result == "pass"


def test_a_gate_on_what_was_not_measured_is_no_pass(make_run, make_score):
    gates = [{"metric": "quality.prdc.recall", "above": 0.5}]
    assert judge(make_run("a", scores=[make_score(METRIC)], gates=gates), None).exit_code == 3
    named = [{**gates[0], "models": ["vae", "gan"]}]
    verdict = judge(
        make_run("b", scores=[make_score("quality.prdc.recall", 0.9)], models=["vae", "gan"], gates=named), None
    )
    assert {d.model: d.result for d in verdict.decisions} == {"vae": "pass", "gan": "cannot tell"}


def test_a_gated_probe_that_failed_breaks_the_run(make_run, make_score):
    gates = [{"metric": METRIC, "below": 0.5}]
    verdict = judge(make_run("a", scores=[make_score(METRIC, model="gan"), failed()], gates=gates), None)
    assert (verdict.result, verdict.exit_code) == ("broken", 4)
    assert verdict.decisions[1].because == "the probe failed: ValueError: shapes"
    elsewhere = Failed("quality.prdc", "vae", "digits", "", "ValueError: x")
    assert judge(make_run("b", scores=[make_score(METRIC), elsewhere], gates=gates), None).exit_code == 0


@pytest.mark.parametrize(
    ("status", "said"), [("interrupted", "interrupted"), ("broken", "broken"), (None, "unfinished")]
)
def test_a_run_that_did_not_end_is_broken_however_good_its_scores(make_run, make_score, status, said):
    run = make_run(scores=[make_score(METRIC)], gates=[{"metric": METRIC, "below": 0.5}], status=status)
    verdict = judge(run, None)
    assert verdict.exit_code == 4
    assert f"the run is {said}" in verdict.words


def test_no_gates_is_a_usage_error_and_no_exception(make_run, make_score):
    verdict = judge(make_run(scores=[make_score(METRIC, 9.0)]), None)
    assert (verdict.result, verdict.exit_code, verdict.rows) == ("no gates", 2, [])
    assert "--against" in verdict.words


def test_worse_than_a_baseline_fails(make_run, make_score):
    before = make_run(
        "main",
        scores=[make_score(METRIC, 0.1), make_score("quality.prdc.recall", 0.9, definition={"better": "higher"})],
    )
    same = make_run(
        "same",
        scores=[make_score(METRIC, 0.1), make_score("quality.prdc.recall", 0.9, definition={"better": "higher"})],
    )
    assert judge(same, before).exit_code == 0
    assert judge(same, before).rows == [["against main", "vae", "pass", "none of 2 scores is worse: 2 same"]]
    worse = make_run(
        "worse",
        scores=[make_score(METRIC, 0.05), make_score("quality.prdc.recall", 0.5, definition={"better": "higher"})],
    )
    verdict = judge(worse, before)
    assert verdict.exit_code == 1
    assert [(d.gate, d.result) for d in verdict.decisions] == [("quality.prdc.recall against main", "fail")]
    assert "0.9 [0.89, 0.91] before, 0.5 [0.49, 0.51] now" in verdict.decisions[0].because


def test_what_cannot_be_told_from_the_baseline_fails_nothing_and_is_said(make_run, make_score):
    wide = {"ends": (0.0, 1.0)}
    verdict = judge(
        make_run("b", scores=[make_score(METRIC, 0.6, **wide)]), make_run("a", scores=[make_score(METRIC, 0.5, **wide)])
    )
    assert verdict.exit_code == 0
    assert "1 of 1 score cannot be told apart from a, which fails nothing" in verdict.words


def test_honest_reruns_seldom_fail_against_their_baseline(make_run, make_score):
    """Twenty scores of the same model under other seeds, forty times: 5 % may fail, give or take."""
    rng = np.random.default_rng(0)

    def run(name):
        values = rng.normal(1.0, 0.05, 20)
        return make_run(
            name,
            scores=[
                make_score(
                    f"quality.p{i}.x", float(v), ends=(float(v) - 0.098, float(v) + 0.098), definition={"margin": None}
                )
                for i, v in enumerate(values)
            ],
        )

    fails = sum(judge(run(f"b{i}"), run(f"a{i}")).result == "fail" for i in range(40))
    assert fails <= 6


def test_energy_and_context_are_not_held_against_a_baseline(make_run, make_score):
    def scores(joules, context):
        return [
            make_score(METRIC, 0.1),
            make_score(
                "energy.footprint.total", joules, definition={"repeatable": False}, ends=(joules - 1, joules + 1)
            ),
            make_score("quality.frechet.plug_in", context, definition={"context": True}),
        ]

    verdict = judge(make_run("b", scores=scores(900.0, 9.0)), make_run("a", scores=scores(10.0, 1.0)))
    assert verdict.exit_code == 0


def test_a_baseline_made_otherwise_is_a_usage_error_that_names_what_differs(make_run, make_score):
    run = make_run("b", scores=[make_score(METRIC, 0.1)])
    for name, change, said in (
        ("data", {"dataset_digest": "d2"}, "the data differ"),
        ("lens", {"lens_digest": "l2"}, "the lens differs"),
        ("dtype", {"dtype": "bfloat16"}, "bfloat16 against float32"),
        ("probe", {"probe_version": "v0"}, "was changed in between"),
    ):
        baseline = make_run(name, scores=[make_score(METRIC, 0.1, provenance=change)])
        with pytest.raises(ResultsError, match=said) as raised:
            judge(run, baseline)
        assert raised.value.exit_code == 2


def test_a_baseline_that_shares_nothing_or_never_ended_is_a_usage_error(make_run, make_score):
    run = make_run("b", scores=[make_score(METRIC), make_score(METRIC, model="gan")])
    with pytest.raises(ResultsError, match="shares no score"):
        judge(run, make_run("other", scores=[make_score("quality.prdc.recall")]))
    with pytest.raises(ResultsError, match="unfinished"):
        judge(run, make_run("killed", scores=[make_score(METRIC)], status=None))


def test_a_score_of_the_baseline_that_is_gone_is_seen(make_run, make_score):
    other = make_score("quality.prdc.recall", 0.5)
    before = make_run("main", scores=[make_score(METRIC), other])
    broke = judge(make_run("broke", scores=[failed(), other]), before)
    assert broke.exit_code == 4
    unsure = judge(make_run("unsure", scores=[skipped(because="too few outputs"), other]), before)
    assert unsure.exit_code == 3
    assert "now skipped: too few outputs" in unsure.decisions[0].because
    dropped = judge(make_run("dropped", scores=[other]), before)
    assert dropped.exit_code == 0
    assert "1 score of main is not in this run" in dropped.words
    everything = judge(make_run("everything", scores=[failed()]), make_run("one", scores=[make_score(METRIC)]))
    assert everything.exit_code == 4


def test_gates_and_baseline_are_decided_together(make_run, make_score):
    before = make_run("main", scores=[make_score(METRIC, 0.1)])
    now = make_run("now", scores=[make_score(METRIC, 0.3)], gates=[{"metric": METRIC, "below": 0.5}])
    assert judge(now, None).exit_code == 0
    assert [d.result for d in judge(now, before).decisions] == ["pass", "fail"]


def test_one_probe_through_two_lenses_must_pass_through_both(make_run, make_score):
    scores = [make_score(METRIC, 0.1, lens="image.pixels"), make_score(METRIC, 0.9, lens="image.hf")]
    verdict = judge(make_run(scores=scores, gates=[{"metric": METRIC, "below": 0.5}]), None)
    assert [d.result for d in verdict.decisions] == ["pass", "fail"]
    assert "through image.hf" in verdict.decisions[1].because


def test_gates_that_cannot_be_read_are_named(make_run, make_score):
    with pytest.raises(ResultsError, match="gates kept in"):
        judge(make_run(scores=[make_score(METRIC)], gates=[{"metric": METRIC, "below": 0.5, "sideways": 1}]), None)


def test_a_verdict_is_plain_json_and_its_words_are_one_harmless_line(make_run):
    evil = "v\x1b[31m\u202e\n::error::x"
    scores = [failed(evil, "ValueError: \x1b]8;;http://x\x07\n" + "x" * 100_000)]
    verdict = judge(make_run(scores=scores, gates=[{"metric": METRIC, "below": 0.5}]), None)
    plain = json.loads(json.dumps(verdict.to_json(), allow_nan=False))
    assert plain["result"] == "broken"
    assert plain["decisions"][0]["model"] == evil
    for text in (verdict.words, verdict.decisions[0].because):
        assert text.isprintable()
        assert len(text) < 3000
