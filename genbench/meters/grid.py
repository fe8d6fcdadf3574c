"""How much greenhouse gas a kilowatt hour stands for: the user's own figure or file, or that of a place they name."""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genbench.core.errors import MeterError, suggestion
from genbench.meters.intensity import Hourly, read_hourly

GRAMS_PER_LB_PER_MWH = 0.45359237  # grams per kWh that a pound per MWh is
# What CodeCarbon takes for burning each, in grams per kWh; it counts the other sources of a Canadian mix as 0.
CANADIAN = {"coal": 995.725971, "petroleum": 816.6885263, "naturalGas": 743.8415916}
NORDIC = {"SWE": "SE", "NOR": "NO", "FIN": "FI"}  # how the bidding zones of a country begin


@dataclass(frozen=True)
class Place:
    """Where the electricity comes from, as far as the user said: country (ISO 3166 alpha-3), region, own figures."""

    country: str | None = None
    region: str | None = None
    own_figure: float | None = None
    intensity_file: Path | None = None
    pue: float | None = None


@dataclass(frozen=True)
class Grid:
    """name: the place's code, "own figure", the file's name or "unknown".

    grams_co2e_per_kwh: None where unknown or told by the hour, never guessed. pue: what the building draws for each
    joule of its computers; None where nobody said.
    """

    name: str
    grams_co2e_per_kwh: float | None
    hourly: Hourly | None = None
    pue: float | None = None

    def by_hour(self, hours: Iterable[str]) -> dict[str, float] | None:
        """Grams per kWh of those hours (UTC, 2026-01-02T03) that the file knows; None where there is no file."""
        if self.hourly is None:
            return None
        return {hour: grams for hour in hours if (grams := self.hourly.at(hour)) is not None}


def grid(place: Place) -> Grid:
    """The grid that was named. `MeterError` for a place CodeCarbon's tables do not know, and for a bad file."""
    where = "-".join(filter(None, [place.country, place.region]))
    if place.intensity_file is not None:
        return Grid(place.intensity_file.name, None, read_hourly(place.intensity_file), place.pue)
    if place.own_figure is not None:
        return Grid(f"own figure ({where})" if where else "own figure", place.own_figure, None, place.pue)
    if place.country is None:
        return Grid("unknown", None, None, place.pue)
    known = regional(place.country) if place.region else intensities()
    name = place.region.lower() if place.region else place.country
    if name not in known:
        of = f"region {place.region!r} of {place.country}" if place.region else f"country {place.country!r}"
        raise MeterError(f"no carbon intensity is known for {of}{suggestion(name, sorted(known))}")
    return Grid(where, known[name], None, place.pue)


@functools.cache
def intensities() -> dict[str, float]:
    """gCO2e per kWh by ISO 3166 alpha-3 code: the table that ships with CodeCarbon (Our World in Data)."""
    countries = _table("global_energy_mix.json")
    return {code: float(row["carbon_intensity"]) for code, row in countries.items() if row.get("carbon_intensity")}


@functools.cache
def regional(country: str) -> dict[str, float]:
    """gCO2e per kWh by region in lower case, from CodeCarbon's own tables; empty for a country they do not divide.

    USA: states (EPA eGRID). CAN: provinces, from their mix. CHN: provinces (CO2 alone). SWE, NOR, FIN: bidding zones.
    """
    if country == "USA":
        states = {name: row for name, row in _table("2023/usa_emissions.json").items() if not name.startswith("_")}
        return {name: float(row["emissions"]) * GRAMS_PER_LB_PER_MWH for name, row in states.items()}
    if country == "CAN":
        mixes = _table("2023/canada_energy_mix.json")
        return {name: sum(mix[s] * g for s, g in CANADIAN.items()) / mix["total"] for name, mix in mixes.items()}
    if country == "CHN":
        provinces = _table("2023/china_provincial_emissions.json")["data"].values()
        return {name: float(row["emission_factor"]) for row in provinces for name in row["names"]}
    zones = _table("nordic_emissions.json")["data"]
    begins = NORDIC.get(country)
    return {zone.lower(): float(row["emission_factor"]) for zone, row in zones.items() if zone[:2] == begins}


def _table(name: str) -> Any:
    spec = importlib.util.find_spec("codecarbon")
    assert spec is not None
    assert spec.origin is not None
    table = Path(spec.origin).parent / "data" / "private_infra" / name
    return json.loads(table.read_text(encoding="utf-8"))
