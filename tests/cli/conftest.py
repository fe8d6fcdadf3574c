"""The command line as a person or a script meets it: arguments in; output, errors and an exit code out."""

import sys
from types import SimpleNamespace

import pytest

from genbench.cli import main


@pytest.fixture
def genbench(monkeypatch, capsys, tmp_path):
    """Runs `genbench ARGUMENTS` in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GENBENCH_HOME", raising=False)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["genbench", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return SimpleNamespace(code=ended.value.code or 0, out=shown.out, err=shown.err)

    return run
