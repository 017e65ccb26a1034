# What a person does with a checkout. `make run` needs Python 3.11 or newer, and nothing else.

PYTHON ?= python3
PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input --quiet
TEST_PROCESSES ?= 2
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

# The folder's checksum is in the name, because an environment does not survive a move of its folder.
PLACE := $(shell printf %s "$(CURDIR)" | cksum | cut -d' ' -f1)
READY := .venv/.ready-$(PLACE)
READY_DEV := .venv/.ready-dev-$(PLACE)

.PHONY: help run test lint lock bench screenshot clean
.DELETE_ON_ERROR:

help:
	@echo "make run          start Milepost (the first time it sets itself up, about half a minute)"
	@echo "make test         everything: style, types, architecture and tests"
	@echo "make lint         style, types and architecture only"
	@echo "make bench        the benchmarks, as a table"
	@echo "make screenshot   the picture in the README, from the running program"
	@echo "make lock         new requirements.lock and requirements-dev.lock (needs uv)"
	@echo "make clean        remove the environment and all caches"

run: $(READY)
	@.venv/bin/milepost up

test: $(READY_DEV)
	@bash scripts/test-parts.sh
	@$(MAKE) --no-print-directory lint
	@$(PY) -m pytest -n $(TEST_PROCESSES)

lint: $(READY_DEV)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) -c "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"

bench: $(READY_DEV)
	@$(PY) -m benchmarks

screenshot: $(READY_DEV)
	@bash scripts/test-parts.sh
	@$(PY) scripts/screenshot.py

lock:
	@command -v uv >/dev/null || { echo "make lock needs uv on the PATH." >&2; exit 1; }
	echo 'setuptools>=80' | $(LOCK) pyproject.toml - --all-extras -o requirements.lock
	$(LOCK) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Not compiled: of all that is installed, Python compiles what is really used, when it is used.
$(READY): requirements.lock pyproject.toml scripts/environment.sh
	@bash scripts/environment.sh "$(PYTHON)"
	@echo "Installing what Milepost needs (the first time: about half a minute) …"
	@$(PIP) install --no-compile --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(READY_DEV): $(READY) requirements-dev.lock
	@echo "Installing what the tests need …"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
