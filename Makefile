# Each target is a command of the README. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help run test check audit bench lock

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
SPEED ?= 3
DATABASE ?= either
BIN := .venv/bin
# Python keeps what it has compiled, whatever the environment says: every start takes seconds else.
export PYTHONDONTWRITEBYTECODE :=

help: ## List the commands
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

.venv/run: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Samrum needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/dev: .venv/run requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

run: .venv/run ## A demonstration on http://127.0.0.1:8000 (PORT=…, HOST=0.0.0.0 for phones)
	$(BIN)/hub demo --host $(HOST) --port $(PORT) --speed $(SPEED)

test: .venv/dev ## All tests, each on SQLite or PostgreSQL (DATABASE=sqlite or postgresql: all on one)
	sh tests/setup.sh
	HUB_TEST_DATABASE=$(DATABASE) $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

check: .venv/dev ## Formatter, linter, types, import rules, catalogues, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_house.py tests/render/test_catalogues.py

audit: .venv/dev ## Known vulnerabilities of what is installed (needs the network)
	$(BIN)/pip-audit --require-hashes -r requirements.lock

bench: .venv/dev ## Measurements, one JSON object a line; kept in var/bench/
	$(BIN)/python -m tests.bench

lock: ## Pin all packages anew, with hashes
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links -q pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links -q --extra dev pyproject.toml -o requirements-dev.lock
