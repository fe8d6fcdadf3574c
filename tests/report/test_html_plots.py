"""Plots put points where numbers say, and say in words what they show."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from report.staged import COPIES, DISTANCE, score

from genbench.core.score import Metric, Toward
from genbench.report.curves import POINTS, curve
from genbench.report.forest import allowed, forest, mark_of, scale_of
from genbench.report.svg import Scale, shortened, tag


@pytest.mark.parametrize(("log", "middle"), [(False, 50.5), (True, 10.0)])
def test_a_scale_is_even_in_values_or_in_ratios(log, middle):
    scale = Scale(1.0, 100.0, 20.0, 40.0, log)
    assert (scale.at(1), scale.at(middle), scale.at(100)) == pytest.approx((20, 30, 40))
    assert (scale.at(-5), scale.at(1e9)) == (20, 40)


@pytest.mark.parametrize("ends", [(0.0, 1.0), (-3.0, 7.0), (0.0012, 0.0013), (5.0, 5.0), (0.0, 0.0), (1e5, 9e5)])
def test_ticks_are_round_and_lie_within(ends):
    scale = Scale.over(ends, 0, 100)
    ticks = scale.ticks()
    assert 2 <= len(ticks) <= 6
    assert all(scale.low <= t <= scale.high for t in ticks)
    assert all(len(scale.named(t)) <= 9 for t in ticks)


@pytest.mark.parametrize(
    ("ends", "ticks"),
    [
        ((3.17, 3.17), [3.0, 3.5]),  # one value: no power of ten near it, and its raw ends are no labels
        ((3.17, 8.4), [5.0, 10.0]),
        ((0.0123, 0.0789), [0.01, 0.02, 0.05]),
        ((1.3, 30.0), [2.0, 5.0, 10.0, 20.0]),
        ((1.3, 400.0), [10.0, 100.0]),
        ((2e-5, 3e4), [1e-4, 1e-1, 1e2]),
    ],
)
def test_a_logarithmic_axis_has_round_ticks_however_short_it_is(ends, ticks):
    assert Scale.over(ends, 0, 100, log=True).ticks() == pytest.approx(ticks)


def test_values_far_apart_get_a_logarithmic_axis():
    near = [mark_of(score("a", DISTANCE, v, 0.1, floor=0.0)) for v in (1.0, 3.0)]
    far = [mark_of(score("a", DISTANCE, v, 0.1, floor=0.0)) for v in (1.0, 300.0)]
    assert not scale_of(near, 0, 1).log
    assert scale_of(far, 0, 1).log


@pytest.mark.parametrize(
    ("better", "floor", "ends"),
    [("lower", 0.1, (None, 0.3)), ("higher", 0.9, (0.7, None)), (Toward(0.5), 0.6, (0.2, 0.8))],
)
def test_the_allowed_ground_is_where_no_alarm_is_raised(better, floor, ends):
    metric = Metric("share", better, "What.", tolerance=0.2, title="What")
    found = allowed(score("a", metric, 0.5, 0.01, floor=floor))
    assert found == tuple(None if e is None else pytest.approx(e) for e in ends)
    inside = 0.5 if isinstance(better, Toward) else floor
    assert score("a", metric, inside, 0.01, floor=floor).state == "clear"


def test_a_forest_is_well_formed_and_told_in_words():
    scores = [score("vae", COPIES, 0.2, 0.05), score("<b>&", COPIES, 0.0, 0.01)]
    drawn = str(forest("Copies", [mark_of(s) for s in scores], "share", "lower"))
    root = ElementTree.fromstring(drawn)
    assert root.get("aria-label").startswith("Copies. vae: 0.200 [0.150, 0.250], floor 0.0100, alarm; <b>&: 0")
    assert len(root.findall(".//path[@class='point alarm']")) == 1
    assert len(root.findall(".//circle[@class='point clear']")) == 1
    assert len(root.findall(".//line[@class='floor']")) == 2
    assert "← lower is better" in "".join(root.itertext())


def test_a_plot_of_many_rows_leaves_its_numbers_to_the_table():
    few, many = (
        str(forest("Copies", [mark_of(score(f"m{i}", COPIES, 0.2, 0.05)) for i in range(n)], "share", "lower"))
        for n in (8, 9)
    )
    assert "m7: 0.2" in few
    assert 'aria-label="Copies. 9 rows, told by the table"' in many
    assert many.count('class="rule"') == few.count('class="rule"') == 1  # one path, however many rows


def test_a_bar_spans_its_interval_and_the_point_stands_on_its_value():
    marks = [mark_of(score("a", COPIES, 0.2, 0.05)), mark_of(score("b", COPIES, 0.4, 0.1))]
    scale = scale_of(marks, 112.0, 350.0)
    root = ElementTree.fromstring(str(forest("Copies", marks, "share", "lower")))
    bars = root.findall(".//line[@class='bar alarm']")
    assert [float(b.get(k)) for b in bars for k in ("x1", "x2")] == pytest.approx(
        [scale.at(v) for v in (0.15, 0.25, 0.3, 0.5)], abs=0.1
    )
    starts = [float(re.match(r"M([\d.]+)", p.get("d"))[1]) for p in root.findall(".//path[@class='point alarm']")]
    assert starts == pytest.approx([scale.at(0.2), scale.at(0.4)], abs=0.1)


def test_a_curve_keeps_its_last_point_however_long_it_is():
    ticks = [
        {"step": i, "losses": {"train": 5.0 - i / 1000, "once": 1.0} if i == 7 else {"train": 5.0 - i / 1000}}
        for i in range(2000)
    ]
    root = ElementTree.fromstring(str(curve("gpt", ticks)))
    lines = root.findall(".//polyline")
    assert len(lines) == 1
    points = lines[0].get("points").split()
    assert len(points) <= POINTS + 1
    assert root.get("aria-label") == "Training of gpt: train from 5.00 to 3.00"
    xs = [float(p.split(",")[0]) for p in points]
    assert xs == sorted(xs)


def test_no_curve_is_drawn_from_nothing():
    assert curve("noise", []) is None
    assert curve("noise", [{"step": 1, "losses": {"train": 1.0}}]) is None


def test_tags_escape_and_disarm_all_they_are_given():
    made = str(tag("text", {"aria-label": 'a"b<\u202e'}, "</text><script>\x1b"))
    assert made == '<text aria-label="a&#34;b&lt;\\u202e">&lt;/text&gt;&lt;script&gt;\\x1b</text>'


def test_long_names_are_cut_after_they_are_disarmed():
    assert shortened("\u202e" * 9, 12) == "\\u202e\\u202…"
