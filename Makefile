# The two commands: `make demo` shows the main job working, `make test` proves it.
# Everything is installed into .venv from hashed lock files; nothing outside this folder is touched.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Tests start the program many hundreds of times: what is compiled once stays.
unexport PYTHONDONTWRITEBYTECODE
RECENT := "import sys; sys.exit(sys.version_info < (3, 11))"
USABLE := "import pip, sys; sys.exit(sys.version_info < (3, 11))"

.PHONY: help demo test test-postgres test-races test-kill test-soak soak test-pds test-second-opinion test-screens test-simulation test-slow simulate lint types bench bench-full check lock clean install install-dev

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-20s %s\n", $$1, $$2}'

$(VENV)/.runtime: requirements.lock pyproject.toml
	@$(BIN)/python -c $(USABLE) 2>/dev/null || { $(PYTHON) -c $(RECENT) && $(PYTHON) -m venv --clear $(VENV); } || \
		{ echo "Handbill needs Python 3.11 or newer, with its venv module; name one: make PYTHON=python3.12 …" >&2; exit 1; }
	@echo "Installing Handbill into $(VENV) from requirements.lock …"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing the tools for tests from requirements-dev.lock …"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

install: $(VENV)/.runtime  ## install what Handbill needs to run
install-dev: $(VENV)/.dev  ## install what its tests need as well

demo: install  ## the real daemon against the embedded sandbox: posts, an outage, the recovery, a table
	@$(BIN)/handbill demo

test: install-dev  ## the default test suite: what is quick
	@$(BIN)/python -m pytest -n 2 -m "not pds and not slow and not kill and not postgres and not soak and not races and not simulation and not second_opinion and not screens"

test-pds: install-dev  ## the Bluesky adapter against a real PDS (needs npm)
	@$(BIN)/python -m tests.real.pds.install
	@$(BIN)/python -m pytest -n 2 -m pds

test-second-opinion: install-dev  ## the Mastodon adapter and our sandbox held against mastodon-mock
	@$(BIN)/python -m tests.real.opinion.install
	@$(BIN)/python -m pytest -m second_opinion

test-screens: install-dev  ## the preview's page in a real browser, which apt-get installs; OPTIONAL=1 goes on where it cannot
	@code=0; $(BIN)/python -m tests.real.screens.install || code=$$?; \
	if [ $$code = 0 ]; then $(BIN)/python -m pytest -m screens; \
	elif [ $$code != 3 ] || [ -z "$(OPTIONAL)" ]; then exit $$code; fi

test-postgres: install-dev  ## the tests of the ledger and of the command line on a real PostgreSQL
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m postgres

test-races: install-dev  ## several real processes on a real PostgreSQL: killed, stopped, cut off
	@$(BIN)/python -m pytest -n 4 --dist worksteal -m races

test-kill: install-dev  ## the real process, killed at every durable boundary
	@$(BIN)/python -m pytest -n 2 -m kill

test-simulation: install-dev  ## mistakes put into the program, each of which the simulation has to find
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m simulation

simulate: install-dev  ## SEEDS=2000 new lives of several processes, on all cores; FIRST=code for those of CI, KEEP=1 keeps what breaks as a test
	@$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),2000) $(if $(FIRST),--first $(FIRST)) $(if $(SEED),--seed $(SEED)) $(if $(KEEP),--keep)

test-soak: install-dev  ## a small soak, on both engines
	@$(BIN)/python -m pytest -n 2 -m soak

ARTICLES ?= 2000
soak: install-dev  ## faults by chance and a kill every two seconds, for thousands of articles (ARTICLES=2000)
	@$(BIN)/python -m tests.soak --articles $(ARTICLES)

test-slow: install-dev  ## the longer proofs, the drill and the demo with real processes among them
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m slow

lint: install-dev  ## style and dependencies, with warnings as errors
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/deptry .

types: install-dev  ## mypy, strict
	@$(BIN)/mypy

check: lint types test  ## what a change must pass before it is committed

bench: install-dev  ## figures in two or three minutes, to compare within one run (one part: .venv/bin/python -m bench --help)
	@$(BIN)/python -m bench

bench-full: install-dev  ## the same at length: up to ten million deliveries, up to 100,000 sources
	@$(BIN)/python -m bench --full

lock: install-dev  ## renew the hashed lock files, which name no host
	@$(BIN)/uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet --custom-compile-command "make lock" -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet --custom-compile-command "make lock" -c requirements.lock -o requirements-dev.lock
	@$(BIN)/uv pip compile tests/real/opinion/requirements.in --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet --custom-compile-command "make lock" -o tests/real/opinion/requirements.lock

clean:  ## remove what was installed and cached
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/real/pds/node_modules tests/real/opinion/.venv
