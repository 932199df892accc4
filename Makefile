# Every recipe runs in .venv, which is made from the hashed lock: Python, git and make are all that has to be there.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip --quiet --quiet --disable-pip-version-check --no-input
# Tests that share a ledger stand in one module: cut in few places, it is made few times. A fifth of the time they wait
# for services and disks, which others use: half as many again as there are cores. Those that start services wait longer.
CORES := $(shell getconf _NPROCESSORS_ONLN)
EVERY_CORE := --dist worksteal --numprocesses $(shell expr $(CORES) \* 3 / 2)
TWICE_EVERY_CORE := --dist worksteal --numprocesses $(shell expr $(CORES) \* 2)

.PHONY: help setup run test test-unit check format soak bench side-by-side openapi screenshots sbom lock image clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

setup: .venv/.installed ## make .venv, with what the tests need

run: setup ## start the service with the example story (PORT=8000)
	@scripts/run.sh

test: setup ## run every test but the soak
	$(BIN)/pytest $(EVERY_CORE)

# Each worker takes seconds to load what no test here asks for: as few as there are cores, and none of schemathesis.
test-unit: setup ## run the tests that need no service, in seconds
	$(BIN)/pytest tests/domain tests/projections tests/api --dist worksteal --numprocesses $(CORES) -p no:schemathesis \
	  -m "not soak and not postgres and not thorough" --hypothesis-profile quick

# To count lines makes those tests slow that try many cases or start many services; the others pass by the same lines.
check: setup ## what CI checks: format, lint, types, layers, tests and their coverage
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest $(TWICE_EVERY_CORE) -m "thorough and not soak"
	$(BIN)/pytest $(EVERY_CORE) -m "not thorough and not soak" --cov

format: setup ## format the code, and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# A service waits for a disk that has failed: many of them wait at once.
soak: setup ## run the long fault tests, half an hour of them on each engine, and print what there was (SOAK_MINUTES=30)
	$(BIN)/pytest -m soak --hypothesis-profile soak --timeout 0 -raP --ignore tests/e2e/faults
	$(BIN)/pytest -m soak --timeout 0 --dist worksteal --numprocesses 8 tests/e2e/faults

bench: setup ## measure the service beside ordinary FastAPI (QUICK=1: short rounds; OPTIONS="--only W1")
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(OPTIONS)

side-by-side: setup ## measure the service beside Emmett and eventsourcing (QUICK=1: two minutes); needs node 20 and npm
	cd benchmarks/side_by_side && npm install --no-package-lock --no-audit --no-fund --silent
	$(BIN)/python -m benchmarks.side_by_side $(if $(QUICK),--quick) $(OPTIONS)

openapi: setup ## write openapi/openapi.json anew
	$(BIN)/onrecord openapi --output openapi/openapi.json

screenshots: setup ## take the pictures of docs/page.md anew, with Chromium
	$(BIN)/python scripts/screenshots.py

sbom: ## write what is shipped, with versions and digests, to dist/sbom.json (CycloneDX)
	@mkdir -p dist
	@$(PYTHON) scripts/sbom.py > dist/sbom.json

# Without an address the lock installs from any index or mirror: the hashes say what is the right file.
lock: .venv/.locked ## choose the newest versions allowed by pyproject.toml, for every platform
	$(BIN)/uv pip compile pyproject.toml --group dev --output-file requirements.lock --upgrade --quiet \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command 'make lock'

image: ## build the container image
	docker build --tag onrecord .

clean: ## remove .venv and what tools left; data/ stays
	rm -rf .venv .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.locked: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	@echo "Making .venv from requirements.lock: a minute or so, once."
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) install --require-hashes -r requirements.lock
	@touch $@

.venv/.installed: .venv/.locked pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
