"""Many doubts are told metric by metric: how many of each at a glance, and each model with its numbers in the fold."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from report.staged import COPIES, open_run, score
from report.test_html import words

from genbench.core.score import Metric, Score
from genbench.report.doubts import FEW, at_a_glance, doubts
from genbench.report.html import compile_report
from genbench.results.run import Run

FAR = Metric("squared units", "lower", "How far off.", "0 is perfect.", title="Distance", tolerance=2.0)


def unsure(model: str, metric: Metric = COPIES, floor: float = 0.01, **given: str) -> Score:
    value, half = (0.03, 0.02) if metric.tolerance == 0.02 else (2.0, 1.0)
    made = score(model, metric, value, half, id=f"memorization.copying.{metric.title.lower()}", floor=floor, **given)
    assert made.state == "unsure"
    return made


def page(folder: Path, scores: list[Score]) -> str:
    names = dict.fromkeys(s.model for s in scores)
    run = open_run(folder, [{"name": name, "family": "vae", "data": "digits"} for name in names])
    for i, one in enumerate(scores):
        run.append_outcome(str(i), [one])
    run.finish("finished")
    return compile_report(Run.load(folder))


def test_the_metric_that_most_models_are_unsure_on_comes_first_with_every_model_and_its_numbers():
    scores = [unsure("a", FAR, 0.0), unsure("a", floor=0.005), unsure("b", floor=0.012), unsure("c")]
    copies, far = doubts(scores)
    assert (copies.title, copies.measure, copies.perfect) == ("Copies", "% of outputs", "0.500 to 1.20")
    assert copies.found == (("a", "3.00 [1.00, 5.00]"), ("b", "3.00 [1.00, 5.00]"), ("c", "3.00 [1.00, 5.00]"))
    assert (far.title, far.measure, far.perfect) == ("Distance", "squared units", "0")
    assert far.found == (("a", "2.00 [1.00, 3.00]"),)
    assert at_a_glance([copies, far]) == "Copies (3) and Distance (1)"


def test_one_title_through_two_lenses_is_two_lines_that_name_them():
    scores = [unsure("a"), replace(unsure("a"), lens="image.spectrum"), unsure("b")]
    assert at_a_glance(doubts(scores)) == "Copies through image.pixels (2) and Copies through image.spectrum (1)"


def test_one_title_on_two_datasets_is_two_lines_that_name_them(tmp_path: Path) -> None:
    other = replace(unsure("b"), dataset="<i>shapes</i>")
    found = doubts([unsure("a"), other])
    assert at_a_glance(found) == "Copies on digits (1) and Copies on <i>shapes</i> (1)"
    made = page(tmp_path, [unsure(f"m{i}") for i in range(FEW)] + [other])
    assert "Copies</strong> on &lt;i&gt;shapes" in made
    assert "<i>shapes" not in made


def test_lines_of_one_title_are_told_apart_by_whatever_differs() -> None:
    def asked(**changed: Any) -> Score:
        one = unsure("a")
        return replace(one, provenance=replace(one.provenance, **changed))

    assert at_a_glance(doubts([asked(settings={"k": 3}), asked(settings={"k": 5})])) == (
        "Copies with k 3 (1) and Copies with k 5 (1)"
    )
    names = {"benchmark": "bbq", "benchmark_digest": "b" * 64}
    glance = at_a_glance(doubts([asked(**names), replace(asked(**names), dataset="shapes")]))
    assert glance == "Copies on bbq with models of digits (1) and Copies on bbq with models of shapes (1)"
    glance = at_a_glance(doubts([asked(), replace(asked(asked=90), lens="image.spectrum")]))
    assert glance == (
        "Copies through image.pixels at the suite's n (1) and Copies through image.spectrum at n = 90 (1)"
    )


def test_where_there_are_many_metrics_the_rest_is_counted():
    many = [unsure(model, replace(COPIES, title=f"M{i}")) for i in range(9) for model in ("a", "b")[: 1 + (i < 3)]]
    glance = at_a_glance(doubts(many))
    assert glance == "M0 (2), M1 (2), M2 (2), M3 (1), M4 (1), M5 (1) and 3 other metrics (3)"
    assert sum(int(n) for n in re.findall(r"\((\d+)\)", glance)) == len(many)
    assert "other" not in at_a_glance(doubts(many[:10]))  # seven: naming one more is as short as counting it


def test_the_page_folds_many_doubts_under_a_line_that_says_what_they_are(tmp_path):
    models = [f"m{i}" for i in range(FEW)]
    scores = [unsure(model) for model in models] + [unsure("m0", FAR, 0.0)]
    made = page(tmp_path / "many", scores)
    said = words(made, "verdict")
    assert f"13 unsure These data decide nothing about Copies ({FEW}) and Distance (1)" in said
    assert "Copies, % of outputs, where a perfect model shows 1.00: m0 3.00 [1.00, 5.00], m1 3.00" in said
    assert all(model in said for model in models)
    assert len(re.findall(r'class="state unsure">.*?</span> <strong>', made)) == 2
    few = words(page(tmp_path / "few", scores[:FEW]), "verdict")
    assert f"{FEW} unsure unsure m0: Copies, 3.00 % of outputs" in few
    assert "decide nothing" not in few


def test_every_line_leads_to_the_numbers_of_its_metric(tmp_path):
    made = page(tmp_path, [unsure(f"m{i}") for i in range(FEW)] + [unsure("m0", FAR, 0.0)])
    news = made[made.index('class="news"') : made.index("</details>")]
    links = re.findall(r'href="#([\w-]+)"', news.partition("<details>")[2])
    links = [link for link in links if not link.startswith("s-")]
    assert len(links) == len(set(links)) == 2
    assert all(f'id="{link}"' in made for link in links)


def test_a_hostile_name_stays_text(tmp_path):
    evil = "<b onclick=x>&\u202e"
    made = page(tmp_path, [unsure(f"{evil}{i}") for i in range(FEW + 1)])
    assert "<b onclick" not in made
    assert "\u202e" not in made
