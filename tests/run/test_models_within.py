"""The model within a family or lens is checked as one by itself, whoever wrote what is around it."""

import re
import sys

import pytest

from genbench.core.catalogue import catalogue
from genbench.core.errors import SuiteError
from genbench.core.inner import inner_of
from genbench.run.suite import Suite

AROUND = '''
from typing import Any

from genbench.core.inner import Family
from genbench.core.model import family


@family(modality="any", cites=["none"])
class Wrapped:
    """A model within a wrapper of somebody else's."""

    def __init__(self, *, base: Family, settings: dict[str, Any] | None = None) -> None:
        self.base, self.settings = base, settings

    def sample(self, seeds: Any) -> list[Any]:
        return []
'''


@pytest.fixture
def plugged(tmp_path, monkeypatch):
    """A wrapper that is installed as pip would install it."""
    (tmp_path / "plugged_wrapper").mkdir()
    (tmp_path / "plugged_wrapper" / "__init__.py").touch()
    (tmp_path / "plugged_wrapper" / "wrapped.py").write_text(AROUND)
    info = tmp_path / "plugged_wrapper-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugged_wrapper\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[genbench.models]\nwrapped = plugged_wrapper.wrapped:Wrapped\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    catalogue.cache_clear()
    yield
    catalogue.cache_clear()
    for module in [name for name in sys.modules if name.startswith("plugged_wrapper")]:
        del sys.modules[module]


@pytest.fixture
def mistakes(tmp_path):
    """What is wrong with a suite of one model."""

    def mistakes(model: str, lens: str = "image.pixels") -> list[str]:
        path = tmp_path / "s.yaml"
        path.write_text(
            "name: x\ndata: { d: digits, t: pydoc }\n"
            f"lenses: {{ {'text' if 'text.' in lens else 'image'}: {lens} }}\nmodels:\n  - {model}\n"
        )
        try:
            Suite.load(str(path))
        except SuiteError as error:
            return [mistake.problem for mistake in error.mistakes]
        return []

    return mistakes


@pytest.mark.parametrize(
    ("id", "key"), [("shadows", "family"), ("shadow_discriminators", "family"), ("dialogue", "of")]
)
def test_what_is_wrong_within_is_said(mistakes, id, key):
    model = f"{{ name: m, family: {id}, data: t, settings: {{ {key}: ngrm, settings: {{ order: 3 }} }} }}"
    assert mistakes(model) == ["no model family is named 'ngrm'; did you mean 'ngram'?"]
    wrong = model.replace("ngrm", "ngram").replace("order", "ordr")
    assert mistakes(wrong) == ["ngram has no setting 'ordr'; did you mean 'order'?"]


def test_a_wrapper_of_somebody_elses_is_looked_into(plugged, mistakes):
    model = "{ name: m, family: wrapped, data: d, settings: { base: vae, settings: { stepss: 3 } } }"
    assert mistakes(model) == ["vae has no setting 'stepss'; did you mean 'steps'?"]
    assert mistakes(model.replace("stepss", "steps")) == []


def test_all_that_is_made_around_a_model_says_which_setting_names_it():
    around = {
        entry.id: inner_of(entry.load())
        for kind in ("model", "lens")
        for entry in catalogue(kind).values()
        if re.search(r"core\.inner import|_shadowing import", entry.path.read_text(encoding="utf-8"))
    }
    assert around == {"dialogue": "of", "shadows": "family", "shadow_discriminators": "family", "text.judge": "of"}
    assert inner_of(catalogue("model")["vae"].load()) is None
    assert inner_of(object) is None
