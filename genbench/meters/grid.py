"""How much greenhouse gas a kilowatt hour stands for: the user's own figure, or that of a country the user names."""

from __future__ import annotations

import functools
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path

from genbench.core.errors import MeterError, suggestion


@dataclass(frozen=True)
class Grid:
    """name: the country's code, "own figure" or "unknown". grams_co2e_per_kwh: None where unknown, never guessed."""

    name: str
    grams_co2e_per_kwh: float | None


def grid(country: str | None, own_figure: float | None) -> Grid:
    """The grid that was named. `MeterError` for a country CodeCarbon's table does not know."""
    if own_figure is not None:
        return Grid(f"own figure ({country})" if country else "own figure", own_figure)
    if country is None:
        return Grid("unknown", None)
    known = intensities()
    if country not in known:
        raise MeterError(f"no carbon intensity is known for country {country!r}{suggestion(country, sorted(known))}")
    return Grid(country, known[country])


@functools.cache
def intensities() -> dict[str, float]:
    """gCO2e per kWh by ISO 3166 alpha-3 code: the table that ships with CodeCarbon (Our World in Data)."""
    spec = importlib.util.find_spec("codecarbon")
    assert spec is not None
    assert spec.origin is not None
    table = Path(spec.origin).parent / "data" / "private_infra" / "global_energy_mix.json"
    countries = json.loads(table.read_text(encoding="utf-8"))
    return {code: float(row["carbon_intensity"]) for code, row in countries.items() if row.get("carbon_intensity")}
