"""`python -m benchmarks.reference_reports [SUITE ...]`: compiles reports/reference/ anew, all or those that are named.

Each is from a fresh run of its suite. The run has a home of its own, so that nothing is taken from an earlier one but
the instrument's certificate (`genbench selftest` makes it), and no country, so that the page says of CO2 what it says
to whoever names none. Joules, seconds and the date differ from run to run; other scores do not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from genbench.run.home import Home

ROOT = Path(__file__).resolve().parent.parent
SUITES = ("quickstart", "image-zoo", "text-zoo")


def compiled(suite: str, home: Path) -> str:
    """The report of a fresh run of a shipped suite, as text; `RuntimeError` where the run did not end well."""
    environment = {**os.environ, "GENBENCH_HOME": str(home)}
    command = [sys.executable, "-m", "genbench", "run", suite]
    ran = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"genbench run {suite} ended with {ran.returncode}")
    page = Path(ran.stdout.splitlines()[-1]).read_text(encoding="utf-8")
    # The suite's file is named from the repository, not from the root of whatever machine this is.
    page = page.replace(f"{ROOT}{os.sep}", "")
    for private in (str(ROOT), str(home), str(Path.home())):
        if len(private) > 1 and private in page:
            raise RuntimeError(f"the report of {suite} names a folder of this machine: {private}")
    return page


def main() -> None:
    target = ROOT / "reports" / "reference"
    target.mkdir(parents=True, exist_ok=True)
    asked = sys.argv[1:] or SUITES
    if unknown := sorted(set(asked) - set(SUITES)):
        raise SystemExit(f"no reference report of {', '.join(unknown)}; known: {', '.join(SUITES)}")
    for suite in asked:
        with tempfile.TemporaryDirectory() as home:
            if (certificate := Home.here().root / "selftest").is_dir():
                shutil.copytree(certificate, Path(home) / "selftest")
            page = compiled(suite, Path(home))
        (target / f"{suite}.html").write_text(page, encoding="utf-8")
        print(target / f"{suite}.html")


if __name__ == "__main__":
    main()
