"""A user's own object keeps its capabilities, is left as it was, and its faults are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from genbench.core.errors import ModelError
from genbench.core.model import CAPABILITIES, Completer, Density, Sampler, Stands
from genbench.models.python import Python, load_object

SOURCE = """
def letters(seeds):
    return [chr(97 + seed % 26) for seed in seeds]

class Echo:
    __slots__ = ("times",)

    def __init__(self, *, times=1):
        if times < 0:
            raise ValueError("times is negative")
        self.times = times

    def sample(self, seeds):
        return [str(seed) * self.times for seed in seeds]

    def complete(self, prompts, seeds):
        return [prompt * self.times for prompt in prompts]

class Named(Echo):
    def identity(self):
        return f"weights {self.times}"

class Late:
    def __init__(self):
        self.sample = lambda seeds: ["late"] * len(seeds)

class inner:
    echo = Echo(times=3)

nothing = object()
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    name = f"users_model_{abs(hash(request.node.name))}"
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def capabilities(found: object) -> set[str]:
    return {c.__name__ for c in CAPABILITIES if isinstance(found, c)}


def test_a_class_is_built_with_its_arguments(module: str) -> None:
    family = Python(object=f"{module}:Echo", arguments={"times": 2})
    assert isinstance(family, Stands)
    assert not isinstance(family, Sampler)  # what it can do is the object's to say
    model = family.unwrap()
    assert capabilities(model) == {"Sampler", "Completer"}
    assert model.sample([4, 7]) == ["44", "77"]
    assert model.complete(["ab"], [0]) == ["abab"]


def test_what_it_can_do_is_told_by_its_type_alone(module: str) -> None:
    """A plan holds the type; capabilities set on the instance must show there too."""
    model = Python(object=f"{module}:Late").unwrap()
    assert issubclass(type(model), Sampler)
    assert not issubclass(type(model), Density | Completer)
    assert model.sample([1, 2]) == ["late", "late"]
    assert type(model).__name__ == "Late"


def test_an_instance_and_a_function(module: str) -> None:
    assert Python(object=f"{module}:inner.echo").unwrap().sample([1]) == ["111"]
    function = Python(object=f"{module}:letters").unwrap()
    assert capabilities(function) == {"Sampler"}
    assert function.sample([0, 27]) == ["a", "b"]


def test_identity_is_its_own_or_the_source_and_the_arguments(module: str) -> None:
    def identity(name: str, **arguments: int) -> str:
        return str(Python(object=f"{module}:{name}", arguments=dict(arguments)).unwrap().identity())

    assert identity("Named", times=2) == "weights 2"
    assert identity("Echo", times=2) == identity("Echo", times=2)
    assert len({identity("Echo"), identity("Echo", times=2), identity("letters")}) == 3


def test_editing_the_source_changes_the_identity(module: str, tmp_path: Path) -> None:
    before = Python(object=f"{module}:letters").unwrap().identity()
    (tmp_path / f"{module}.py").write_text(SOURCE.replace("97", "65"))
    assert Python(object=f"{module}:letters").unwrap().identity() != before


def test_editing_another_file_of_its_package_changes_the_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "mine_of_many_files"
    package.mkdir()
    for name, text in {"__init__.py": "", "gen.py": "def sample(seeds):\n    return seeds\n", "w.bin": "1"}.items():
        (package / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = []
    for weights in ("1", "2"):
        (package / "w.bin").write_text(weights)
        found.append(Python(object="mine_of_many_files.gen:sample").unwrap().identity())
    assert found[0] != found[1]


def test_the_object_is_left_as_it_was(module: str) -> None:
    echo = load_object(f"{module}:inner.echo", {})
    model = Python(object=f"{module}:inner.echo").unwrap()
    assert not hasattr(echo, "identity")
    echo.times = 1  # the stand-in follows the object
    assert model.sample([5]) == ["5"]


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("no_such_module_here:x", {}, "no module 'no_such_module_here'"),
        ("MODULE:Ecko", {}, "has no 'Ecko'; did you mean 'Echo'"),
        ("MODULE:inner.eco", {}, "has no 'eco'; did you mean 'echo'"),
        ("MODULE", {}, "wants package.module:object"),
        (":letters", {}, "wants package.module:object"),
        ("MODULE:Echo", {"speed": 1}, "cannot be built with {'speed': 1}: TypeError"),
        ("MODULE:Echo", {"times": -1}, "ValueError: times is negative"),
        ("MODULE:letters", {"times": 1}, "is no class, so it takes no arguments"),
        ("MODULE:nothing", {}, r"no capability .*Sampler: sample; .*Completer: complete"),
    ],
)
def test_faults_are_named(module: str, name: str, arguments: dict[str, int], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Python(object=name.replace("MODULE", module), arguments=arguments).unwrap()


def test_a_module_that_breaks_on_import_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "users_broken_module.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModelError, match="'users_broken_module' cannot be imported: ZeroDivisionError"):
        Python(object="users_broken_module:x").unwrap()


def test_objects_that_are_no_function_and_no_capability_are_refused_before_a_run() -> None:
    with pytest.raises(ModelError, match="has the methods of no capability"):
        load_object("genbench.core.model:CAPABILITIES", {})


def test_what_an_object_can_do_is_told_without_building_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "costly_model.py").write_text(
        "class Costly:\n    def __init__(self):\n        raise RuntimeError('built')\n"
        "    def sample(self, seeds):\n        return seeds\n"
        "class Idle:\n    pass\n"
        "def draw(seeds):\n    return seeds\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert issubclass(Python(object="costly_model:Costly").stands_for(), Sampler)
    assert issubclass(Python(object="costly_model:draw").stands_for(), Sampler)
    with pytest.raises(ModelError, match="no capability"):
        Python(object="costly_model:Idle").stands_for()
