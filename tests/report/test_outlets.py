"""What a verdict says to CI is well-formed, within its limits, and obeys nobody but us."""

import re
from html import unescape
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from genbench.core.inert import inert
from genbench.report.markdown import escaped, row
from genbench.report.outlets import annotation_lines, junit_xml, markdown_summary
from genbench.report.verdict import Decision, Exempt, Verdict

EVIL = [
    "<script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "![x](http://evil/x.png)",
    "<http://evil>",
    "\x1b[31mred\x1b]8;;http://evil\x07",
    "safe\u202egnp.exe",
    "a | b \\| c",
    "`code` ``more``",
    "line\nnext\r\n::error::pwned",
    "]]><injected/>&amp;",
    "\x00\x08\ufffe\ud800",
    "@everyone see #1 and $x$ at www.evil.com or https://evil.com",
    "**bold** _it_ ~~gone~~",
]


def verdict(*results, model="vae", because="because", status="finished", exempt=()):
    decisions = tuple(
        Decision("quality.x.y below 1", model, "fail" if r == "broken" else r, because, broke=r == "broken")
        for r in results
    )
    return Verdict("run", status, decisions, exempt)


@pytest.mark.parametrize("text", EVIL)
def test_hostile_text_is_inert_in_junit(text):
    written = junit_xml(verdict("fail", "pass", model=text, because=text))
    written.encode()
    parsed = ET.fromstring(written)
    assert {e.tag for e in parsed.iter()} == {"testsuites", "testsuite", "testcase", "failure", "system-out"}
    assert parsed.find("testsuite/testcase").get("classname") == inert(f"genbench.{text}")
    assert all(
        c in "\n\t" or c.isprintable() for e in parsed.iter() for v in [e.text or "", *e.attrib.values()] for c in v
    )


def test_junit_counts_each_result_in_its_own_way():
    exempt = (Exempt("gate", "gan", "the model is no Sampler"),)
    suite = ET.fromstring(junit_xml(verdict("pass", "fail", "fail", "cannot tell", "broken", exempt=exempt))).find(
        "testsuite"
    )
    assert {k: suite.get(k) for k in ("tests", "failures", "errors", "skipped")} == {
        "tests": "6", "failures": "2", "errors": "1", "skipped": "2",
    }  # fmt: skip
    assert len(suite.findall("testcase/failure")) == 2
    assert len(suite.findall("testcase/error")) == 1
    assert len(suite.findall("testcase/skipped")) == 2


def test_junit_of_a_run_that_did_not_end_or_gates_nothing_holds_an_error():
    for one in (verdict("pass", status="interrupted"), verdict()):
        assert ET.fromstring(junit_xml(one)).find("testsuite").get("errors") == "1"


@pytest.mark.parametrize("text", EVIL)
def test_hostile_text_is_inert_in_markdown(text):
    summary = markdown_summary(verdict("fail", model=text, because=text))
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(summary)
    kinds = {t.type for token in tokens for t in (token, *(token.children or ()))}
    table = {f"{part}_{side}" for part in ("table", "thead", "tbody", "tr", "th", "td") for side in ("open", "close")}
    plain = {"heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "text", "text_special"}
    assert kinds <= table | plain | {"code_inline"}
    assert [t.type for t in tokens].count("td_open") == 4  # no text makes a fifth cell, or ends the row
    shown = ["".join(t.content for t in token.children) for token in tokens if token.type == "inline"]
    assert shown[-1] == inert(" ".join(text.split()))
    # What GitHub looks for after rendering stands in code, where it does not look; what would be a link is broken up.
    body = summary.split("\n\n", 1)[1]
    assert not re.search(r"(?<!`)[@$]|(?<![`&])#|https?://|www\.|[<>\x00-\x09\x0b-\x1f\u202e]", body)


@given(st.text(max_size=200))
def test_escaped_text_reads_as_it_was(text):
    shown = re.sub(r"`([@#$]+)`", r"\1", escaped(text))
    assert unescape(shown) == inert(" ".join(text.split()))
    assert "|" not in escaped(text)
    assert row([text]).count("|") == 2


def test_names_of_metrics_stay_readable():
    assert (
        escaped("memorization.copying.tpr_at_1pct_fpr below 0.02") == "memorization.copying.tpr_at_1pct_fpr below 0.02"
    )


def test_a_summary_stays_below_the_limit_and_counts_what_it_left_out():
    many = verdict(*["pass"] * 5000, "fail", because="é" * 600)
    summary = markdown_summary(many)
    assert len(summary.encode()) <= 1_000_000
    shown = summary.count("quality.x.y below 1 | vae")
    assert f"\n{5001 - shown:,} rows were left out" in summary
    assert summary.index("| fail |") < summary.index("| pass |")
    assert "left out" not in markdown_summary(verdict(*["pass"] * 50))


def test_one_huge_cell_is_cut_and_says_so():
    summary = markdown_summary(verdict("fail", because="x" * 3_000_000))
    assert len(summary) < 2000
    assert "2,999,400 more characters" in summary


@pytest.mark.parametrize("text", EVIL)
def test_hostile_text_is_inert_in_workflow_commands(text):
    lines = annotation_lines(verdict("fail", "cannot tell", model=text, because=text))
    assert len(lines) == 2
    for line, level in zip(lines, ("error", "warning"), strict=True):
        assert re.fullmatch(rf"::{level} title=[^,:]+::[ -~é]+", line), line


def test_workflow_commands_are_escaped_as_the_runner_reads_them():
    (line,) = annotation_lines(verdict("fail", model="50 %, a:b", because="100 % of x: y, z"))
    assert line == "::error title=quality.x.y below 1 (50 %25%2C a%3Ab)::100 %25 of x: y, z"


def test_every_verdict_leaves_an_annotation_of_its_own_weight():
    assert [line.split(" ")[0] for line in annotation_lines(verdict("pass"))] == ["::notice"]
    assert [line.split(" ")[0] for line in annotation_lines(verdict())] == ["::error"]
    assert [line.split(" ")[0] for line in annotation_lines(verdict("pass", status="interrupted"))] == ["::error"]
    assert [line.split(" ")[0] for line in annotation_lines(verdict("cannot tell"))] == ["::warning"]


def test_more_annotations_than_are_shown_are_counted():
    lines = annotation_lines(verdict(*["fail"] * 25, *["cannot tell"] * 3))
    errors = [line for line in lines if line.startswith("::error")]
    assert len(errors) == 10
    assert "and 16 more" in errors[-1]
    assert len(lines) == 13
