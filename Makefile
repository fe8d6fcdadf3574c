# Every target sets up what it needs: a virtual environment in .venv, by uv where present, else by pip.
# PYTHON=python3.12 chooses the interpreter.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test quick check format bench golden reports clean help

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

demo: $(READY)  ## train and score small models offline, on a CPU, and write the HTML report
	$(BIN)/genbench run quickstart

test: $(READY)  ## run all tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --dist loadfile

quick: $(READY)  ## run the tests that take less than ten seconds each
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --dist loadfile -m "not slow"

check: $(READY)  ## lint, types and the import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## measure speed, side by side; QUICK=1 for small sizes, N=1000 for that many files, ONLY=image_speed for one table, ROWS=PRDC for some of its rows
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(if $(N),--n $(N)) $(if $(ROWS),--rows '$(ROWS)') $(ONLY)

golden: $(READY)  ## renew the recorded numbers that tests compare with
	GENBENCH_GOLDEN=renew $(BIN)/python -m pytest tests/golden

reports: $(READY)  ## compile the reference reports anew
	$(BIN)/python -m benchmarks.reference_reports

clean:  ## remove the environment and what runs left
	rm -rf $(VENV) .genbench .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(READY): pyproject.toml
	@if [ ! -x $(BIN)/python ]; then \
	  if command -v uv >/dev/null; then uv venv --quiet --python $(PYTHON) $(VENV); \
	  else $(PYTHON) -m venv $(VENV); fi; fi
	@echo "installing genbench[dev] into $(VENV) (the first time takes minutes: torch is large)"
	@if command -v uv >/dev/null; then uv pip install --quiet --python $(BIN)/python -e '.[dev]'; \
	  else $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'; fi
	@touch $@
