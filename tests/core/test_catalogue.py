"""The path is the registry: what is malformed or double is refused by file and line."""

import sys
import textwrap

import pytest

from genbench.core import catalogue as shelf
from genbench.core.catalogue import SHELVES, catalogue, find
from genbench.core.errors import CatalogueError, UnknownName

GOOD = '''
from genbench.core.evidence import Features
from genbench.core.probe import probe
from genbench.core.score import Estimate, Estimates, Metric


@probe(
    reports={"spread": Metric("units", "lower", "Mean spread.")}, cites=["none"], control="copycat", truth="gaussian"
)
def spread(generated: Features) -> Estimates:
    """Mean standard deviation of the features."""
    return {"spread": Estimate(float(generated.x.std()), len(generated))}
'''


@pytest.fixture
def plug(tmp_path, monkeypatch):
    """Installs a package with entry points the way pip would: importable, with metadata."""

    def install(name, files, entry_points):
        for path, text in files.items():
            target = tmp_path / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(textwrap.dedent(text))
        (tmp_path / name / "__init__.py").touch()
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(textwrap.dedent(entry_points))
        monkeypatch.syspath_prepend(str(tmp_path))
        catalogue.cache_clear()

    yield install
    catalogue.cache_clear()
    for module in [m for m in sys.modules if m.startswith("plugged")]:
        del sys.modules[module]


@pytest.mark.parametrize("kind", list(SHELVES))
def test_every_shipped_entry_is_read_without_importing_it(kind):
    entries = catalogue(kind)
    assert entries
    for entry in entries.values():
        assert entry.summary
        assert entry.line > 0


def test_what_a_family_can_counts_what_it_has_from_its_bases():
    can = find("model", "vae").capabilities
    assert {"sample", "interpolate"} <= set(can)  # of its own file, of `models/_ways.py`
    assert set(can) <= set(dir(find("model", "vae").load()))
    assert len(set(can)) == len(can)


def test_a_plugged_probe_is_found(plug):
    plug("plugged_a", {"spread.py": GOOD}, "[genbench.probes]\nquality.spread = plugged_a.spread:spread\n")
    entry = find("probe", "quality.spread")
    assert entry.provider == "plugged_a"
    assert entry.summary == "Mean standard deviation of the features."
    assert entry.load().__name__ == "spread"


def test_an_id_defined_twice_is_refused_with_both_places(plug):
    twice = "[genbench.probes]\nquality.spread = plugged_b.spread:spread\n"
    plug("plugged_b", {"spread.py": GOOD}, twice)
    plug("plugged_c", {"spread.py": GOOD}, twice.replace("_b", "_c"))
    with pytest.raises(
        CatalogueError, match=r"spread\.py:\d+: probe 'quality.spread' is defined twice; first at .*:\d+"
    ):
        catalogue("probe")


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("x = 1", "has no function 'spread' marked @probe"),
        (GOOD.replace('"""Mean standard deviation of the features."""', "pass"), "has no docstring"),
        (GOOD.replace("def spread", "def sprad"), "it marks 'sprad'"),
        ("def broken(:", "cannot be parsed"),
    ],
)
def test_a_malformed_file_is_refused_by_file_and_line(plug, source, problem):
    plug("plugged_d", {"spread.py": source}, "[genbench.probes]\nquality.spread = plugged_d.spread:spread\n")
    with pytest.raises(CatalogueError, match=rf"spread\.py:\d+: .*{problem}"):
        catalogue("probe")


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UnknownName, match=r"did you mean 'quality\.frechet'"):
        find("probe", "quality.frechett")


def test_a_version_changes_with_the_code(plug, tmp_path):
    plug("plugged_e", {"spread.py": GOOD}, "[genbench.probes]\nquality.spread = plugged_e.spread:spread\n")
    before = find("probe", "quality.spread").code
    (tmp_path / "plugged_e" / "spread.py").write_text(GOOD + "\n# a change\n")
    shelf.code_of.cache_clear()
    assert find("probe", "quality.spread").code != before


def test_a_version_follows_imports_and_nothing_else(plug, tmp_path):
    source = "from genbench.stats.intervals import wilson\nfrom plugged_f.maths import half\n" + GOOD
    files = {"spread.py": source, "maths.py": "half = 0.5\n", "other.py": "x = 1\n"}
    plug("plugged_f", files, "[genbench.probes]\nquality.spread = plugged_f.spread:spread\n")

    def version() -> str:
        shelf.code_of.cache_clear()
        return find("probe", "quality.spread").code

    before = version()
    (tmp_path / "plugged_f" / "other.py").write_text("x = 2\n")
    assert version() == before
    (tmp_path / "plugged_f" / "maths.py").write_text("half = 0.25\n")
    assert version() != before


def test_a_capability_that_a_family_has_from_its_protocol_is_found_behind_the_rooms_front_door(plug):
    source = '''
        from genbench.core.model import Perturbable as Moved, family


        @family(modality="image")
        class Mine(Moved):
            """A family that says what it can by its base."""

            def sample(self, seeds): ...
    '''
    plug("plugged_g", {"mine.py": source}, "[genbench.models]\nmine = plugged_g.mine:Mine\n")
    assert find("model", "mine").capabilities == ("sample", "sample_near")
