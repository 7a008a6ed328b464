# Everything a person does with this checkout. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON := $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

# A variable counts only when it stands on make's command line: one left in the environment must not change a run.
given = $(if $(filter command,$(firstword $(origin $(1)))),$(2) '$(subst ','\'',$($(1)))')
lower = $(shell tr A-Z a-z <<< '$(1)')
options = $(foreach name,$(TAKES_$(1)),$(call given,$(name),--$(call lower,$(name))))

# What each target takes; a variable is an option of its command, in lower case.
TAKES_run := BARS OUT ZONE STAMP INTERVAL SPLIT PACE SPEED MEMBERS POLICY INSTANCE SET MODEL
TAKES_up := BARS OUT ZONE STAMP INTERVAL PACE SEED INSTANCE SET MODEL
TAKES_simulate := SEEDS SEED
TAKES_chaos := FAULTS SEED
TAKES_soak := SECTIONS
ALWAYS := PYTHON VENV

# A variable that is misspelt, or that the target does not take, must not run something else than what was asked for.
GOALS := $(or $(MAKECMDGOALS),help)
KNOWN := $(ALWAYS) $(sort $(TAKES_run) $(TAKES_up) $(TAKES_simulate) $(TAKES_chaos) $(TAKES_soak))
TAKEN := $(ALWAYS) $(sort $(foreach goal,$(GOALS),$(TAKES_$(goal))))
GIVEN := $(strip $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name))))
UNKNOWN := $(filter-out $(KNOWN),$(GIVEN))
$(if $(UNKNOWN),$(error $(UNKNOWN): no variable of this Makefile; there are $(KNOWN)))
UNTAKEN := $(filter-out $(TAKEN),$(GIVEN))
$(if $(UNTAKEN),$(error $(UNTAKEN): make $(GOALS) does not take it; it takes $(TAKEN)))

.PHONY: help
help: ## This list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  \1|\2/' | column -t -s '|' || true
	@echo "  make run takes $(TAKES_run:%=%=)  (docs/replay.md)"
	@echo "  make up takes $(TAKES_up:%=%=)  (docs/operations.md)"

.PHONY: run
run: $(VENV)/run.stamp ## Bars to signals: the sample market, or BARS=file.parquet
	@$(BIN)/python -m scripts.replay $(call options,run)

.PHONY: up
up: $(VENV)/run.stamp ## A pipeline that keeps running, live, on a market that never ends; Ctrl-C stops it
	@$(BIN)/python -m scripts.up $(call options,up)

.PHONY: setup
setup: $(VENV)/models.stamp ## The development environment in .venv

.PHONY: test
test: lint types unit e2e ## Lint, types, tests

.PHONY: lint
lint: $(VENV)/dev.stamp ## Ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: $(VENV)/models.stamp ## Mypy, strict
	$(BIN)/mypy

.PHONY: unit
unit: $(VENV)/models.stamp ## Tests without processes
	$(BIN)/pytest -q --numprocesses auto --maxprocesses 8 --dist loadfile -m 'not e2e and not peers and not fetch'

.PHONY: e2e
e2e: $(VENV)/models.stamp ## Tests on real processes
	$(BIN)/pytest -q -m 'e2e and not faults and not long'

.PHONY: e2e-long
e2e-long: $(VENV)/models.stamp ## Those that take long: many promotions, real bars through every kind of model, benchmarks
	$(BIN)/pytest -q -m 'e2e and long'

.PHONY: faults
faults: $(VENV)/models.stamp ## Tests that cut networks, stop and kill processes
	$(BIN)/pytest -q -m faults

.PHONY: test-peers
test-peers: $(VENV)/dev.stamp .venv-peers/peers.stamp ## Parity with vnpy 4.5.0, in an environment of its own
	$(BIN)/pytest -q tests/parity

.PHONY: test-fetch
test-fetch: $(VENV)/dev.stamp .venv-fetch/fetch.stamp ## Fetching through ccxt from a local exchange, in an environment of its own
	$(BIN)/pytest -q tests/fetch

.PHONY: simulate
simulate: $(VENV)/models.stamp ## The pipeline through seeds of lost messages, kills and damaged files, without processes: SEEDS=1000
	$(BIN)/python -m tests.simulation $(call options,simulate)

.PHONY: chaos
chaos: $(VENV)/models.stamp ## Kill and stop every process of real pipelines: FAULTS=60
	$(BIN)/python -m scripts.chaos $(call options,chaos)

.PHONY: long-run
long-run: $(VENV)/models.stamp ## A million bars through every operator that remembers; then who serves, for hours
	$(BIN)/python -m tests.common.factors.long_run
	$(BIN)/python -m tests.services.inference_worker.long_run

.PHONY: soak
soak: $(VENV)/models.stamp ## Many sections at full speed: does any process grow? SECTIONS=200000
	$(BIN)/python -m scripts.soak $(call options,soak)

.PHONY: format
format: $(VENV)/dev.stamp ## Format, and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: $(VENV)/dev.stamp ## Timing figures: inference
	$(BIN)/python -m scripts.bench inference

.PHONY: bench-trees
bench-trees: $(VENV)/dev.stamp .venv-bench-trees/bench.stamp .venv-bench-lleaves/bench.stamp ## Timing figures: trees, and who else scores them
	$(BIN)/python -m scripts.bench trees

.PHONY: bench-factors
bench-factors: $(VENV)/dev.stamp .venv-bench-factors/bench.stamp .venv-peers/peers.stamp ## Timing figures: factors, and who else computes them
	$(BIN)/python -m scripts.bench factors

.PHONY: bench-training
bench-training: $(VENV)/dev.stamp .venv-peers/peers.stamp ## Timing figures: datasets and fits, beside vnpy.alpha
	$(BIN)/python -m scripts.bench training

.PHONY: lock
lock: $(VENV)/dev.stamp ## Pin the requirements anew
	cd requirements && for role in run dev research mlp notebook fetch peers bench-trees bench-lleaves bench-factors; do \
		../$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options \
		--output-file $$role.lock $$role.in; done

.PHONY: clean
clean: ## Remove the environment, caches and results (not the registry)
	rm -rf $(VENV) runs state/kernels state/sample .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build

$(VENV)/run.stamp: requirements/run.lock scripts/preflight.py
	@$(PYTHON) scripts/preflight.py
	@test -x $(BIN)/python || { echo "making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "installing requirements/run.lock"
	@$(PIP) -r requirements/run.lock
	@touch $@

.venv-peers/peers.stamp: requirements/peers.lock requirements/mlp.lock requirements/torch.txt
	@echo "installing requirements/peers.lock, and torch with what it needs"
	@$(PYTHON) -m venv .venv-peers
	@for lock in requirements/peers.lock requirements/mlp.lock; do \
		.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $$lock; done
	@.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/torch.txt
	@touch $@

.venv-fetch/fetch.stamp: requirements/run.lock requirements/fetch.lock
	@echo "installing requirements/run.lock and requirements/fetch.lock"
	@$(PYTHON) -m venv .venv-fetch
	@for lock in $^; do \
		.venv-fetch/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $$lock; done
	@touch $@

.venv-bench-%/bench.stamp: requirements/bench-%.lock
	@echo "installing $<"
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(VENV)/models.stamp: $(VENV)/dev.stamp requirements/research.lock requirements/mlp.lock requirements/notebook.lock \
		requirements/torch.txt
	@echo "installing what fits neural networks and linear models, and what executes notebooks"
	@$(PIP) -r requirements/research.lock
	@$(PIP) -r requirements/mlp.lock
	@$(PIP) -r requirements/notebook.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/torch.txt
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements/dev.lock
	@echo "installing requirements/dev.lock"
	@$(PIP) -r requirements/dev.lock
	@touch $@
