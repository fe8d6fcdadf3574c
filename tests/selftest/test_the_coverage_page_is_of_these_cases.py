"""The page in docs names every interval that is certified, and none that is not."""

from __future__ import annotations

from pathlib import Path

from genbench.selftest.coverage import cases

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"


def test_the_page_has_a_line_for_each_case_and_no_other() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    lines = [tuple(row.strip("| ").split(" | ")[:2]) for row in rows]
    told = {line for line in lines if line[0] not in ("interval", "metric")}
    assert told == {(case.method.replace("|", "\\|"), case.data.replace("|", "\\|")) for case in cases()}
