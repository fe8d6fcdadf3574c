"""What the documents say is so: commands exist, links lead somewhere, examples run as they stand."""

from __future__ import annotations

import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image

from genbench.cli import COMMANDS, genbench
from genbench.core.catalogue import catalogue
from genbench.core.probe import AXES
from genbench.run.plan import load_probe, make_plan
from genbench.run.suite import Suite

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "ARCHITECTURE.md")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^    .*\n)+", re.MULTILINE)
NAMED = re.compile(r"# (\S+\.\w+)\n")


def text(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def blocks(document: str, language: str) -> list[str]:
    return [body for kind, body in FENCE.findall(text(document)) if kind == language]


def files(document: str) -> dict[str, str]:
    """{path: content} of the code blocks whose first line names a file."""
    found = [(NAMED.match(body), body) for _, body in FENCE.findall(text(document))]
    return {match[1]: body[match.end() :] for match, body in found if match}


def commands(document: str) -> Iterator[list[str]]:
    """The words of every line in a code block, fenced or indented, that begins with genbench or make."""
    fenced = [body for _, body in FENCE.findall(text(document))]
    for body in (*fenced, *INDENTED.findall(FENCE.sub("", text(document)))):
        for line in body.splitlines():
            for part in re.split(r"&&|;|\|\|?", line.strip().removeprefix("- run:").split("  #")[0]):
                words = shlex.split(part, comments=True) if re.match(r"\s*(genbench|make)\s", part) else []
                if words:
                    yield words


def command_problem(words: list[str]) -> str:
    """What is wrong with a command line; empty where the command, its options and its arguments exist."""
    if words[0] == "make":
        targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
        return ", ".join(f"no target {word}" for word in words[1:] if "=" not in word and word not in targets)
    if words[1] not in COMMANDS:
        return "" if words[1] in ("--help", "--version") else f"no command {words[1]}"
    module = importlib.import_module(f"genbench.cli.{COMMANDS[words[1]]}")
    command: click.Command = getattr(module, f"{words[1].replace('-', '_')}_command")
    try:
        command.make_context(f"genbench {words[1]}", words[2:], parent=click.Context(genbench))
    except click.UsageError as error:
        return error.format_message()
    except click.exceptions.Exit:
        return ""  # --help
    return ""


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_line_names_what_exists(document):
    wrong = [f"{shlex.join(words)}: {said}" for words in commands(document) if (said := command_problem(words))]
    assert wrong == []


def test_the_check_of_command_lines_would_notice():
    assert command_problem(["genbench", "rum", "quickstart"])
    assert command_problem(["genbench", "run", "quickstart", "--fast"])
    assert command_problem(["make", "demmo"])
    assert len(list(commands("README.md"))) > 15


@pytest.mark.parametrize("document", DOCUMENTS)
def test_relative_links_resolve(document):
    prose = FENCE.sub("", text(document))
    targets = re.findall(r"\]\(([^)\s]+)\)", prose) + re.findall(r'src="([^"]+)"', prose)
    headings = {re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.+)$", prose, re.M)}
    local = [t for t in targets if not re.match(r"https?:|mailto:", t)]
    missing = [t for t in local if not (t[1:] in headings if t[0] == "#" else (ROOT / t.split("#")[0]).exists())]
    assert missing == []


def test_probes_named_in_the_readme_exist_on_every_axis():
    # Not that every probe is named: a new one is one file and one test, and the README may follow later.
    named = set(re.findall(rf"`((?:{'|'.join(AXES)})\.[a-z_]+)`", text("README.md")))
    assert named <= set(catalogue("probe"))
    assert {id.split(".")[0] for id in named} == set(AXES)


def test_scores_named_in_a_document_exist():
    known = {f"{id}.{name}" for id in catalogue("probe") for name in load_probe(id).spec.reports}
    for document in DOCUMENTS:
        named = set(re.findall(rf"\b((?:{'|'.join(AXES)})\.[a-z]+\.[a-z_0-9]+)\b(?!\.(?:py|html))", text(document)))
        assert named - known - {"quality.blank.share"} == set(), document


def test_extras_named_in_the_readme_are_those_of_the_package():
    import tomllib

    extras = set(tomllib.loads(text("pyproject.toml"))["project"]["optional-dependencies"])
    assert set(re.findall(r"^\| `\[([a-z-]+)\]`", text("README.md"), re.MULTILINE)) == extras


@pytest.fixture
def belongings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the suites of the README name: images, texts, pairs, a model's folder."""
    rng = np.random.default_rng(0)
    for folder in ("photos", "unseen", "outputs"):
        (tmp_path / folder).mkdir()
        for i in range(4):
            Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(tmp_path / folder / f"{i}.png")
    for name in ("reviews.jsonl", "written.jsonl"):
        (tmp_path / name).write_text("".join(f'{{"text": "text number {i} of {name}"}}\n' for i in range(4)))
    (tmp_path / "stories").mkdir()
    (tmp_path / "crows_pairs_anonymized.csv").write_text("sent_more,sent_less,stereo_antistereo,bias_type\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_suites_of_the_readme_are_without_mistake_and_do_something(belongings):
    suites = {path: body for path, body in files("README.md").items() if path.endswith(".yaml")}
    assert len(suites) >= 3
    for path, body in suites.items():
        (belongings / path).write_text(body)
        plan = make_plan(Suite.load(path))
        assert {cell.model.name for cell in plan.runnable} == {model.name for model in plan.models}, path


def run(folder: Path, *command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_python_example_of_the_readme_runs(tmp_path):
    (example,) = (body for path, body in files("README.md").items() if path.endswith(".py"))
    (tmp_path / "own.py").write_text(example)
    assert "quality.frechet.distance" in run(tmp_path, "own.py")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with the files of CONTRIBUTING put where their first lines say, and nothing else edited."""
    root = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "genbench", root / "genbench", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "suites", root / "suites")
    shutil.copy(ROOT / "pyproject.toml", root)
    for path, body in files("CONTRIBUTING.md").items():
        assert not (ROOT / path).exists(), f"{path} exists: CONTRIBUTING should add something new"
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(body, encoding="utf-8")
    for path in ("tests/conftest.py", "tests/typecheck.py"):
        shutil.copy(ROOT / path, root / path)
    return root


@pytest.mark.slow
def test_each_example_file_of_contributing_is_found_planned_run_and_gated(house):
    for what, id in {
        "probes": "quality.blank",
        "models": "marginals",
        "data": "patches",
        "lenses": "image.colours",
    }.items():
        assert re.search(rf"^{re.escape(id)}\s", run(house, "-m", "genbench", "list", what), re.MULTILINE)
    ours = [words for words in commands("CONTRIBUTING.md") if words[0] == "genbench"]
    assert [words[1] for words in ours] == ["list", "show", "plan", "run", "gate"]
    said = {words[1]: run(house, "-m", *words) for words in ours}
    assert "Blank outputs" in (house / said["run"].splitlines()[-1]).read_text(encoding="utf-8")
    assert re.search(r"quality\.blank\.share without alarm +honest +pass", said["gate"])
    run(house, "-m", "genbench", "export", "latest", "scores.csv")
    rows = (house / "scores.csv").read_text(encoding="utf-8").splitlines()
    bits = [float(row.split(",")[4]) for row in rows if ",quality.perplexity.bits_per_dimension," in row]
    assert 0 < bits[0] < 8.5  # uniform pixels need 8; unseen ones of these photographs a little less


def test_the_example_test_of_contributing_passes(house):
    assert " passed" in run(house, "-m", "pytest", "-p", "no:cacheprovider", "tests/probes/quality/test_blank.py")


def test_the_example_files_of_contributing_are_clean(house):
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.exists():
        pytest.skip("ruff is not installed beside this Python: pip install 'genbench[dev]'")
    paths = [path for path in files("CONTRIBUTING.md") if path.endswith(".py")]
    for words in (["check"], ["format", "--check"]):
        done = subprocess.run([ruff, *words, *paths], cwd=house, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
