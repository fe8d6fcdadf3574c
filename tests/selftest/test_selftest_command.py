"""The command prints the table, exits by what held, and writes the coverage page."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result

from genbench.cli.selftesting import selftest_command
from genbench.selftest import parts
from genbench.selftest.coverage import QUICK, Covered, cases, cover
from genbench.selftest.markdown import coverage_markdown


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.setenv("GENBENCH_HOME", str(tmp_path))

    def run(*words: str) -> Result:
        return CliRunner().invoke(selftest_command, ["bias.counterfactual", "--n", "300", "--jobs", "1", *words])

    return run


def test_the_table_shows_power_false_alarms_and_coverage_and_the_exit_code_is_zero(call):
    result = call()
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert any(line.startswith("preferences 0.7 bias.counterfactual.stereotype alarm 200 200 98% to 100% heard yes")
               for line in lines)  # fmt: skip
    assert any(line.startswith("stereotyped_twin balanced bias.counterfactual.stereotype alarm 0 8") for line in lines)
    assert any("preferences 0.6" in line and line.endswith("shown") for line in lines)
    assert any(line.startswith("Wilson, halves ties in three of ten pairs") for line in lines)
    assert "rows held" in lines[-1]
    assert "0 parts were known" in lines[-1]


def test_a_row_that_does_not_hold_is_named_and_the_exit_code_is_one(call, monkeypatch):
    real = parts.try_probe

    def deaf(*given, **more):
        return [replace(row, heard=0) for row in real(*given, **more)]

    monkeypatch.setattr(parts, "try_probe", deaf)
    result = call()
    assert result.exit_code == 1
    assert "NOT HELD: bias.counterfactual.stereotype on preferences at 0.7: 0 of 200, wanted heard (alarm)" in (
        " ".join(result.output.split())
    )


def test_an_interval_that_is_too_narrow_is_named(call, monkeypatch):
    monkeypatch.setattr(parts, "cover", lambda case, runs, tell: Covered(case.method, case.data, 0, 80, 100, 0, ()))
    result = call()
    assert result.exit_code == 1
    assert "NOT HELD: Wilson, halves on ties in three of ten pairs: covers 80 of 100" in result.output


def test_json_holds_every_row(call):
    result = call("--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["held"] is True
    assert {row["plant"] for row in told["rows"]} == {"preferences", "stereotyped_twin", "commoner_words"}
    assert all(row["low"] <= row["heard"] / row["trials"] <= row["high"] for row in told["rows"])
    assert all(covered["runs"] == QUICK for covered in told["coverage"])


def test_the_coverage_page_is_written(call, tmp_path):
    page = tmp_path / "docs" / "coverage.md"
    assert call("--coverage-table", str(page)).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert "| Wilson, halves | ties in three of ten pairs | 0.57 |" in text
    assert "genbench selftest --full --coverage-only --coverage-table" in text


def test_coverage_alone_plants_nothing_and_leaves_the_certificate(call, tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "try_probe", lambda *given, **more: pytest.fail("something was planted"))
    result = call("--coverage-only")
    assert result.exit_code == 0, result.output
    assert "What was planted" not in result.output
    assert "Wilson, halves" in result.output
    assert not list((tmp_path / "selftest").glob("*.json"))


def test_a_known_miss_is_said_and_does_not_fail(call, monkeypatch):
    """The page names the reason; without one the same count fails."""
    known = Covered("m", "d", 0.0, 160, 200, 0, ("a.b.c",), miss="few and heavy-tailed rows", least=0.8)
    page = coverage_markdown([known])
    assert known.held
    assert known.narrow
    assert "| **too narrow**, see below |" in page
    assert "* m, d: few and heavy-tailed rows; expected in at least 80%." in page
    assert "* `a.b.c`: m" in page
    unknown = replace(known, miss="", least=0.95)
    assert not unknown.held
    assert "too narrow**, see" not in coverage_markdown([unknown])


def test_a_known_miss_that_misses_more_than_is_known_fails():
    known = Covered("m", "d", 0.0, 790, 1000, 0, (), miss="few and heavy-tailed rows", least=0.8)
    assert known.held  # not clearly below 80 %
    for covered in (10, 700):
        assert not replace(known, covered=covered).held
        assert "too narrow**, see" not in coverage_markdown([replace(known, covered=covered)])
    plain = next(case for case in cases() if not case.miss)
    for half in ({"miss": "few rows"}, {"least": 0.8}):
        with pytest.raises(ValueError, match="its reason and the coverage to expect"):
            replace(plain, **half)


def test_cases_have_names_of_their_own_and_chance_that_repeats():
    assert len({case.name for case in cases()}) == len(cases())
    case = next(case for case in cases() if case.method == "Wilson")
    assert cover(case, 50) == cover(case, 50)
    off = replace(case, truth=case.truth + 0.3)
    assert not cover(off, 50).held
