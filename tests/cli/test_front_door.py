"""Help that answers at once, exit codes that a script can act on, and mistakes met with the nearest name."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

import genbench.cli
from genbench.cli import COMMANDS, LazyGroup
from genbench.core.catalogue import catalogue
from genbench.core.errors import RunBroken

HEAVY = ("torch", "numpy", "pandas", "scipy", "sklearn", "pydantic", "transformers", "codecarbon", "jinja2")


def modules_of(*arguments):
    """What `genbench ARGUMENTS` has imported by its end, in a process without the tests' own imports."""
    code = (
        "import sys, json, atexit\n"
        "atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))\n"
        f"sys.argv = ['genbench', *{list(arguments)!r}]\nfrom genbench.cli import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [("--help",), ("run", "--help"), ("gate", "-h"), ("--version",)])
def test_help_imports_nothing_heavy(arguments):
    assert modules_of(*arguments) & set(HEAVY) == set()


@pytest.mark.parametrize("what", ["probes", "models", "lenses", "data"])
def test_listing_the_catalogue_imports_no_torch(what):
    assert modules_of("list", what) & {"torch", "scipy", "pandas", "sklearn", "transformers"} == set()


def test_listing_suites_imports_no_torch():
    assert modules_of("list", "suites") & {"torch", "scipy", "pandas", "sklearn"} == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_by_example(genbench, command):
    told = genbench(command, "--help")
    assert told.code == 0
    assert f"genbench {command}" in told.out.partition("Example")[2]


def test_help_names_every_command_in_a_line_that_is_not_cut_off(genbench):
    told = genbench("--help").out
    lines = {line.split()[0]: line for line in told.partition("Commands:")[2].splitlines() if line.startswith("  ")}
    for command in COMMANDS:
        assert lines[command].endswith(".")
        assert not lines[command].endswith("...")
    assert "Exit codes" in told
    assert "genbench completion bash" in told


def test_an_unknown_command_or_option_is_a_usage_error_with_the_nearest(genbench):
    told = genbench("rnu", "quickstart")
    assert told.code == 2
    assert "no command is named 'rnu'; did you mean 'run'?" in told.err
    told = genbench("run", "quickstart", "--resum")
    assert told.code == 2
    assert "--resume" in told.err
    assert genbench("list", "probs").code == 2


def test_a_mistake_of_the_users_is_two_and_no_traceback(genbench, tmp_path):
    (tmp_path / "s.yaml").write_text("name: x\nn: 0\n")
    for arguments in (("run", "s.yaml"), ("plan", "s.yaml"), ("plan", "nowhere"), ("show", "quality.frechett"),
                      ("report", "latest"), ("run", "quickstart", "--device", "cuda:99")):  # fmt: skip
        told = genbench(*arguments)
        assert told.code == 2, arguments
        assert told.err.startswith("genbench: ")
        assert "Traceback" not in told.err
        assert told.out == ""
    assert "did you mean 'quality.frechet'" in genbench("show", "quality.frechett").err


def test_text_of_others_in_an_error_is_inert(genbench, tmp_path):
    (tmp_path / "s.yaml").write_text('name: x\ndata: {d: "\\e[31m\\u202edigits"}\nmodels: []\n')
    told = genbench("plan", "s.yaml")
    assert told.code == 2
    assert "\x1b" not in told.err
    assert "\u202e" not in told.err
    assert "\\x1b[31m\\u202edigits" in told.err


def raising(error):
    def get_command(self, ctx, name):
        raise error

    return get_command


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (RunBroken("the disk is full"), 4, "genbench: the disk is full"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (ZeroDivisionError("red \x1b[31m"), 4, "ZeroDivisionError: red \\x1b[31m"),
        (PermissionError(13, "Permission denied", "/elsewhere/x"), 2, "genbench: /elsewhere/x: Permission denied"),
    ],
)
def test_what_breaks_has_a_code_that_no_verdict_shares(genbench, monkeypatch, error, code, said):
    monkeypatch.setattr(LazyGroup, "get_command", raising(error))
    told = genbench("gate")
    assert told.code == code
    assert said in told.err


def test_a_reader_that_goes_away_is_no_fault_of_ours():
    done = subprocess.run(
        f"{sys.executable} -m genbench list probes | head -1", shell=True, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("id ")
    assert done.stderr == ""


def test_an_interrupted_run_ends_with_130_and_the_command_that_resumes(tmp_path):
    (tmp_path / "my suite.yaml").write_text(
        "name: x\nn: 40\ndata: {digits: digits}\nmeters: {meter: none}\nprobes: [quality.prdc]\n"
        "models:\n  - {name: v, family: vae, data: digits, settings: {steps: 1000000}}\n"
    )
    running = subprocess.Popen(
        [sys.executable, "-m", "genbench", "run", "my suite.yaml"],
        cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "80"},
        # A job in the background ignores SIGINT, and so does all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )  # fmt: skip
    try:
        assert running.stderr is not None
        for line in running.stderr:
            if line.startswith("v: vae on digits"):
                break
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    finally:
        running.kill()  # else one that went on would train for hours beside the other tests
    assert running.returncode == 130, err
    assert "genbench run 'my suite.yaml' --resume" in err
    assert "Traceback" not in err
    assert out == ""


# Looking around


def test_listing_is_a_table_for_people_and_records_for_machines(genbench):
    told = genbench("list", "probes")
    assert told.out.splitlines()[0].split() == ["id", "summary"]
    assert {line.split()[0] for line in told.out.splitlines()[1:]} == set(catalogue("probe"))
    assert all(line == line.rstrip() for line in told.out.splitlines())
    records = json.loads(genbench("list", "probes", "--json").out)
    assert [r["id"] for r in records] == list(catalogue("probe"))
    assert "quickstart" in {r["id"] for r in json.loads(genbench("list", "suites", "--json").out)}


@pytest.mark.parametrize("name", ["quality.frechet", "vae", "hf", "samples", "image.classifier", "crows_pairs"])
def test_anything_of_the_catalogue_explains_itself(genbench, name):
    told = genbench("show", name)
    assert told.code == 0
    assert name in told.out.splitlines()[0]
    record = json.loads(genbench("show", name, "--json").out)
    assert record["id"] == name
    for setting, what in record["settings"].items():
        assert setting in told.out
        assert what["required"] == ("default" not in what)


def test_a_setting_without_default_is_shown_as_one_to_be_given(genbench):
    assert "  path: str, to be given" in genbench("show", "samples").out
    assert "dtype: 'float32' | 'bfloat16' | 'float16' = 'float32'" in genbench("show", "hf").out


def test_doctor_says_what_is_here(genbench):
    findings = {f["what"]: f for f in json.loads(genbench("doctor", "--json").out)}
    assert findings["device cpu"]["here"]
    assert findings["package torch"]["detail"]
    assert "device cuda" in genbench("doctor").out


def test_schema_prints_json_schema(genbench):
    schema = json.loads(genbench("schema").out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "quality.frechet" in schema["$defs"]["ProbeRequest"]["anyOf"][1]["properties"]["probe"]["examples"]
    assert "quality.frechet" not in json.loads(genbench("schema", "--shape").out)["$defs"]["ProbeRequest"]


# Completion by Tab


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_a_script_that_it_can_read(genbench, shell):
    script = genbench("completion", shell).out
    assert "_GENBENCH_COMPLETE" in script
    if found := shutil.which(shell):
        subprocess.run([found, "-n"], input=script, text=True, check=True)


def completed(words, where, **environment):
    """What bash would offer after these words."""
    done = subprocess.run(
        [sys.executable, "-m", "genbench"],
        env={**os.environ, "_GENBENCH_COMPLETE": "bash_complete", "COMP_WORDS": words,
             "COMP_CWORD": str(len(words.split(" ")) - 1), **environment},
        cwd=where, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_tab_completes_commands_suites_runs_names_and_options(tmp_path):
    (tmp_path / ".genbench/runs/small-1").mkdir(parents=True)
    (tmp_path / ".genbench/runs/small-1/run.json").write_text("{}")
    assert completed("genbench com", tmp_path) == ["compare", "completion"]
    assert "quickstart" in completed("genbench run qui", tmp_path)
    assert completed("genbench gate s", tmp_path)[0] == "small-1"
    assert completed("genbench show quality.frec", tmp_path)[0] == "quality.frechet"
    assert "--resume" in completed("genbench run quickstart --re", tmp_path)


def test_the_package_runs_as_a_module_too():
    assert genbench.cli.main
    done = subprocess.run([sys.executable, "-m", "genbench", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("genbench, version ")
