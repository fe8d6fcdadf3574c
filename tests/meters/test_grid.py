"""Carbon intensity of a place: the user's word, CodeCarbon's own tables, and never a guess."""

import pytest
from codecarbon.core.emissions import Emissions
from codecarbon.core.units import Energy
from codecarbon.external.geography import GeoMetadata
from codecarbon.input import DataSource

from genbench.core.errors import MeterError
from genbench.meters.grid import Place, grid, intensities, regional


def test_carbon_is_the_users_word_and_never_a_guess() -> None:
    assert grid(Place()).grams_co2e_per_kwh is None
    assert grid(Place()).name == "unknown"
    assert grid(Place("FRA")).grams_co2e_per_kwh == intensities()["FRA"]
    assert grid(Place("POL")).grams_co2e_per_kwh > 5 * intensities()["FRA"]  # type: ignore[operator]
    assert grid(Place("FRA", own_figure=12.5)).grams_co2e_per_kwh == 12.5
    assert grid(Place(pue=1.2)).pue == 1.2
    with pytest.raises(MeterError, match="no carbon intensity is known for country 'XYZ'"):
        grid(Place("XYZ"))


@pytest.mark.parametrize(
    ("country", "regions"),
    [("USA", 51), ("CAN", 13), ("CHN", 30), ("SWE", 4), ("NOR", 5), ("FIN", 1)],
)
def test_a_regions_figure_is_that_which_codecarbon_gives_it(country: str, regions: int) -> None:
    emissions, known = Emissions(DataSource()), regional(country)
    assert len(known) >= regions
    for region, grams in known.items():
        geo = GeoMetadata(country_iso_code=country, country_name=country, region=region)
        theirs = 1000 * emissions.get_region_emissions(Energy(1.0), geo)
        assert grams == pytest.approx(theirs, rel=1e-9), region
    assert len(set(known.values())) > 1 or country == "FIN"


def test_a_region_is_named_whatever_its_letters_size_and_an_unknown_one_is_refused() -> None:
    assert grid(Place("SWE", "SE3")).grams_co2e_per_kwh == grid(Place("SWE", "se3")).grams_co2e_per_kwh == 27.0
    assert grid(Place("USA", "Texas")).name == "USA-Texas"
    with pytest.raises(MeterError, match="region 'texsa' of USA; did you mean 'texas'"):
        grid(Place("USA", "texsa"))
    with pytest.raises(MeterError, match="region 'Bretagne' of FRA"):
        grid(Place("FRA", "Bretagne"))
