# Everything a person or CI does with this repository. Each target builds its own environment in .venv first.

PYTHON ?= python3
BIN := .venv/bin
# One more than there are cores: a third of the time tests wait for a database, a socket or a browser.
WORKERS = $(shell $(BIN)/python -c 'import os; print((os.cpu_count() or 1) + 1)')
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo run test check prove bench format lock clean

help: ## print this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 10

demo: .venv/ready ## a whole company in your browser, no Slack account needed; Ctrl-C ends it
	@$(BIN)/kindling demo

run: .venv/ready ## the real thing: clock and Slack in one process (settings: docs/how-to/install.md)
	@$(BIN)/kindling run

test: .venv/ready-dev ## the tests: SQLite, PostgreSQL, real HTTP, WebSocket and browser
	@$(BIN)/python -m pytest -m "not prove" -n $(WORKERS) --dist loadfile

check: .venv/ready-dev ## format, lint, types, arrows between rooms, migrations against tables
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports
	$(BIN)/python -m pytest -q -m "not prove" tests/house

prove: .venv/ready-dev ## the long evidence: thousands of kills, long simulations; figures go to docs/evidence
	@$(BIN)/python -m pytest -m prove

bench: .venv/ready-dev ## ratios against what one would do instead; figures go to benchmarks/README.md
	@for each in benchmarks/[a-z]*.py; do $(BIN)/python $$each || exit 1; done

format: .venv/ready-dev ## put every file into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: .venv/ready-dev ## pin every dependency again, with hashes and without addresses
	$(BIN)/uv pip compile -q pyproject.toml --group build --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header -o requirements.lock
	$(BIN)/uv pip compile -q pyproject.toml --group build --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header -o requirements-dev.lock

clean: ## remove the environment and every cache
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Kindling needs Python 3.11 or newer; set PYTHON=python3.12 or similar."; exit 2; }
	@echo "Preparing .venv (the first time takes about a minute) ..."
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/ready: requirements.lock pyproject.toml | .venv/python
	@$(BIN)/pip install -q --require-hashes -r requirements.lock
	@$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

.venv/ready-dev: requirements-dev.lock .venv/ready
	@$(BIN)/pip install -q --require-hashes -r requirements-dev.lock
	@touch $@
