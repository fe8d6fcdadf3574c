"""Where a suite says that its electricity comes from: is a carbon intensity known for it?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genbench.core.errors import MeterError, suggestion
from genbench.meters.grid import intensities, regional
from genbench.meters.intensity import read_hourly
from genbench.run.binding.wrong import Found, Wrong


def check_meters(meters: Mapping[str, Any]) -> Found:
    """Country, region and file of intensities."""
    yield from _country(meters)
    yield from _region(meters)
    yield from _intensity_file(meters)


def _country(meters: Mapping[str, Any]) -> Found:
    country = meters.get("country")
    if not isinstance(country, str):
        return
    known = sorted(intensities())
    form = len(country) == 3 and country.isascii() and country.isupper()
    if form and (country in known or meters.get("carbon_intensity_g_per_kwh") is not None):
        return
    near = suggestion(country.upper(), known) if len(country) == 3 else ""
    wants = near if "did you mean" in near else "; wants an ISO 3166 alpha-3 code, such as FRA, DEU or GBR"
    yield Wrong(("meters", "country"), f"no carbon intensity is known for country {country!r}{wants}")


def _region(meters: Mapping[str, Any]) -> Found:
    country, region = meters.get("country"), meters.get("region")
    if not isinstance(country, str) or not isinstance(region, str) or country not in intensities():
        return
    known = regional(country)
    own = meters.get("carbon_intensity_g_per_kwh") is not None or meters.get("intensity_file") is not None
    if own or region.lower() in known:
        return
    near = suggestion(region.lower(), sorted(known)) or "; no part of that country is; leave `region` out"
    yield Wrong(("meters", "region"), f"no carbon intensity is known for region {region!r} of {country}{near}")


def _intensity_file(meters: Mapping[str, Any]) -> Found:
    """The file is read here as well, so that a bad line is said before anything runs."""
    path = meters.get("intensity_file")
    if isinstance(path, str):
        try:
            read_hourly(Path(path))
        except MeterError as error:
            yield Wrong(("meters", "intensity_file"), str(error))
