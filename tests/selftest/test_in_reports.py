"""A report shows the certificate that its run carries, says where it is stale, or how to make one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report.staged import HOSTILE, honest_run, hostile_run

from genbench.report.certificate import vouchers
from genbench.report.html import compile_report
from genbench.results.certificate import NAME, Certificate, Proof, Vouched, carry
from genbench.run.start import Options, run_suite
from genbench.run.suite import Suite

HEARD = Proof("copies", "0.05", "memorization.copying.tpr", "alarm", "heard", 38, 40, 0, 0.83, 0.99, True)
STRONGER = replace(HEARD, dose="0.2", heard=40, low=0.91, high=1.0)
QUIET = replace(HEARD, dose="0.0", want="silent", heard=0, low=0.0, high=0.09)
ERRING = replace(QUIET, plant="narrow", heard=2, low=0.01, high=0.17)
COPYING = Vouched("v1", "2026-01-01", "0.1.0", 300, False, (HEARD, STRONGER), (QUIET, ERRING))


def page(path, **probes: Vouched) -> str:
    run = honest_run(path)
    if probes:
        Certificate({id.replace("__", "."): found for id, found in probes.items()}).write(run.path / NAME)
    return " ".join(compile_report(run).split())


def test_without_a_certificate_the_command_that_makes_it_stands_there(tmp_path):
    text = page(tmp_path / "run")
    assert 'id="certificate"' in text
    assert "This run carries none: <code>genbench selftest</code>" in text


def test_the_weakest_dose_and_the_worst_null_are_shown_with_their_intervals(tmp_path):
    text = page(tmp_path / "run", memorization__copying=COPYING)
    assert "copies, 0.05: tpr, alarm: <strong>38 of 40</strong>" in text
    assert "83 to 99 %" in text
    assert "40 of 40" not in text  # of the stronger dose
    assert "narrow, 0.0: tpr, alarm: <strong>2 of 40</strong>" in text
    assert "every row held" in text
    assert "Stale" not in text
    assert "2026-01-01, n = 300" in text


def test_a_probe_that_changed_since_is_called_stale(tmp_path):
    text = page(tmp_path / "run", memorization__copying=replace(COPYING, code="v0"))
    assert "Stale:" in text
    assert "1 probe changed since" in text
    assert "its code has changed since, so this speaks of another version" in text


def test_a_probe_that_failed_its_certificate_says_so(tmp_path):
    deaf = replace(STRONGER, heard=3, low=0.0, high=0.2, held=False)
    text = page(tmp_path / "run", memorization__copying=replace(COPYING, power=(HEARD, deaf)))
    assert "did not do all that was wanted of it" in text
    assert "too seldom" in text
    assert "every row held" not in text


def test_a_probe_the_certificate_does_not_know_is_named(tmp_path):
    run = honest_run(tmp_path / "run")
    Certificate({"memorization.copying": COPYING}).write(run.path / NAME)
    lines = {line.probe: line for line in vouchers(run).lines}
    assert set(lines) == {"memorization.copying", "quality.frechet"}
    assert lines["quality.frechet"].warning == "not part of this certificate"
    assert vouchers(run).stale == 0


def test_a_torn_certificate_is_as_good_as_none(tmp_path):
    run = honest_run(tmp_path / "run")
    (run.path / NAME).write_text("{", encoding="utf-8")
    assert "This run carries none" in compile_report(run)


def test_hostile_words_in_a_certificate_are_inert(tmp_path):
    run = hostile_run(tmp_path / "run")
    nasty = replace(HEARD, plant=HOSTILE, dose=HOSTILE, how=HOSTILE, metric=HOSTILE)
    probe = run.measured[0].probe
    Certificate({probe: replace(COPYING, date=HOSTILE, power=(nasty,))}).write(run.path / NAME)
    text = compile_report(run)
    assert "<script" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text


SUITE = """
name: carried
data:
  digits: {source: digits}
lenses:
  image: image.pixels
models:
  - {name: noise, family: gaussian, data: digits}
probes:
  - quality.kernel
n: 40
meters: {meter: none}
"""


@pytest.fixture
def suite(tmp_path) -> Suite:
    path = tmp_path / "carried.yaml"
    path.write_text(SUITE, encoding="utf-8")
    return Suite.load(str(path))


def test_a_run_takes_the_homes_certificate_along(tmp_path, suite):
    home = tmp_path / "home"
    without = run_suite(suite, Options(home=home))
    assert not (without / NAME).exists()
    Certificate({"quality.kernel": COPYING}).write(home / "selftest" / NAME)
    carried = run_suite(suite, Options(home=home))
    assert (carried / NAME).read_bytes() == (home / "selftest" / NAME).read_bytes()
    carry(tmp_path / "nowhere", without)
    assert not (without / NAME).exists()
