"""The page as a reader gets it: what it says first, what stands beside what, and how small it stays."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report.staged import COPIES, DISTANCE, honest_run, hostile_run, open_run, png, score

from genbench.core.lens import Rendering
from genbench.core.score import Metric, Skipped
from genbench.report.axes import sections
from genbench.report.cast import Member
from genbench.report.html import LARGEST, compile_report, write_report
from genbench.results.run import Run


class Words(HTMLParser):
    """The text of one element by id, as a reader sees it."""

    def __init__(self, id: str) -> None:
        super().__init__()
        self.wanted, self.depth, self.found = id, 0, []

    def handle_starttag(self, tag, attributes):
        if tag not in ("img", "meta", "br", "use", "path"):
            self.depth += bool(self.depth) or dict(attributes).get("id") == self.wanted

    def handle_endtag(self, tag):
        if tag not in ("img", "meta", "br", "use", "path"):
            self.depth -= bool(self.depth)

    def handle_data(self, data):
        if self.depth:
            self.found.append(data)


def words(page: str, id: str) -> str:
    reader = Words(id)
    reader.feed(page)
    return re.sub(r"\s+", " ", "".join(reader.found)).strip()


@pytest.mark.parametrize(
    ("copied", "headline"),
    [(0.0, "Pass: every gate holds"), (0.2, "Fail: not every gate holds"), (0.03, "Cannot tell yet")],
)
def test_the_first_words_are_the_verdict(tmp_path, copied, headline):
    assert words(compile_report(honest_run(tmp_path, copied=copied)), "verdict").startswith(headline)


def test_a_suite_without_gates_says_so_and_still_alarms(tmp_path):
    folder = open_run(tmp_path, [{"name": "vae", "family": "vae", "data": "digits"}], gates=())
    folder.append_outcome("copies", [score("vae", COPIES, 0.3, 0.01)])
    folder.finish("finished")
    said = words(compile_report(Run.load(tmp_path)), "verdict")
    assert said.startswith("No gates: nothing to pass or fail")
    assert "None are set" in said
    assert "1 alarm" in said
    told = "Copies, 30.0 % of outputs (between 29.0 and 31.0 %), where a perfect model shows 1.00 %."
    assert f"alarm vae: {told}" in said


def test_what_the_instrument_used_never_leads_the_energy_axis(tmp_path):
    folder = open_run(tmp_path, [{"name": "vae", "family": "vae", "data": "digits"}], gates=())
    joules = Metric("joules", "lower", "Energy.", title="Energy of the evaluation")
    folder.append_outcome("e", [score("vae", joules, 9.0, 1.0, id="energy.footprint.evaluation", floor=None)])
    folder.append_outcome("t", [Skipped("energy.footprint", "vae", "digits", "", "too short to meter", "total")])
    said = words(compile_report(Run.load(tmp_path)), "overview")
    assert "skipped too short to meter" in said
    assert "Energy of the evaluation" not in said


def test_a_run_that_was_killed_has_no_verdict(tmp_path):
    said = words(compile_report(honest_run(tmp_path, status=None)), "verdict")
    assert said.startswith("Unfinished: no verdict yet")


def test_an_alarm_of_a_control_is_the_instrument_at_work(tmp_path):
    said = words(compile_report(honest_run(tmp_path)), "verdict")
    assert "No alarm" in said
    assert "Caught: the control copycat hands out training items on purpose, and raised 1 alarm" in said


def test_a_control_that_nothing_caught_is_told(tmp_path):
    said = words(compile_report(honest_run(tmp_path, caught=False)), "verdict")
    assert "Missed: copycat hands out training items on purpose, and no memorization score raised an alarm" in said


def test_skipped_failed_missing_and_measured_differ_in_words(tmp_path):
    said = words(compile_report(honest_run(tmp_path)), "overview")
    vae = said[said.index("vae vae") : said.index("copycat control")]
    assert "info 3.00 [2.50, 3.50]" in vae
    assert "clear 0 [−0.00500, 0.00500]" in vae
    assert "failed ValueError: boom" in vae
    assert "skipped no benchmark" in vae
    assert "missing" in said[said.index("noise control") :]


def test_context_stands_apart_from_the_verdict(tmp_path):
    page = compile_report(honest_run(tmp_path))
    apart = page.index("Context, not part of the verdict")
    assert page.index(">Copies<") < apart < page.index(">Leaning<")


def test_skips_with_one_reason_are_told_once_with_all_their_models(tmp_path):
    said = words(compile_report(honest_run(tmp_path)), "bias")
    assert said.count("no benchmark") == 1
    assert "vae, copycat and noise" in said


def test_a_traceback_is_kept(tmp_path):
    assert "Traceback (most recent call last): boom" in words(compile_report(honest_run(tmp_path)), "robustness")


def test_the_training_item_stands_beside_its_copy(tmp_path):
    page = compile_report(honest_run(tmp_path, copied=0.2))
    evidence = page[page.index('id="evidence"') :]
    copy, original = (base64.b64encode(png(seed)).decode() for seed in (200, 201))
    assert 0 < evidence.index(copy) < evidence.index(original) < evidence.index(copy) + 3000
    assert words(page, "evidence").index("Behind the alarms Copies: vae") >= 0


def test_scores_of_different_benchmarks_or_requests_stand_in_panels_of_their_own_and_are_not_ranked(tmp_path):
    folder = open_run(tmp_path / "run", [{"name": n, "family": n, "data": "digits"} for n in ("vae", "gan")])

    def asked(model, value, **origin):
        found = score(model, DISTANCE, value, 0.1, id="quality.frechet.distance", floor=0.0)
        return replace(found, provenance=replace(found.provenance, **origin))

    crows, stereo = ({"benchmark": name, "benchmark_digest": name * 9} for name in ("crows", "stereo"))
    folder.append_outcome("all", [asked("vae", 1.0, **crows), asked("vae", 9.0, **stereo), asked("gan", 5.0, **stereo)])
    folder.append_outcome("n", [asked("vae", 3.0, **crows, asked=50, settings={"k": 7})])
    folder.finish("finished")
    run = Run.load(tmp_path / "run")
    members = {name: Member(name, name, name, "digits") for name in ("vae", "gan")}
    [axis] = sections(run, members, 20)
    panels = {panel.where: panel for panel in axis.metrics[0].panels}
    assert [[line.member.name for line in panel.lines] for panel in panels.values()] == [
        ["vae"],
        ["vae", "gan"],
        ["vae"],
    ]
    stereo_panel = panels["on stereo with models of digits through image.pixels at the suite's n"]
    assert stereo_panel.words.startswith("gan is ahead")
    assert "on crows with models of digits through image.pixels with k 7 at n = 50" in panels
    page = words(compile_report(run), "quality")
    assert "on crows with models of digits through image.pixels" in page
    assert "No model is clearly ahead" not in page


def test_galleries_show_real_items_and_outputs(tmp_path):
    page = compile_report(honest_run(tmp_path))
    assert 'alt="Real items of digits, held-out item 24"' in page
    assert 'alt="vae, output 24"' in page


def test_data_energy_and_origins_are_told(tmp_path):
    page = compile_report(honest_run(tmp_path))
    origins, spent = words(page, "origins"), words(page, "spent")
    for told in ("CC0", "broken.png", "cut short after 12 bytes", "the batch was halved to 32", "genbench run staged"):
        assert told in origins
    assert "d" * 64 in origins
    assert "300 J [180 J, 420 J]" in spent
    assert "made in an earlier run" in spent
    assert 'aria-label="Training of vae: train from 3.00 to 0.0600' in page


def test_a_page_stays_below_two_megabytes_and_says_what_it_leaves_out(tmp_path):
    folder = honest_run(tmp_path / "run").folder
    for i in range(24):
        for owner, role in (("digits", "held_out"), ("vae", "generated"), ("noise", "generated")):
            folder.keep_rendering(owner, role, i, Rendering("image", png(i, side=100)))
    assert 24 * 3 * len(png(0, side=100)) > LARGEST
    write_report(Run.load(tmp_path / "run"), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert 200_000 < (tmp_path / "page.html").stat().st_size < LARGEST
    assert "12 items more left out to keep this page small" in page
    assert "at most 12 items a gallery" in page


def test_one_picture_cannot_crowd_out_the_rest(tmp_path):
    folder = honest_run(tmp_path / "run").folder
    folder.keep_rendering("vae", "generated", 0, Rendering("image", png(0, side=900)))
    page = compile_report(Run.load(tmp_path / "run"))
    assert len(page) < LARGEST
    assert "too large to show" in page
    assert 'alt="vae, output 2"' in page


def test_many_models_still_fit(tmp_path):
    names = [f"model {i} with a name of some length" for i in range(220)]
    folder = open_run(tmp_path / "run", [{"name": n, "family": "vae", "data": "digits"} for n in names], gates=())
    for axis in ("quality", "memorization", "robustness", "bias", "misuse", "energy"):
        folder.append_outcome(axis, [score(n, COPIES, 0.3, 0.01, id=f"{axis}.probe.share") for n in names])
    folder.finish("finished")
    write_report(Run.load(tmp_path / "run"), tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size < LARGEST
    assert "more left out to keep this page small" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_an_empty_run_is_a_page_too(tmp_path):
    open_run(tmp_path, [{"name": "vae", "family": "vae", "data": None}], gates=())
    assert words(compile_report(Run.load(tmp_path)), "verdict").startswith("Unfinished")


def test_secrets_of_the_suite_are_hidden(tmp_path):
    open_run(tmp_path, [{"name": "m", "hf": "x/y", "settings": {"hf_token": "hf_veryprivate"}}], gates=())
    page = compile_report(Run.load(tmp_path))
    assert "hf_token" in page
    assert "hf_veryprivate" not in page


def test_addresses_in_outputs_are_masked(tmp_path):
    page = compile_report(hostile_run(tmp_path))
    assert "jane.doe@example.org" not in page
    assert "write to ja... (20 characters) today" in page


def test_every_anchor_leads_somewhere_and_ids_are_unique(tmp_path):
    page = compile_report(honest_run(tmp_path, copied=0.2))
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_the_same_run_gives_the_same_page(tmp_path):
    run = honest_run(tmp_path)
    assert compile_report(run) == compile_report(Run.load(Path(run.path)))
