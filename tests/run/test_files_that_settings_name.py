"""What a setting leads to on this machine is looked for before anything runs, by the setting's annotation alone."""

import inspect
import re
from pathlib import Path

import pytest

from genbench.core.catalogue import catalogue
from genbench.core.errors import SuiteError
from genbench.core.places import FolderOrHubId, Place, places_of
from genbench.core.settings import settings_of
from genbench.run.requests import DataRequest
from genbench.run.rooting import PATHS, root_paths
from genbench.run.suite import Suite

ELSEWHERE = "{name: m, family: ngram, data: e}"  # a model that does not look at d
KINDS = ("lens", "model", "data")
FOUND = [
    (kind, id, name, place)
    for kind in KINDS
    for id, entry in catalogue(kind).items()
    if "genbench.core.places" in entry.path.read_text(encoding="utf-8")  # so that few are loaded
    for name, place in places_of(entry.load()).items()
]


def mistakes(folder: Path, text: str) -> list[tuple[int, str]]:
    """[(line, problem)] of a suite in that folder; none where it is accepted."""
    path = folder / "s.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        Suite.load(str(path))
    except SuiteError as error:
        return [(mistake.line, mistake.problem) for mistake in error.mistakes]
    return []


def suite(*, lens: str = "image.pixels", data: str = "digits", model: str = "{name: m, family: vae, data: d}") -> str:
    modality = "text" if "text." in lens else "image"
    return f"name: x\ndata: {{ e: pydoc, d: {data} }}\nlenses:\n  {modality}: {lens}\nmodels:\n  - {model}\n"


def other_settings(kind: str, id: str, name: str) -> str:
    """What must be given besides; some of it leads nowhere too, and is said as well."""
    needed = [n for n, s in settings_of(catalogue(kind)[id].load()).items() if s.required and n != name]  # type: ignore[index]
    return "".join(f", {n}: {'hf' if n == 'of' else '.'}" for n in needed)


@pytest.mark.parametrize(("kind", "id", "name", "place"), FOUND, ids=[f"{id}-{name}" for _, id, name, _ in FOUND])
def test_what_is_not_there_is_said_at_its_line_before_anything_runs(tmp_path, kind, id, name, place):
    there = f"{name}: ./NOWHERE{other_settings(kind, id, name)}"
    if kind == "lens":
        line, at, text = 4, "lenses", suite(lens=f"{{ lens: {id}, settings: {{ {there} }} }}")
    elif kind == "data":
        line, at, text = 2, "data.d", suite(data=f"{{ source: {id}, {there} }}", model=ELSEWHERE)
    else:
        model = f"{{ name: m, family: {id}, data: d, settings: {{ {there} }} }}"
        line, at, text = 6, "models.0.settings", suite(model=model)
    (found,) = [(n, problem) for n, problem in mistakes(tmp_path, text) if "'./NOWHERE'" in problem]
    assert found[0] == line
    assert found[1].startswith(f"no {place.holds} at './NOWHERE'; another can be named with --set {at}")
    assert f".{name}=" in found[1]


def test_all_lenses_that_open_files_are_among_them():
    named = {(id, name) for kind, id, name, _ in FOUND if kind == "lens"}
    assert named >= {
        ("image.lpips", "weights"), ("image.lpips", "heads"), ("image.inception", "weights"), ("image.clip", "path"),
        ("image.inception_classes", "weights"), ("image.hf", "path"), ("image.faces", "path"), ("text.lexicon", "path"),
        ("text.sentence", "path"), ("text.hf_classifier", "path"), ("text.hf_classifier", "labelled"),
        ("text.judge", "labelled"), ("text.refusals", "labelled"),
    }  # fmt: skip


@pytest.mark.parametrize(("kind", "id", "name", "place"), FOUND, ids=[f"{id}-{name}" for _, id, name, _ in FOUND])
def test_what_lies_beside_the_suite_is_what_a_setting_leads_to(tmp_path, kind, id, name, place):
    (tmp_path / "here").touch()
    word = {"lens": "lens", "data": "source", "model": "family"}[kind]
    wanted = str(tmp_path / "here")
    beside, below = {word: id, name: "here"}, {word: id, "settings": {name: "here", "n": "here"}}
    root_paths([beside, {"deeper": below}], tmp_path)
    assert beside == {word: id, name: wanted}
    assert below == {word: id, "settings": {name: wanted, "n": "here"}}


def test_a_setting_of_such_a_name_leads_somewhere():
    """Or a new lens would be found missing its weights in the middle of a run."""
    like = re.compile(rf"\b({'|'.join(PATHS)}): str\b")
    plain = {
        (id, name)
        for kind in ("lens", "model")
        for id, entry in catalogue(kind).items()
        if like.search(entry.path.read_text(encoding="utf-8"))
        for name, setting in settings_of(entry.load()).items()
        if name in PATHS and setting.annotation is str and name not in places_of(entry.load())
    }
    assert not plain


def test_what_lies_beside_the_suite_is_found_and_what_is_near_is_offered(tmp_path):
    (tmp_path / "net").mkdir()
    for name in ("vgg16.pth", "vgg.pth"):
        (tmp_path / "net" / name).touch()
    good = suite(lens="{ lens: image.lpips, weights: net/vgg16.pth, heads: net/vgg.pth }")
    assert mistakes(tmp_path, good) == []
    assert mistakes(tmp_path, good.replace("vgg16.pth", "vgg61.pth")) == [
        (4, "no file at 'net/vgg61.pth'; another can be named with --set lenses.image.weights=FILE; "
            "did you mean 'net/vgg16.pth'?")
    ]  # fmt: skip
    samples = suite(model="{name: m, samples: ./nett, data: d}")
    assert [problem.rpartition("; ")[2] for _, problem in mistakes(tmp_path, samples)] == ["did you mean './net'?"]


def test_a_home_is_a_place_too(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    (tmp_path / "me").mkdir()
    (tmp_path / "me" / "yunet.onnx").touch()
    faces = suite(lens="{ lens: image.faces, path: ~/yunet.onnx }")
    assert mistakes(tmp_path, faces) == []
    assert len(mistakes(tmp_path, faces.replace("yunet", "haar"))) == 1
    assert len(mistakes(tmp_path, faces.replace("~/", "~nobody-of-that-name/"))) == 1


def test_a_hub_id_or_an_address_is_left_to_the_run(tmp_path):
    for path in ("nobody/has-this-model", "nobody"):
        assert mistakes(tmp_path, suite(lens=f"{{ lens: image.clip, path: {path} }}")) == []
    assert len(mistakes(tmp_path, suite(lens="{ lens: image.clip, path: my/folder/of/clip }"))) == 1
    for address, wrong in (("https://example.org/x.pth", 0), ("http://example.org/x.pth", 1)):
        text = suite(lens=f"{{ lens: image.inception, weights: '{address}' }}")
        assert len(mistakes(tmp_path, text)) == wrong
    assert mistakes(tmp_path, suite(lens="text.sentence")) == []
    assert mistakes(tmp_path, suite(lens="{ lens: text.sentence, path: '' }")) == []  # the package's own


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("org/name", True), ("name", True), ("org/name/model.gguf", True), ("model-v1.5_b", True),
        ("./name", False), ("/name", False), ("~/name", False), ("a/b/c", False), ("a//b", False), ("a\\b", False),
        ("", False), ("a b", False),
    ],
)  # fmt: skip
def test_what_may_be_a_name_on_a_hub(text, there):
    (place,) = FolderOrHubId.__metadata__
    assert place.is_elsewhere(text) is there
    assert not Place("folder").is_elsewhere(text)


def test_a_folder_is_no_file_and_a_file_no_folder(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "y").touch()
    ((line, problem),) = mistakes(tmp_path, suite(lens="{ lens: image.faces, path: x }"))
    assert (line, problem) == (4, f"wants a file, and '{tmp_path / 'x'}' is a folder")
    ((_, problem),) = mistakes(tmp_path, suite(lens="{ lens: image.hf, path: y }"))
    assert problem == f"wants a folder, and '{tmp_path / 'y'}' is a file"


def test_the_model_within_a_judge_is_looked_for_as_well(tmp_path):
    judge = "{ lens: text.judge, settings: { of: hf, settings: { path: ./nope } } }"
    way = "--set lenses.text.settings.settings.path=PATH"
    said = (4, f"no file or folder at './nope'; another can be named with {way}")
    assert mistakes(tmp_path, suite(lens=judge)) == [said]
    ((_, problem),) = mistakes(tmp_path, suite(lens=judge.replace("hf", "hff")))
    assert problem.startswith("no model family is named 'hff'; did you mean 'hf'?")


def test_a_probes_own_lens_is_looked_at_too(tmp_path):
    own = "probes:\n  - { probe: quality.path_length, lens: { lens: image.lpips, weights: ./a.pth, heads: ./b.pth } }\n"
    said = mistakes(tmp_path, suite() + own)
    assert [line for line, _ in said] == [8, 8]
    assert "--set probes.0.lens.weights=FILE" in said[0][1]


def test_a_dataset_whose_path_is_marked_is_said_once_and_may_be_optional(tmp_path):
    for _, id, _, place in [found for found in FOUND if (found[0], found[2]) == ("data", "path")]:
        data = f"{{ source: {id}, path: ./NOWHERE }}"
        ((line, problem),) = mistakes(tmp_path, suite(data=data, model=ELSEWHERE))
        assert (line, problem.partition(";")[0]) == (2, f"no {place.holds} at './NOWHERE'")
        assert mistakes(tmp_path, suite(data=data.replace(" }", ", optional: true }"), model=ELSEWHERE)) == []


def test_a_default_that_leads_somewhere_is_looked_for_and_what_brings_it_is_said(tmp_path, monkeypatch):
    """Elsewhere than where Debian puts it, as it may be installed here."""
    source = inspect.unwrap(catalogue("data")["fashion_mnist"].load())
    monkeypatch.setitem(source.__kwdefaults__, "path", str(tmp_path / "fashion-mnist"))
    for data in ("fashion_mnist", "{ source: fashion_mnist, limit: 200 }"):
        ((line, problem),) = mistakes(tmp_path, suite(data=data, model=ELSEWHERE))
        assert line == 2
        assert problem == (
            f"no folder at '{tmp_path / 'fashion-mnist'}', which is looked for by default: "
            "apt-get install dataset-fashion-mnist puts it there; or give the setting 'path'"
        )
    optional = "{ source: fashion_mnist, optional: true }"
    assert mistakes(tmp_path, suite(data=optional, model=ELSEWHERE)) == []
    assert DataRequest(source="fashion_mnist", optional=True).absent == str(tmp_path / "fashion-mnist")
    assert DataRequest(source="fashion_mnist").absent == DataRequest(source="digits", optional=True).absent == ""
    given = f"{{ source: fashion_mnist, path: {tmp_path / 'fashion-mnist'} }}"  # the default, by hand
    assert len(mistakes(tmp_path, suite(data=given, model=ELSEWHERE))) == 1
    (tmp_path / "fashion-mnist").mkdir()
    assert mistakes(tmp_path, suite(data="fashion_mnist", model=ELSEWHERE)) == []
