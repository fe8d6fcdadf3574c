"""What a suite says of its meters: how energy is read, where the electricity comes from, what the machine did cost."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from genbench.meters.grid import Place
from genbench.run.fields import Flag, Number, Part


class Embodied(Part):
    """What making the machine cost, to be shared out over its life. Nothing is assumed: without it, none is counted."""

    kg_co2e: Number = Field(ge=0, description="Greenhouse gas of making the machine, from its maker's data sheet.")
    lifetime_years: Number = Field(gt=0, description="How long it will be in use.")


class Meters(Part):
    """How energy is read, and where the electricity comes from."""

    meter: Literal["codecarbon", "none"] = "codecarbon"
    country: str | None = Field(
        None,
        description="ISO 3166 alpha-3, such as FRA. Never guessed.",
        json_schema_extra={"pattern": "^[A-Z]{3}$"},  # checked against the table of grids, see binding
    )
    region: str | None = Field(
        None,
        description="A part of USA, CAN, CHN, SWE, NOR or FIN, such as texas, quebec or SE3, instead of the whole.",
    )
    carbon_intensity_g_per_kwh: Number | None = Field(
        None, ge=0, description="Your own figure, instead of the country's."
    )
    intensity_file: str | None = Field(
        None, description="A CSV of hour,g_per_kwh: carbon intensity by the hour (UTC), instead of one figure."
    )
    pue: Number | None = Field(
        None, ge=1, description="What the building draws for each joule of its computers; kWh and CO2 are times this."
    )
    flop: Flag = Field(
        True, description="Count floating-point operations, by rehearsing about a tenth of each training once."
    )
    embodied: Embodied | None = Field(None, description="Carbon of making the machine; said apart, and off by default.")

    @model_validator(mode="after")
    def _one_intensity(self) -> Meters:
        if self.intensity_file is not None and self.carbon_intensity_g_per_kwh is not None:
            raise ValueError("give `intensity_file` or `carbon_intensity_g_per_kwh`, not both")
        if self.region is not None and self.country is None:
            raise ValueError("`region` needs the `country` it lies in")
        return self

    @property
    def place(self) -> Place:
        """Where the electricity comes from, as far as it is said here."""
        file = Path(self.intensity_file) if self.intensity_file is not None else None
        return Place(self.country, self.region, self.carbon_intensity_g_per_kwh, file, self.pue)
