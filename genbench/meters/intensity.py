"""Carbon intensity by the hour, as a user writes it: a CSV of `hour,g_per_kwh`."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from genbench.core.errors import MeterError

COLUMNS = ["hour", "g_per_kwh"]
LARGEST = 10_000_000  # bytes; a year of hours is a quarter of a megabyte


@dataclass(frozen=True)
class Hourly:
    """Grams of CO2e per kWh by hour (UTC): of the day, "00" to "23", or of the calendar, such as "2026-01-02T03"."""

    grams: Mapping[str, float]
    of_day: bool

    def at(self, hour: str) -> float | None:
        """Grams per kWh in that hour of the calendar (UTC, 2026-01-02T03); None where the file does not say."""
        return self.grams.get(hour[-2:] if self.of_day else hour)


def read_hourly(path: Path) -> Hourly:
    """The file's intensities. `MeterError` names the line of what is wrong; the header is line 1.

    hour: 0 to 23, the same every day, all 24 given; or a moment such as 2026-01-02T03:00+01:00 (UTC where no offset is
    given) on the hour, as many as wanted. g_per_kwh: a number of at least 0.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise MeterError(f"{path}: cannot be read: {error.strerror}") from error
    if len(raw) > LARGEST:
        raise MeterError(f"{path}: {len(raw):,} bytes are no table of hours; at most {LARGEST:,} are read")
    try:
        lines = raw.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise MeterError(f"{path}:{line}: is not UTF-8 text") from error
    rows = csv.reader(lines)
    header = [cell.strip() for cell in next(rows, [])]
    if header != COLUMNS:
        raise MeterError(f"{path}:1: wants the header {','.join(COLUMNS)}; got {','.join(header)[:80] or 'nothing'}")
    return _checked(path, ((rows.line_num, row) for row in rows))


def _checked(path: Path, rows: Iterable[tuple[int, list[str]]]) -> Hourly:
    grams: dict[str, float] = {}
    lines: dict[str, int] = {}
    kind: bool | None = None
    for line, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(COLUMNS):
            raise MeterError(f"{path}:{line}: wants 2 cells, hour and g_per_kwh; got {len(row)}")
        hour, of_day = _hour(path, line, row[0].strip())
        if kind not in (None, of_day):
            raise MeterError(f"{path}:{line}: hours of the day and hours of the calendar do not mix")
        if hour in lines:
            raise MeterError(f"{path}:{line}: hour {hour} stands here twice; first at line {lines[hour]}")
        kind, lines[hour], grams[hour] = of_day, line, _amount(path, line, row[1].strip())
    if not grams:
        raise MeterError(f"{path}:2: holds no hour")
    if kind and len(grams) < 24:
        missing = next(h for h in range(24) if f"{h:02d}" not in grams)
        raise MeterError(f"{path}:{max(lines.values())}: hours of the day want all of 0 to 23; {missing} is missing")
    return Hourly(grams, bool(kind))


def _hour(path: Path, line: int, text: str) -> tuple[str, bool]:
    """(the hour as `Hourly` names it, whether it is one of the day)."""
    if text.isascii() and text.isdigit() and len(text) <= 2:
        if int(text) > 23:
            raise MeterError(f"{path}:{line}: hour wants 0 to 23; got {text}")
        return f"{int(text):02d}", True
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise MeterError(f"{path}:{line}: hour wants 0 to 23 or a moment as 2026-01-02T03:00; got {text!r}") from None
    moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    if moment.minute or moment.second or moment.microsecond:
        raise MeterError(f"{path}:{line}: an hour begins on the hour (in UTC); got {text!r}")
    return f"{moment:%Y-%m-%dT%H}", False


def _amount(path: Path, line: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise MeterError(f"{path}:{line}: g_per_kwh wants a number; got {text!r}") from None
    if not math.isfinite(value) or value < 0:
        raise MeterError(f"{path}:{line}: g_per_kwh wants a number of at least 0; got {text}")
    return value
