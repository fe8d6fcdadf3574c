"""Results are kept by the code that made them; the certificate holds one entry a probe and survives what it meets."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from genbench.core.catalogue import Entry
from genbench.core.errors import UnknownName
from genbench.results.certificate import NAME, Certificate, carry, read_certificate
from genbench.run.home import Home
from genbench.run.voice import Voice
from genbench.selftest import parts
from genbench.selftest.certify import Findings, Request, selftest
from genbench.selftest.coverage import cases
from genbench.selftest.parts import Covering, Kept, Planting
from genbench.selftest.side_by_side import run_parts
from genbench.selftest.sources import ROOT, _imported, code_behind

PROBE = "quality.perplexity"
QUIET = Voice(quiet=True)


@pytest.fixture
def counted(monkeypatch) -> list[str]:
    """Names every part that is really run."""
    ran: list[str] = []

    def count(name: str) -> Callable[..., object]:
        real = getattr(parts, name)

        def call(*given: object, **more: object) -> object:
            ran.append(name)
            return real(*given, **more)

        return call

    for name in ("try_probe", "cover"):
        monkeypatch.setattr(parts, name, count(name))
    return ran


def ask(home: Path, n: int = 60, **given: object) -> Findings:
    return selftest(Request((PROBE,), n, **given), Home(home), QUIET)  # type: ignore[arg-type]


def test_a_second_selftest_runs_nothing_and_finds_the_same(tmp_path, counted):
    first = ask(tmp_path)
    assert counted == ["try_probe", "cover"]
    again = ask(tmp_path)
    assert counted == ["try_probe", "cover"]
    assert (again.rows, again.coverage) == (first.rows, first.coverage)
    assert (first.reused, again.reused) == (0, 2)
    ask(tmp_path, n=70)
    assert counted[2:] == ["try_probe"]  # another n is another result; coverage has its own sizes


def test_processes_change_no_result_and_keep_what_they_found(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    alone = ask(one)
    told = selftest(Request((PROBE,), 60, jobs=2), Home(two), QUIET)
    assert told == alone
    names = [sorted(file.name for file in (home / "selftest" / "kept").iterdir()) for home in (one, two)]
    assert names[0] == names[1]
    assert ask(two).reused == 2


def test_what_a_plant_raises_in_a_process_is_raised_here(tmp_path):
    whole, broken = (Planting("preferences", "bias.counterfactual", n, 1) for n in (20, -1))
    other = Covering(cases()[0].name, 5)
    kept = Kept(tmp_path)
    with pytest.raises(ValueError, match="negative"):
        run_parts([whole, broken, other], kept, 2, lambda done, total, note: None)
    assert kept.read(whole) is not None
    assert kept.read(broken) is None


def test_a_probe_whose_code_changed_is_run_again_and_certified_anew(tmp_path, counted, monkeypatch):
    ask(tmp_path)
    before = read_certificate(tmp_path / "selftest").probes[PROBE]
    real = Entry.code.fget
    monkeypatch.setattr(Entry, "code", property(lambda self: "new" if self.id == PROBE else real(self)))
    ask(tmp_path)
    assert counted == ["try_probe", "cover"] * 2
    after = read_certificate(tmp_path / "selftest").probes[PROBE]
    assert (before.code, after.code) == (real_code(real), "new")
    assert after.power == before.power


def real_code(read: Callable[[Entry], str]) -> str:
    from genbench.core.catalogue import find

    return read(find("probe", PROBE))


def test_a_plant_whose_code_changed_is_planted_again(tmp_path, counted, monkeypatch):
    ask(tmp_path)
    monkeypatch.setattr(parts, "code_behind", lambda *files: "changed")
    ask(tmp_path)
    assert counted == ["try_probe", "cover"] * 2


def test_a_torn_result_is_made_again(tmp_path, counted):
    first = ask(tmp_path)
    for file in (tmp_path / "selftest" / "kept").iterdir():
        file.write_text(file.read_text()[:9])
    assert ask(tmp_path).rows == first.rows
    assert counted == ["try_probe", "cover"] * 2


def test_the_code_behind_a_plant_is_all_that_it_imports():
    plant = ROOT / "selftest" / "plants" / "digits_copied.py"
    near = {path.relative_to(ROOT).as_posix() for path in _imported(plant)}
    assert {"models/copycat.py", "lenses/image/pixels.py", "data/digits.py", "selftest/plant.py"} <= near
    assert code_behind(plant) == code_behind(plant) != code_behind(ROOT / "selftest" / "plants" / "burn.py")


def test_a_changed_import_changes_the_code_behind(tmp_path, monkeypatch):
    from genbench.selftest import sources

    house = tmp_path / "genbench"
    monkeypatch.setattr(sources, "ROOT", house)
    (house / "room").mkdir(parents=True)
    (house / "room" / "__init__.py").write_text("from genbench.room.deep import X\n")
    (house / "room" / "deep.py").write_text("X = 1\n")
    (house / "near.py").write_text("def f():\n    from genbench.room import X\n    return X\n")
    plant = house / "plant.py"
    plant.write_text("import os\nfrom genbench import near\n")
    before = code_behind(plant)
    code_behind.cache_clear()
    (house / "room" / "deep.py").write_text("X = 2\n")
    assert code_behind(plant) != before
    code_behind.cache_clear()


def test_other_probes_keep_their_entry(tmp_path):
    ask(tmp_path)
    selftest(Request(("bias.counterfactual",), 40), Home(tmp_path), QUIET)
    found = read_certificate(tmp_path / "selftest")
    assert set(found.probes) == {PROBE, "bias.counterfactual"}
    assert [found.probes[id].n for id in sorted(found.probes)] == [40, 60]
    assert found.probes["bias.counterfactual"].false_alarms
    assert all(proof.low <= proof.heard / proof.trials <= proof.high for proof in found.probes[PROBE].power)


def test_an_unknown_probe_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(UnknownName, match=r"did you mean 'quality\.perplexity'"):
        selftest(Request(("quality.perplexty",)), Home(tmp_path), QUIET)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda plain: "{",
        lambda plain: "[]",
        lambda plain: "{}",
        lambda plain: json.dumps({"probes": {"a": {}}}),
        lambda plain: plain.replace('"want": "heard"', '"want": "maybe"'),
        lambda plain: plain.replace('"heard": ', '"heard": 9999'),
    ],
)
def test_a_certificate_that_cannot_be_read_is_none(tmp_path, spoil):
    assert read_certificate(tmp_path) is None
    ask(tmp_path)
    folder = tmp_path / "selftest"
    assert read_certificate(folder) is not None
    (folder / NAME).write_text(spoil((folder / NAME).read_text()))
    assert read_certificate(folder) is None
    carry(folder, tmp_path)
    assert not (tmp_path / NAME).exists()


def test_a_certificate_is_the_same_after_reading(tmp_path):
    ask(tmp_path)
    found = read_certificate(tmp_path / "selftest")
    found.write(tmp_path / NAME)
    assert read_certificate(tmp_path) == found
    more = Certificate({**found.probes, "b": replace(found.probes[PROBE], full=True)})
    more.write(tmp_path / NAME)
    assert read_certificate(tmp_path) == more
