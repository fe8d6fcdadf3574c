"""Who gives most for least is only said where intervals say it, and the picture shows what the numbers do."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from report.staged import COPIES, DISTANCE, HOSTILE, SCRIPT, honest_run, open_run, score

from genbench.core.score import Metric, Skipped, Toward
from genbench.report.cast import cast
from genbench.report.crosses import FOOT, LEFT, RIGHT, TOP, Cross, crosses
from genbench.report.front import Front, fronts
from genbench.report.html import compile_report
from genbench.results.run import Run

JOULES = Metric("joules", "lower", "Energy.", repeatable=False, title="Energy per 1,000 samples")
SHARE = Metric("share", "higher", "Covered.", title="Coverage")
FRECHET, SPENT = "quality.frechet.distance", "energy.footprint.sample_per_1000"
Told = dict[str, tuple[float, float, float, float]]  # model: quality and half its interval, joules and half theirs


def run_of(
    path: Path, models: Told, *, metric: Metric = DISTANCE, id: str = FRECHET, families: dict[str, str] | None = None
) -> Run:
    named = families or {}
    listed = [{"name": name, "family": named.get(name, "vae"), "data": "digits"} for name in models]
    folder = open_run(path, listed, gates=())
    for name, (value, half, joules, bound) in models.items():
        folder.append_outcome(f"q {name}", [score(name, metric, value, half, id=id, floor=None)])
        folder.append_outcome(f"j {name}", [score(name, JOULES, joules, bound, id=SPENT, floor=None)])
    folder.finish("finished")
    return Run.load(path)


def front_of(run: Run) -> Front:
    (found,) = fronts(run, cast(run))
    return found


def standings(front: Front) -> dict[str, str]:
    return {place.member.name: place.standing for place in front.places}


def test_a_model_that_is_worse_and_dearer_is_beaten_and_the_others_trade_one_for_the_other(tmp_path: Path) -> None:
    run = run_of(tmp_path / "r", {"fast": (9, 1, 10, 2), "slow": (2, 0.5, 100, 10), "bad": (12, 1, 200, 20)})
    front = front_of(run)
    assert standings(front) == {"fast": "on the front", "slow": "on the front", "bad": "beaten"}
    assert front.places[-1].because == "better and cheaper, intervals apart: fast and slow"
    assert [(level.quality, level.place.member.name) for level in front.levels] == [("2.50", "slow"), ("10.0", "fast")]
    assert [level.words for level in front.levels] == [
        "no other surely does", "every other that does is clearly dearer",
    ]  # fmt: skip


def test_points_that_lie_in_order_are_not_told_apart_where_their_intervals_meet(tmp_path: Path) -> None:
    """By its point alone each of these would beat or be beaten."""
    for b in ((9, 1, 105, 10), (12, 1, 95, 10)):
        front = front_of(run_of(tmp_path / str(b[0]), {"a": (8, 1.5, 100, 10), "b": b}))
        assert "beaten" not in standings(front).values()
        assert "cannot tell" in standings(front).values()
    words = {place.member.name: place.because for place in front.places}
    assert words["b"] == "neither clearly better nor clearly cheaper than a"


def test_joules_at_a_quality_are_those_of_the_cheapest_whose_whole_interval_reaches_it(tmp_path: Path) -> None:
    # b's point is better than a's sure end, 3, but its interval reaches to 3.5; c reaches it for a little more.
    front = front_of(run_of(tmp_path / "r", {"a": (2, 1, 50, 5), "b": (2.5, 1, 20, 2), "c": (1, 0.5, 52, 5)}))
    found = {level.quality: (level.place.member.name, level.words) for level in front.levels}
    assert found == {
        "1.50": ("c", "cannot tell: b and a may reach it for less"),
        "3.00": ("a", "cannot tell: c may need less; b may reach it for less"),
        "3.50": ("b", "every other that does is clearly dearer"),
    }


def test_where_more_is_better_levels_and_claims_turn_round(tmp_path: Path) -> None:
    models = {"high": (0.9, 0.02, 100, 5), "low": (0.5, 0.02, 10, 1), "worst": (0.3, 0.02, 100, 5)}
    front = front_of(run_of(tmp_path / "r", models, metric=SHARE, id="quality.prdc.coverage"))
    assert standings(front) == {"low": "on the front", "high": "on the front", "worst": "beaten"}
    assert [(level.quality, level.place.member.name) for level in front.levels] == [("0.880", "high"), ("0.480", "low")]


def test_without_intervals_nothing_is_claimed(tmp_path: Path) -> None:
    front = front_of(run_of(tmp_path / "r", {"a": (1, 0, 10, 0), "b": (9, 0, 90, 0)}))
    assert set(standings(front).values()) == {"cannot tell"}
    assert front.levels == ()


def test_controls_and_models_without_joules_are_left_out_with_the_reason(tmp_path: Path) -> None:
    models = {"a": (3, 1, 10, 1), "b": (1, 0.2, 30, 1), "copies": (0.0, 0.1, 0.1, 0.01)}
    run = run_of(tmp_path / "r", models, families={"copies": "copycat"})
    quick = [
        score("quick", DISTANCE, 5.0, 1.0, id=FRECHET),
        Skipped("energy.footprint", "quick", "digits", "", "sampling took 0.10 s", "sample_per_1000"),
    ]
    both = Run.load(run.path)
    both.__dict__["outcomes"] = (*run.outcomes, *quick)
    front = front_of(both)
    assert standings(front) == {"a": "on the front", "b": "on the front"}
    assert front.left_out == (("quick", "sampling took 0.10 s"),)
    assert "in none of these claims: quick (sampling took 0.10 s)." in " ".join(compile_report(both).split())


def test_one_model_scores_best_at_a_target_and_context_give_no_front(tmp_path: Path) -> None:
    one = run_of(tmp_path / "one", {"a": (3, 1, 10, 1)})
    middle = run_of(
        tmp_path / "two",
        {"a": (0.4, 0.1, 10, 1), "b": (0.6, 0.1, 9, 1)},
        metric=Metric("p", Toward(0.5), "x", title="x"),
    )
    shown = run_of(
        tmp_path / "three",
        {"a": (3, 1, 10, 1), "b": (4, 1, 9, 1)},
        metric=Metric("x", "lower", "x", title="x", context=True),
    )
    copies = run_of(tmp_path / "four", {"a": (0, 0.1, 9, 1), "b": (0, 0.1, 9, 1)}, metric=COPIES, id="memorization.x.y")
    for run in (one, middle, shown, copies, honest_run(tmp_path / "honest")):
        assert fronts(run, cast(run)) == ()
        assert 'id="front"' not in compile_report(run)


def test_fréchet_is_drawn_before_any_other_quality(tmp_path: Path) -> None:
    run = run_of(tmp_path / "r", {"a": (0.9, 0.02, 10, 1), "b": (0.5, 0.02, 30, 1)}, metric=SHARE, id="quality.prdc.x")
    more = tuple(score(name, DISTANCE, 2.0, 0.5, id=FRECHET) for name in ("a", "b"))
    both = Run.load(run.path)
    both.__dict__["outcomes"] = (*run.outcomes, *more)
    assert front_of(both).title == "Distance"


def test_a_cross_spans_both_intervals_and_stands_on_both_values(tmp_path: Path) -> None:
    front = front_of(run_of(tmp_path / "r", {"a": (4, 1, 20, 4), "b": (2, 0.5, 60, 6)}))
    root = ElementTree.fromstring(str(front.chart))
    bars = [tuple(float(bar.get(k)) for k in ("x1", "y1", "x2", "y2")) for bar in root.findall(".//line")
            if bar.get("class", "").startswith("bar")]  # fmt: skip
    dots = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in root.findall(".//circle")]
    assert len(bars) == 4
    assert len(dots) == 2
    for (x, y), flat, tall in zip(dots, bars[::2], bars[1::2], strict=True):
        assert (flat[0] + flat[2]) / 2 == pytest.approx(x, abs=0.1)
        assert (flat[1], tall[0]) == (y, x)
        assert (tall[1] + tall[3]) / 2 == pytest.approx(y, abs=0.1)
    (stair,) = root.findall(".//polyline")
    assert stair.get("points").count(",") == 3  # along, then down to the better one
    assert "a: 4.00 [3.00, 5.00] for 20.0 [16.0, 24.0] joules" in root.get("aria-label")


def test_models_of_one_fit_are_joined_in_the_order_of_their_joules_and_the_words_say_what_differs(
    tmp_path: Path,
) -> None:
    models = {"many": (1, 0.2, 90, 2), "few": (9, 0.2, 10, 1), "other": (4, 0.2, 60, 2), "some": (3, 0.2, 30, 1)}
    run = run_of(tmp_path / "r", models)
    fits = {"many": ("f", {"steps": 36, "rate": 1}), "some": ("f", {"steps": 12, "rate": 1}), "other": ("g", {})}
    fits["few"] = ("f", {"steps": 4, "rate": 1})
    with (run.path / "events.jsonl").open("a") as events:
        for name, (fit, after_fit) in fits.items():
            told = {
                "kind": "model",
                "name": name,
                "family": "diffusion",
                "data": "digits",
                "settings": after_fit,
                "digest": name,
            }
            events.write(json.dumps({**told, "fit": fit, "after_fit": after_fit}) + "\n")
    run = Run.load(run.path)
    front = front_of(run)
    root = ElementTree.fromstring(str(front.chart))
    round_ones = [p.member.name for p in front.places if p.standing != "beaten"]  # who is beaten has a diamond
    dots = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in root.findall(".//circle")]
    (way,) = root.findall(".//polyline[@class='kin']")
    points = [tuple(map(float, point.split(","))) for point in way.get("points").split()]
    assert points == [pytest.approx(dots[round_ones.index(name)], abs=0.1) for name in ("few", "some", "many")]
    assert front.kin == ("few (steps 4), some (steps 12) and many (steps 36)",)
    assert "differ only in settings that no fit reads: few (steps 4), some" in " ".join(compile_report(run).split())


def test_models_of_which_none_shares_a_fit_are_joined_by_nothing(tmp_path: Path) -> None:
    run = run_of(tmp_path / "r", {"a": (3, 1, 10, 1), "b": (1, 0.2, 30, 1)})  # a record from before fits were named
    assert front_of(run).kin == ()
    assert "kin" not in str(front_of(run).chart)
    assert "one fit" not in compile_report(run)


@pytest.mark.parametrize("values", [(0.23, 1.32), (1.1, 1.2), (0.002, 900.0), (3.0, 50.0)])
def test_ticks_are_round_however_short_or_long_an_axis_is(tmp_path: Path, values: tuple[float, float]) -> None:
    low, high = values
    front = front_of(
        run_of(tmp_path / "r", {"a": (low, low / 50, high, high / 50), "b": (high, low / 50, low, low / 50)})
    )
    root = ElementTree.fromstring(str(front.chart))
    ticks = [t.text for t in root.findall(".//text[@class='tick']") if t.text and t.text[0].isdigit()]
    assert len(ticks) >= 4
    assert all(len(t) <= 6 and set(t.strip("0.,")) <= set("0.123456789") for t in ticks), ticks
    assert all(len(t.replace(",", "").replace(".", "").strip("0")) <= 3 for t in ticks), ticks


def test_names_lie_within_the_picture_and_not_on_one_another(tmp_path: Path) -> None:
    marks = []
    for i in range(9):
        run = run_of(tmp_path / str(i), {f"model-{i}": (1 + i % 3, 0.1, 10.0 + 6 * (i // 3), 1)})
        quality, joules = run.measured
        marks.append(Cross(f"model-{i}", joules.estimate, quality.estimate, "info"))
    root = ElementTree.fromstring(str(crosses("All", marks, "units")))
    names = [(float(t.get("x")), float(t.get("y"))) for t in root.findall(".//text[@class='label']")]
    assert len(names) == 9
    assert all(LEFT - 60 < x < RIGHT + 10 and TOP - 12 < y < FOOT + 3 for x, y in names)
    close = [
        (a, b) for i, a in enumerate(names) for b in names[i + 1 :] if abs(a[0] - b[0]) < 45 and abs(a[1] - b[1]) < 11
    ]
    assert close == []


def test_hostile_names_are_shown_and_never_obeyed(tmp_path: Path) -> None:
    nasty = Metric(HOSTILE, "lower", HOSTILE, HOSTILE, title=HOSTILE)
    run = run_of(tmp_path / "r", {SCRIPT: (3, 1, 10, 1), HOSTILE: (1, 0.2, 30, 1)}, metric=nasty)
    page = compile_report(run)
    seen: list[tuple[str, list[str]]] = []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, given: seen.append((tag, [name for name, _ in given]))  # type: ignore[method-assign]
    reader.feed(page)
    assert 'id="front"' in page
    assert "&lt;script&gt;alert(1)" in page
    assert {"script", "img"} & {tag for tag, _ in seen} == set()
    assert [name for _, names in seen for name in names if name.startswith("on")] == []
