"""Where runs live, and how they are named and found."""

import os
from pathlib import Path

import pytest

from genbench.core.errors import GenBenchError, ResultsError
from genbench.run.device import pick_device
from genbench.run.home import Home


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def keep(home, name, age):
    path = home.runs / name / "run.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    os.utime(path, ns=(0, age))
    return path.parent


def test_it_is_a_folder_here_or_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.delenv("GENBENCH_HOME", raising=False)
    assert Home.here().root == Path(".genbench")
    monkeypatch.setenv("GENBENCH_HOME", "~/kept")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Home.here().root == tmp_path / "kept"
    assert Home.here(tmp_path).root == tmp_path


@pytest.mark.parametrize("name", ["small", "../../etc", "a b/c", "漢字", "..", "\x1b[31m"])
def test_a_new_run_is_a_folder_of_its_own_below_runs_whatever_the_suite_is_called(home, name):
    first, second = home.new_run(name), home.new_run(name)
    assert first.is_dir()
    assert first.parent == second.parent == home.runs
    assert first != second
    assert first.name.isascii()
    assert not first.name.startswith(("-", "."))


def test_latest_is_the_newest_and_a_beginning_finds_the_newest_of_its_name(home):
    old, new = keep(home, "small-1", 1), keep(home, "small-2", 2)
    other = keep(home, "large-1", 3)
    assert home.find("latest") == other
    assert home.find("small") == new
    assert home.find("small-1") == old
    assert home.known() == [old, new, other]


def test_a_whole_name_is_meant_even_where_others_begin_with_it(home):
    first = keep(home, "small-20260101-120000", 1)
    keep(home, "small-20260101-120000-2", 2)
    assert home.find("small-20260101-120000") == first


def test_a_path_is_taken_as_it_is(home, tmp_path):
    elsewhere = keep(Home(tmp_path / "x"), "small-1", 1)
    assert home.find(str(elsewhere)) == elsewhere


def test_an_unknown_run_is_answered_with_the_nearest_or_that_there_is_none(home):
    with pytest.raises(ResultsError, match="which holds no run yet"):
        home.find("latest")
    keep(home, "small-1", 1)
    with pytest.raises(ResultsError, match=r"no run 'smal-1' in .*did you mean 'small-1'"):
        home.find("smal-1")
    with pytest.raises(ResultsError):
        home.find("")


def test_a_device_of_another_machine_is_refused_with_what_is_here():
    assert pick_device("cpu") == "cpu"
    assert pick_device("auto") in {"cpu", "cuda", "mps"}
    for wanted in ("cuda:99", "gpu", "cpu:0"):
        with pytest.raises(GenBenchError, match=rf"device '{wanted}' is not on this machine; here: cpu.*, or auto"):
            pick_device(wanted)
