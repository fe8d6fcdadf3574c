"""A verdict for machines that read JUnit XML, GitHub's step summary or its workflow commands."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from genbench.core.inert import inert
from genbench.report.markdown import escaped, head, one_line, row
from genbench.report.verdict import Verdict

SUMMARY_LIMIT = 1_000_000  # bytes; GitHub drops a step summary above 1 MiB, and other steps may have written some
ANNOTATIONS_SHOWN = 10  # of each kind and step; GitHub drops the rest
WORST_FIRST = ("broken", "fail", "cannot tell", "pass", "does not apply")
LEVELS = {"broken": "error", "fail": "error", "cannot tell": "warning"}


def junit_xml(verdict: Verdict) -> str:
    """One test case per decision: a fail is a failure, a failed probe or run an error, what nobody can tell is skipped.

    Control characters, which XML 1.0 forbids, are written as their codes.
    """
    suite = ET.Element("testsuite", name=inert(f"genbench gate {verdict.run}"))
    rows = _rows(verdict)
    if verdict.status != "finished":
        rows.insert(0, ["the run has finished", "", "broken", f"the run is {verdict.status}"])
    if verdict.result == "no gates":
        rows.insert(0, ["gates are set", "", "broken", verdict.words])
    for gate, model, result, because in rows:
        case = ET.SubElement(
            suite, "testcase", classname=inert(f"genbench.{model or 'run'}"), name=inert(gate), time="0"
        )
        if result in TAGS:
            ET.SubElement(case, TAGS[result], message=inert(because), type=result).text = inert(because)
        else:
            ET.SubElement(case, "system-out").text = inert(because)
    results = [result for _, _, result, _ in rows]
    suite.set("tests", str(len(rows)))
    suite.set("failures", str(results.count("fail")))
    suite.set("errors", str(results.count("broken")))
    suite.set("skipped", str(sum(TAGS.get(result) == "skipped" for result in results)))
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(suites, encoding="unicode")}\n'


TAGS = {"fail": "failure", "broken": "error", "cannot tell": "skipped", "does not apply": "skipped"}


def markdown_summary(verdict: Verdict, limit: int = SUMMARY_LIMIT) -> str:
    """The sentence and a table, the worst first, in at most `limit` bytes of UTF-8; what is left out is counted."""
    start = f"## GenBench: {escaped(verdict.result)}\n\n{escaped(verdict.words)}\n\n"
    rows = sorted(_rows(verdict), key=lambda r: WORST_FIRST.index(r[2]))
    if not rows:
        return start
    start += head(["gate", "model", "result", "because"])
    kept, size = [start], len(start.encode()) + len(_left_out(len(rows)).encode())
    for line in map(row, rows):
        size += len(line.encode())
        if size > limit:
            break
        kept.append(line)
    left_out = len(rows) - (len(kept) - 1)
    return "".join([*kept, _left_out(left_out) if left_out else "\n"])


def annotation_lines(verdict: Verdict) -> list[str]:
    """Workflow commands: an error per fail, a warning per decision nobody can tell, and a notice with the verdict."""
    lines: list[str] = []
    rows = _rows(verdict)
    for level in ("error", "warning"):
        those = [r for r in rows if LEVELS.get(r[2]) == level]
        shown = those if len(those) <= ANNOTATIONS_SHOWN else those[: ANNOTATIONS_SHOWN - 1]
        lines += [_command(level, _title(r), r[3]) for r in shown]
        if len(those) > len(shown):
            lines.append(_command(level, "GenBench", f"and {len(those) - len(shown)} more, see the summary"))
    ends = "notice" if verdict.result == "pass" else "warning" if verdict.result == "cannot tell" else "error"
    if ends == "notice" or not any(line.startswith(f"::{ends} ") for line in lines):
        lines.append(_command(ends, "GenBench", verdict.words))
    return lines


def _rows(verdict: Verdict) -> list[list[str]]:
    """The verdict's rows, with those that have no score because their probe failed told apart from plain fails."""
    broke = [d.broke for d in verdict.decisions] + [False] * len(verdict.exempt)
    return [
        [g, m, "broken" if b else result, said] for b, (g, m, result, said) in zip(broke, verdict.rows, strict=True)
    ]


def _left_out(count: int) -> str:
    return f"\n{count:,} rows were left out, as a summary may not be longer.\n"


def _title(cells: Sequence[str]) -> str:
    return f"{cells[0]} ({cells[1]})" if cells[1] else cells[0]


def _command(level: str, title: str, message: str) -> str:
    """`::error title=...::message`, with what would end a property or a command escaped as the runner expects."""
    title = _data(one_line(title)).replace(":", "%3A").replace(",", "%2C")
    return f"::{level} title={title}::{_data(one_line(message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
