"""Hourly carbon intensity as users write it, and every mistake at its line."""

from pathlib import Path

import pytest

from genbench.core.errors import MeterError
from genbench.meters.grid import Place, grid
from genbench.meters.intensity import read_hourly

DAY = "hour,g_per_kwh\n" + "".join(f"{h},{100 + h}\n" for h in range(24))


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "grid.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_hours_of_the_day_hold_for_every_day(tmp_path: Path) -> None:
    hourly = read_hourly(written(tmp_path, DAY))
    assert hourly.of_day
    assert hourly.at("2026-01-02T03") == hourly.at("1999-12-31T03") == 103


def test_moments_count_in_utc_and_hold_for_their_day_alone(tmp_path: Path) -> None:
    text = "hour, g_per_kwh\n2026-01-02T03:00+01:00,50\n\n2026-01-02T03:00Z,70\n2026-01-02 04:00,80.5\n"
    hourly = read_hourly(written(tmp_path, b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()))
    assert [hourly.at(f"2026-01-02T0{h}") for h in (2, 3, 4, 5)] == [50, 70, 80.5, None]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ":1: wants the header hour,g_per_kwh; got nothing"),
        ("hour;g_per_kwh\n1;2\n", ":1: wants the header hour,g_per_kwh; got hour;g_per_kwh"),
        ("hour,g_per_kwh\n", ":2: holds no hour"),
        ("hour,g_per_kwh\n0,1\n24,1\n", ":3: hour wants 0 to 23; got 24"),
        ("hour,g_per_kwh\nnoon,1\n", ":2: hour wants 0 to 23 or a moment as 2026-01-02T03:00; got 'noon'"),
        ("hour,g_per_kwh\n2026-01-02T03:30,1\n", ":2: an hour begins on the hour (in UTC); got '2026-01-02T03:30'"),
        ("hour,g_per_kwh\n0,1\n\n2026-01-02T03:00,1\n", ":4: hours of the day and hours of the calendar do not mix"),
        ("hour,g_per_kwh\n5,1\n05,1\n", ":3: hour 05 stands here twice; first at line 2"),
        ("hour,g_per_kwh\n0,1\n1,two\n", ":3: g_per_kwh wants a number; got 'two'"),
        ("hour,g_per_kwh\n0,-1\n", ":2: g_per_kwh wants a number of at least 0; got -1"),
        ("hour,g_per_kwh\n0,nan\n", ":2: g_per_kwh wants a number of at least 0; got nan"),
        ("hour,g_per_kwh\n0,1,2\n", ":2: wants 2 cells, hour and g_per_kwh; got 3"),
        (DAY.replace("7,107\n", "", 1), ":24: hours of the day want all of 0 to 23; 7 is missing"),
        (b"hour,g_per_kwh\n0,1\n1,\xff\n", ":3: is not UTF-8 text"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str | bytes, problem: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(MeterError) as caught:
        read_hourly(path)
    assert str(caught.value) == f"{path}{problem}"


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(MeterError, match="cannot be read: No such file"):
        read_hourly(tmp_path / "none.csv")


def test_a_grid_by_the_hour_tells_the_hours_it_knows(tmp_path: Path) -> None:
    path = written(tmp_path, "hour,g_per_kwh\n2026-01-02T03:00,50\n")
    found = grid(Place(country="FRA", intensity_file=path, pue=1.4))
    assert (found.name, found.grams_co2e_per_kwh, found.pue) == ("grid.csv", None, 1.4)
    assert found.by_hour(["2026-01-02T03", "2026-01-02T04"]) == {"2026-01-02T03": 50}
    assert grid(Place("FRA")).by_hour(["2026-01-02T03"]) is None
