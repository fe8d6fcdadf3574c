"""Evidence is kept under the code that asks for it, wherever that lies: a re-encoder put right makes evidence anew."""

import shutil
from pathlib import Path

import pytest

from genbench.core import catalogue
from genbench.run import environment
from genbench.run.environment import asking, made_with

PACKAGE = Path(environment.__file__).parents[1]


@pytest.fixture
def changed(tmp_path: Path):
    """The version of the asking code in a copy of the package, before and after a line is added to one file."""
    copy = shutil.copytree(PACKAGE, tmp_path / "genbench", ignore=shutil.ignore_patterns("__pycache__"))

    def versions(name: str) -> tuple[str, str]:
        before = asking(copy)
        with (copy / name).open("a", encoding="utf-8") as file:
            file.write("\n# another way\n")
        catalogue.code_of.cache_clear()
        return before, asking(copy)

    yield versions
    catalogue.code_of.cache_clear()


@pytest.mark.parametrize(
    "name", ["run/matching.py", "data/_encoders.py", "data/_images.py", "data/_lengths.py", "core/chance.py"]
)
def test_what_real_items_go_through_before_they_are_compared_is_part_of_every_key(changed, name: str) -> None:
    before, after = changed(name)
    assert before == made_with()["code"]
    assert after != before


@pytest.mark.parametrize("name", ["data/csv.py", "meters/intensity.py", "report/doubts.py", "run/doctor.py"])
def test_what_asks_for_nothing_throws_no_evidence_away(changed, name: str) -> None:
    before, after = changed(name)
    assert after == before
