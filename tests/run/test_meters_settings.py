"""What a suite may say of its meters: places, files by the hour, overhead and the making of the machine."""

from pathlib import Path

import pytest

from genbench.core.errors import SuiteError
from genbench.run.suite import Suite

GOOD = """\
name: x
data: { digits: digits }
models: [{ name: vae, family: vae, data: digits }]
"""
DAY = "hour,g_per_kwh\n" + "".join(f"{h},{h}\n" for h in range(24))


@pytest.fixture
def load(tmp_path: Path):
    """A suite with these meters, in a folder with a good and a bad file of intensities."""
    (tmp_path / "day.csv").write_text(DAY)
    (tmp_path / "bad.csv").write_text("hour,g_per_kwh\n0,1\n1,-5\n")

    def load(meters: str) -> Suite:
        path = tmp_path / "suite.yaml"
        path.write_text(f"{GOOD}meters: {meters}\n")
        return Suite.load(str(path))

    return load


def test_a_file_of_hours_is_found_beside_the_suite(load, tmp_path: Path) -> None:
    place = load("{ intensity_file: day.csv, pue: 1.3 }").meters.place
    assert place.intensity_file == tmp_path / "day.csv"
    assert place.pue == 1.3


def test_regions_and_the_making_of_the_machine_are_taken(load) -> None:
    meters = load("{ country: USA, region: Texas, embodied: { kg_co2e: 1200, lifetime_years: 4 } }").meters
    assert (meters.place.country, meters.place.region) == ("USA", "Texas")
    assert (meters.embodied.kg_co2e, meters.embodied.lifetime_years) == (1200, 4)


def test_nothing_is_assumed(load) -> None:
    meters = load("{ meter: none }").meters
    assert (meters.pue, meters.embodied, meters.region, meters.intensity_file) == (None, None, None, None)
    assert meters.flop


@pytest.mark.parametrize(
    ("meters", "problem"),
    [
        ("{ intensity_file: bad.csv }", "bad.csv:3: g_per_kwh wants a number of at least 0; got -5"),
        ("{ intensity_file: none.csv }", "none.csv: cannot be read: No such file or directory"),
        ("{ country: SWE, region: SE5 }", "no carbon intensity is known for region 'SE5' of SWE; did you mean 'se"),
        (
            "{ country: FRA, region: Bretagne }",
            "region 'Bretagne' of FRA; no part of that country is; leave `region` out",
        ),
        ("{ region: texas }", "`region` needs the `country` it lies in"),
        ("{ intensity_file: day.csv, carbon_intensity_g_per_kwh: 5 }", "give `intensity_file` or `carbon_intensity"),
        ("{ pue: 0.9 }", "meters.pue: must be at least 1.0; got 0.9"),
        ("{ embodied: { kg_co2e: 10, lifetime_years: 0 } }", "lifetime_years: must be greater than 0.0; got 0"),
        ("{ embodied: { kg_co2e: 10 } }", "'lifetime_years' is missing"),
        (
            "{ embodied: { kg: 10, kg_co2e: 10, lifetime_years: 4 } }",
            "unknown key 'kg'; known: kg_co2e, lifetime_years",
        ),
        ("{ flop: 1 }", "meters.flop: wants true or false; got 1"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(meters: str, problem: str, load) -> None:
    with pytest.raises(SuiteError) as caught:
        load(meters)
    (mistake,) = caught.value.mistakes
    assert problem in str(mistake)
    assert mistake.line == 4
