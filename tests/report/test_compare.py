"""Comparisons are paired where items are shared, corrected together, and refuse what may not be compared."""

import json

import numpy as np
import pytest

from genbench.core.score import Failed, Skipped, Toward
from genbench.report.compare import compare_runs


def answers(table):
    return {(row[0], row[1]): row[5] for row in table.rows}


def only(table):
    assert len(table.rows) == 1, table.rows
    return dict(zip(table.columns, table.rows[0], strict=True))


def noisy(seed, shift=0.0, n=200, spread=1.0):
    """Items that share most of their chance with the items of seed 0."""
    shared = np.random.default_rng(0).normal(3, 1, n)
    return (shared + shift + np.random.default_rng(seed).normal(0, spread, n) * 0.1).tolist()


def test_shared_items_tell_what_intervals_alone_cannot(make_run, make_score):
    a, b = noisy(1), noisy(2, shift=-0.05)
    wide = {"ends": (2.8, 3.2), "definition": {"margin": 0.0}}
    before = make_run("before", scores=[make_score(value=float(np.mean(a)), values=a, **wide)])
    after = make_run("after", scores=[make_score(value=float(np.mean(b)), values=b, **wide)])
    row = only(compare_runs(before, after))
    assert row["answer"] == "better"
    assert "paired over 200 shared items" in row["because"]
    assert only(compare_runs(after, before))["answer"] == "worse"
    bare = [make_run(f"{n}", scores=[make_score(value=float(np.mean(v)), **wide)]) for n, v in (("x", a), ("y", b))]
    assert only(compare_runs(*bare))["answer"] == "cannot tell"


def test_items_are_paired_by_key_and_not_by_place(make_run, make_score):
    a, b = noisy(1), noisy(2, shift=-0.05)
    order = np.random.default_rng(9).permutation(200)
    keys = [f"held_out/{i}" for i in range(200)]
    first = make_score(value=float(np.mean(a)), values=a, keys=tuple(keys), ends=(2, 4))
    shuffled = make_score(
        value=float(np.mean(b)), values=[b[i] for i in order], keys=tuple(keys[i] for i in order), ends=(2, 4)
    )
    straight = make_score(value=float(np.mean(b)), values=b, keys=tuple(keys), ends=(2, 4))
    one, two, three = (make_run(f"r{i}", scores=[s]) for i, s in enumerate((first, shuffled, straight)))
    assert only(compare_runs(one, two)) | {"B": ""} == only(compare_runs(one, three)) | {"B": ""}


def test_direction_and_difference_follow_the_metric(make_run, make_score):
    higher = {"definition": {"better": "higher"}}
    a, b = (make_run(n, scores=[make_score(value=v, **higher)]) for n, v in (("a", 0.5), ("b", 0.8)))
    row = only(compare_runs(a, b))
    assert row["answer"] == "better"
    assert row["B - A"].startswith("+0.3 [")
    target = {"definition": {"better": Toward(0.5)}}
    c, d = (make_run(n, scores=[make_score(value=v, **target)]) for n, v in (("c", 0.2), ("d", 0.6)))
    row = only(compare_runs(c, d))
    assert row["answer"] == "better"
    assert row["B - A"].startswith("-0.2 [")
    assert "distance to 0.5" in row["B - A"]


def test_wins_of_zero_and_one_are_judged_by_their_share(make_run, make_score):
    stereotype = {"id": "bias.counterfactual.stereotype", "definition": {"better": Toward(0.5), "margin": 0.02}}
    fair, biased = [0.0, 1.0] * 100, [1.0, 1.0, 1.0, 0.0] * 50
    a = make_run("a", scores=[make_score(value=0.5, values=fair, ends=(0.43, 0.57), **stereotype)])
    b = make_run("b", scores=[make_score(value=0.75, values=biased, ends=(0.69, 0.81), **stereotype)])
    assert only(compare_runs(a, b))["answer"] == "worse"


def test_many_questions_take_weak_answers_back_and_name_an_n(make_run, make_score):
    def scores(shift):
        weak = make_score("quality.kernel.mmd2", 1.0 + shift, ends=(0.9 + shift, 1.1 + shift))
        return [weak, *(make_score(f"quality.p{i}.x", 1.0, ends=(0.9, 1.1), model="vae") for i in range(30))]

    def nudged(shift):
        first, *rest = scores(shift)
        return [first, *(make_score(s.id, 1.0001, ends=(0.9, 1.1)) for s in rest)]

    alone = compare_runs(make_run("a1", scores=scores(0)[:1]), make_run("b1", scores=nudged(0.17)[:1]))
    assert answers(alone)[("quality.kernel.mmd2", "vae")] == "worse"
    among = compare_runs(make_run("a2", scores=scores(0)), make_run("b2", scores=nudged(0.17)))
    assert among.questions == 31
    first = dict(zip(among.columns, among.rows[0], strict=True))
    assert first["answer"] == "cannot tell"
    assert "would tell" in first["because"]


def test_context_is_no_question(make_run, make_score):
    context = make_score("quality.frechet.plug_in", 5.0, definition={"context": True})
    a = make_run("a", scores=[make_score(), context])
    b = make_run("b", scores=[make_score(value=0.2), context])
    assert [row[0] for row in compare_runs(a, b).rows] == ["quality.kernel.mmd2"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"provenance": {"lens_digest": "l2"}, "lens": "image.pixels"}, "the lens differs"),
        ({"provenance": {"dataset_digest": "d2"}, "lens": "image.pixels"}, "other items or splits (d1 against d2)"),
        ({"provenance": {"dtype": "bfloat16"}, "lens": "image.pixels"}, "float32 against bfloat16"),
        ({"provenance": {"settings": {"k": 10}}, "lens": "image.pixels"}, "k None against 10"),
        ({"provenance": {"probe_version": "v2"}, "lens": "image.pixels"}, "was changed in between (v1 against v2)"),
        ({"provenance": {"reference": {"held_out": 60}}, "lens": "image.pixels"}, "all against 60 held-out items"),
        ({"lens": "image.hf"}, "image.pixels against image.hf"),
        (
            {"dataset": "faces", "provenance": {"dataset_digest": "d2"}, "lens": "image.pixels"},
            "digits against faces",
        ),
    ],
)
def test_what_was_made_otherwise_is_never_compared_in_silence(make_run, make_score, change, named):
    a = make_run("a", scores=[make_score(value=0.1, lens="image.pixels")])
    b = make_run("b", scores=[make_score(value=0.9, **change)])
    row = only(compare_runs(a, b))
    assert row["answer"] == "not comparable"
    assert named in row["because"]


def test_another_number_of_real_items_is_another_question(make_run, make_score):
    def shown(n):
        return [make_score("quality.prdc.precision", n / 400, provenance={"reference": {"held_out": n}})]

    many, few, again = (make_run(name, scores=shown(n)) for name, n in (("x", 300), ("y", 60), ("z", 300)))
    row = only(compare_runs(many, few))
    assert (row["answer"], row["because"]) == ("not comparable", "the reference differs: 300 against 60 held-out items")
    assert only(compare_runs(many, again))["answer"] != "not comparable"


@pytest.mark.parametrize(("sized", "refused"), [("value", True), ("floor", False), ("", False)])
def test_n_may_differ_but_where_the_score_means_something_else_at_another(make_run, make_score, sized, refused):
    a, b = (make_run(f"n{n}", scores=[make_score(n=n, definition={"sized": sized})]) for n in (60, 300))
    row = only(compare_runs(a, b))
    assert (row["answer"] == "not comparable") is refused
    assert ("n differs: 60 against 300" in row["because"]) is refused


def asked_of(make_score, benchmark, value, content=""):
    origin = {"benchmark": benchmark, "benchmark_digest": content or f"content of {benchmark}"}
    return make_score("bias.counterfactual.stereotype", value, provenance=origin)


def test_two_benchmarks_are_paired_each_with_itself_in_whatever_order_a_suite_names_them(make_run, make_score):
    scores = [asked_of(make_score, "crows", 0.5), asked_of(make_score, "stereoset", 0.9)]
    table = compare_runs(make_run("one", scores=scores), make_run("two", scores=scores[::-1]))
    assert [(c.pair.a.estimate.value, c.pair.b.estimate.value) for c in table.compared] == [(0.5, 0.5), (0.9, 0.9)]
    assert all(c.pair.obstacle is None for c in table.compared)


def test_a_benchmark_changed_in_between_is_refused_beside_its_namesake(make_run, make_score):
    before = [asked_of(make_score, "crows", 0.5, "c1"), asked_of(make_score, "stereoset", 0.9, "s1")]
    after = [asked_of(make_score, "stereoset", 0.9, "s2"), asked_of(make_score, "crows", 0.5, "c2")]
    table = compare_runs(make_run("one", scores=before), make_run("two", scores=after))
    assert [c.pair.obstacle for c in table.compared] == [
        "the benchmark differs: crows and crows are not the same file",
        "the benchmark differs: stereoset and stereoset are not the same file",
    ]


def test_an_n_of_its_own_tells_two_requests_apart(make_run, make_score):
    def both(seen):  # each stopped early elsewhere
        return [make_score(value=v, n=n, provenance={"asked": v}) for v, n in zip((100, 200), seen, strict=True)]

    table = compare_runs(make_run("one", scores=both((50, 100))), make_run("two", scores=both((100, 200))[::-1]))
    assert [(c.pair.a.estimate.value, c.pair.b.estimate.value) for c in table.compared] == [(100, 100), (200, 200)]


def test_the_same_data_under_another_name_are_the_same_data(make_run, make_score):
    a = make_run("a", scores=[make_score(value=0.1, dataset="digits")])
    b = make_run("b", scores=[make_score(value=0.9, dataset="images")])
    assert only(compare_runs(a, b))["answer"] == "worse"


def test_another_seed_or_model_is_no_obstacle(make_run, make_score):
    a = make_run("a", scores=[make_score(value=0.1)])
    b = make_run("b", scores=[make_score(value=0.9, provenance={"seed": 7, "model_digest": "other"})])
    assert only(compare_runs(a, b))["answer"] == "worse"


def test_joules_need_the_same_machine(make_run, make_score):
    def joules(**more):
        return make_score("energy.footprint.total", 50.0, definition={"repeatable": False}, ends=(40, 60), **more)

    a = make_run("a", scores=[joules(facts={"method": "counter"})])
    b = make_run("b", scores=[joules(facts={"method": "model"})])
    assert "the meter differs: counter against model" in only(compare_runs(a, b))["because"]


def test_without_an_interval_nothing_is_decided(make_run, make_score):
    a = make_run("a", scores=[make_score(value=0.1, ends=None)])
    b = make_run("b", scores=[make_score(value=0.9)])
    row = only(compare_runs(a, b))
    assert row["answer"] == "cannot tell"
    assert "no interval in A" in row["because"]


def test_an_exact_reproduction_is_the_same_and_asks_nothing(make_run, make_score):
    again = [make_score(value=0.1, ends=None), make_score("quality.prdc.recall", 0.5, values=noisy(1))]
    table = compare_runs(make_run("a", scores=again), make_run("b", scores=again))
    assert set(answers(table).values()) == {"same"}
    assert table.questions == 0


def test_nothing_found_twice_in_few_outputs_is_not_yet_the_same(make_run, make_score):
    def copies(n, end, digest):
        given = {"values": [0.0] * n, "ends": (0.0, end), "provenance": {"model_digest": digest}}
        return make_score("memorization.copying.tpr_at_1pct_fpr", 0.0, **given)

    few = compare_runs(make_run("a", scores=[copies(30, 0.11, "x")]), make_run("b", scores=[copies(30, 0.11, "y")]))
    assert only(few)["answer"] == "cannot tell"
    assert "would tell" in only(few)["because"]
    many = compare_runs(
        make_run("c", scores=[copies(3000, 0.0013, "x")]), make_run("d", scores=[copies(3000, 0.0013, "y")])
    )
    assert only(many)["answer"] == "same"


def test_items_whose_mean_is_not_the_score_cannot_overrule_it(make_run, make_score):
    # Bits per byte weigh long items: B is better on most items, and worse on the whole.
    a, b = noisy(1), noisy(2, shift=-0.5)
    before = make_run("a", scores=[make_score(value=2.0, values=a, ends=(1.9, 2.1))])
    agrees = make_run("b", scores=[make_score(value=1.6, values=b, ends=(1.5, 1.7))])
    differs = make_run("c", scores=[make_score(value=2.4, values=b, ends=(2.3, 2.5))])
    assert only(compare_runs(before, agrees))["answer"] == "better"
    assert "plain mean is not quite the score" in only(compare_runs(before, agrees))["because"]
    assert only(compare_runs(before, differs))["answer"] == "cannot tell"
    assert "the score says otherwise" in only(compare_runs(before, differs))["because"]


def test_single_models_are_compared_whatever_they_are_called(make_run, make_score):
    a = make_run("a", scores=[make_score(model="epoch 1", value=0.5)])
    b = make_run("b", scores=[make_score(model="epoch 2", value=0.1)])
    assert answers(compare_runs(a, b)) == {("quality.kernel.mmd2", "epoch 1 -> epoch 2"): "better"}


def test_of_several_models_those_of_one_name_are_compared_and_the_rest_is_listed(make_run, make_score):
    a = make_run("a", scores=[make_score(model=m) for m in ("vae", "gan", "ngram")])
    lost = Skipped("quality.kernel", "gan", "digits", "", "too few outputs", "mmd2")
    broke = Failed("quality.kernel", "ngram", "digits", "", "ValueError: shapes")
    b = make_run("b", scores=[make_score(model="vae"), make_score(model="new"), lost, broke])
    table = compare_runs(a, b)
    assert answers(table)[("quality.kernel.mmd2", "vae")] == "same"
    because = {row[1]: row[6] for row in table.rows}
    assert because["gan"] == "only in A; skipped in B: too few outputs"
    assert because["ngram"] == "only in A; failed in B: ValueError: shapes"
    assert because["new"] == "only in B"


def test_one_probe_asked_twice_finds_its_own_twin(make_run, make_score):
    def asked(k, value):
        return make_score("quality.prdc.recall", value, provenance={"settings": {"k": k}})

    a = make_run("a", scores=[asked(5, 0.2), asked(10, 0.6)])
    b = make_run("b", scores=[asked(10, 0.6), asked(5, 0.2)])
    assert [row[5] for row in compare_runs(a, b).rows] == ["same", "same"]


def test_clusters_count_once(make_run, make_score):
    rng = np.random.default_rng(3)
    clusters = [f"document {i // 50}" for i in range(500)]
    a = rng.normal(3, 1, 500)
    b = a + np.repeat([1.0, -0.8, 1.2, -0.6, 0.9, -0.7, 1.1, -0.5, 0.8, -0.9], 50)

    def compared(name, **given):
        scores = [make_score(value=float(v.mean()), values=v.tolist(), ends=(2, 4), **given) for v in (a, b)]
        return only(compare_runs(*(make_run(f"{name} {i}", scores=[score]) for i, score in enumerate(scores))))

    assert compared("items")["answer"] == "worse"
    row = compared("documents", clusters=clusters)
    assert row["answer"] == "cannot tell"
    assert "10 shared clusters" in row["because"]


def test_the_table_is_plain_json_and_inert_markdown(make_run, make_score):
    evil = "<script>alert(1)</script> | [x](javascript:alert(1)) \x1b[31m \u202e @team `a`"
    a = make_run("a", scores=[make_score(model=evil), make_score(model="vae", ends=None)])
    b = make_run("b", scores=[make_score(model=evil, value=0.4), make_score(model="vae", value=0.9)])
    table = compare_runs(a, b)
    assert json.loads(json.dumps(table.to_json(), allow_nan=False))["questions"] == 1
    text = table.to_markdown()
    assert not any(bad in text for bad in ("<", "\x1b", "\u202e", "[x]", "](", " @team"))
    lines = text.splitlines()
    assert all(line.count("|") == len(table.columns) + 1 for line in lines[2:])
