"""The path to a decision: read from what was recorded, judged by it, and drawn so that words and marks agree."""

from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from report.staged import COPIES, HOSTILE, open_run, score

from genbench.core.errors import ResultsError
from genbench.report.gate import judge
from genbench.report.html import compile_report, write_report
from genbench.report.path import paths, stretches
from genbench.results.run import Run
from genbench.run.until_decided import looked_at

METRIC = "memorization.copying.tpr"
MODELS = [{"name": "vae", "family": "vae", "data": "digits"}]
NARROWING = ((63, 0.02, 0.0, 0.2), (125, 0.03, 0.0, 0.12), (250, 0.025, 0.0, 0.08))


class Tags(HTMLParser):
    """Names of all tags and attributes of a page."""

    def __init__(self):
        super().__init__()
        self.names, self.attributes = set(), set()

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


def look(k, n, ends, decision, **more):
    """A look as a run records it."""
    value, low, high = ends
    return {
        "place": "0|cell|tpr", "gate": 0, "metric": METRIC, "model": "vae", "lens": "image.pixels", "look": k, "n": n,
        "planned_n": 500, "value": value, "low": low, "high": high, "decision": decision, "because": "", **more,
    }  # fmt: skip


def staged(folder, looks, *, final=(0.02, 0.01), gate=None):
    """A finished run with these looks at one gate, and its final score: (value, half its interval)."""
    gate = gate or {"metric": METRIC, "models": ["vae"], "below": 0.1, "above": None, "no_alarm": False}
    opened = open_run(folder, MODELS, gates=[gate])
    for event in looks:
        opened.append_event("look", **event)
    opened.append_outcome("copies", [score("vae", COPIES, *final)])
    opened.finish("finished")
    return Run.load(folder)


def narrowing():
    results = ("cannot tell", "cannot tell", "pass")
    return [
        look(k, n, ends, result)
        for k, ((n, *ends), result) in enumerate(zip(NARROWING, results, strict=True), start=1)
    ]  # fmt: skip


def test_a_gate_is_judged_by_its_looks_not_by_the_final_interval(tmp_path):
    astride = staged(tmp_path / "a", narrowing(), final=(0.09, 0.05))
    (found,) = judge(astride, None).decisions
    assert found.result == "pass"
    assert found.because.startswith("decided at n = 250 of at most 500: 0.0250 within [0, 0.0800]")
    undecided = staged(tmp_path / "b", narrowing()[:2], final=(0.02, 0.01))
    assert judge(undecided, None).result == "cannot tell"  # its fixed-n interval alone would pass
    assert judge(staged(tmp_path / "c", [], final=(0.02, 0.01)), None).result == "pass"


def test_a_decision_that_the_final_interval_contradicts_is_taken_back(tmp_path):
    (found,) = judge(staged(tmp_path / "run", narrowing(), final=(0.5, 0.1)), None).decisions
    assert found.result == "cannot tell"
    assert "something changes with n" in found.because


def test_looks_at_another_version_of_the_model_decide_nothing(tmp_path):
    now = looked_at(score("vae", COPIES, 0.02, 0.01))
    before, after = ([{**event, "of": of} for event in narrowing()] for of in ("e" * 64, now))
    assert judge(staged(tmp_path / "after", after), None).result == "pass"
    (found,) = judge(staged(tmp_path / "before", before), None).decisions
    assert found.result == "cannot tell"
    assert "has changed since" in found.because


def test_looks_come_in_their_order_whatever_the_order_on_record(tmp_path):
    (path,) = paths(staged(tmp_path / "run", narrowing()[::-1]))
    assert [k.n for k in path.looks] == [63, 125, 250]
    assert (path.decision, path.budget) == ("pass", 500)


@pytest.mark.parametrize("spoiled", [{"decision": "perhaps"}, {"n": None}, {"gate": "x"}])
def test_a_look_that_cannot_be_read_is_named(tmp_path, spoiled):
    with pytest.raises(ResultsError, match="cannot be read"):
        paths(staged(tmp_path / "run", [{**narrowing()[0], **spoiled}]))


def test_the_picture_narrows_towards_its_mark_and_says_the_same_in_words(tmp_path):
    (found,) = stretches(staged(tmp_path / "run", narrowing()))
    root = ElementTree.fromstring(str(found.chart))
    bars = [b for b in root.findall(".//line") if (b.get("class") or "").startswith("bar")]
    assert [b.get("class") for b in bars] == ["bar unsure", "bar unsure", "bar clear"]
    reach = [abs(float(b.get("y1")) - float(b.get("y2"))) for b in bars]
    assert reach == sorted(reach, reverse=True)
    across = [float(b.get("x1")) for b in bars]
    assert across[1] - across[0] == pytest.approx(across[2] - across[1], abs=1)  # doublings stand equally far apart
    (limit,) = root.findall(".//line[@class='limit']")
    assert float(bars[2].get("y2")) > float(limit.get("y1")) > float(bars[1].get("y2"))  # y grows downwards
    assert len(root.findall(".//circle[@class='point clear']")) == 1
    assert "n = 250: 0.0250 within [0, 0.0800], pass" in root.get("aria-label")
    assert {"63", "125", "250", "500", "below 0.100"} <= set(root.itertext())


def test_a_limit_far_away_stands_dotted_at_the_edge(tmp_path):
    gate = {"metric": METRIC, "models": ["vae"], "below": 900.0, "above": None, "no_alarm": False}
    (found,) = stretches(staged(tmp_path / "run", narrowing()[:1], gate=gate))
    root = ElementTree.fromstring(str(found.chart))
    assert len(root.findall(".//line[@class='limit off']")) == 1


def test_where_alarms_are_forbidden_the_limit_is_where_they_begin(tmp_path):
    gate = {"metric": METRIC, "models": ["vae"], "below": None, "above": None, "no_alarm": True}
    (found,) = stretches(staged(tmp_path / "run", narrowing(), gate=gate))
    assert found.gate.endswith("without alarm")
    assert "below 0.0300" in str(found.chart)  # floor 0.01, tolerance 0.02


def test_looks_without_a_score_are_told_and_not_drawn(tmp_path):
    absent = look(1, 63, (None, None, None), "cannot tell", because="skipped: too few outputs")
    (found,) = stretches(staged(tmp_path / "run", [absent]))
    assert found.chart is None
    assert "skipped: too few outputs" in found.words
    assert "skipped: too few outputs" in compile_report(staged(tmp_path / "other", [absent]))


def test_the_page_shows_the_path_where_there_is_one_and_stays_inert(tmp_path):
    page = compile_report(staged(tmp_path / "plain", []))
    assert 'id="path"' not in page
    nasty = look(1, 63, (0.02, 0.0, 0.05), "pass", model=HOSTILE, because=HOSTILE)
    page = compile_report(staged(tmp_path / "hostile", [nasty, look(2, 125, (None,) * 3, "cannot tell",
                                                                  model=HOSTILE, because=HOSTILE)]))  # fmt: skip
    assert 'href="#path"' in page
    found = Tags()
    found.feed(page)
    assert "script" not in found.names
    assert not [name for name in found.attributes if name.startswith("on")]
    assert not {"\x1b", "\u202e"} & set(page)
    write_report(Run.load(tmp_path / "hostile"), tmp_path / "hostile.html")
    assert (tmp_path / "hostile.html").stat().st_size < 2_000_000
