# Everything that a person types. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
UV_VERSION := 0.13.9
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
# Tests mostly wait for processes to start and stop, so more of them run side by side than there are cores.
PYTEST_ARGS ?= -n 4 --dist worksteal
# What is imported is compiled once, and not by each process.
export PYTHONDONTWRITEBYTECODE :=
RUN := .venv/bin/python

.PHONY: help
help: ## List what can be typed here
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: setup ## Take 15,000 real trips from Kafka to BigQuery, check every figure, show answers
	@$(RUN) -m stack demo

.PHONY: test
test: setup ## Run all checks and the whole test suite on the real parts
	@$(MAKE) --no-print-directory lint & $(RUN) -m pytest -m "not alone" $(PYTEST_ARGS); passed=$$?; wait $$! && exit $$passed
	@$(RUN) -m pytest -m alone tests/e2e

.PHONY: soak
soak: setup ## Break everything at random for MINUTES=20, judge every message; SEED= draws the same faults again
	@$(RUN) -m tests.soak --minutes $(or $(MINUTES),20) $(if $(SEED),--seed $(SEED))

.PHONY: bigquery-check
bigquery-check: setup ## Try the warehouse's tests on the real BigQuery: PROJECT=… LOCATION=US, with Google's default credentials
	@TRIPLINE_TEST_BIGQUERY=bigquery://$(or $(PROJECT),$(error PROJECT=... names a Google Cloud project))/$(or $(LOCATION),US) \
		$(RUN) -m pytest -n 4 --dist worksteal --timeout 1800 tests/integration/test_bigquery_settings.py \
		tests/integration/test_warehouse_*.py tests/integration/test_gold_*.py tests/integration/test_forecast_gold.py \
		tests/integration/test_quality_checks.py tests/powerbi/test_gold_on_bigquery.py tests/e2e/test_simulated_month.py

.PHONY: lint
lint: setup lint-locks ## Check style, types and the lock files
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy

.PHONY: lint-locks
lint-locks: | $(UV)
	@$(UV) lock --check --quiet
	@$(UV) lock --check --quiet --project mage_project

.PHONY: up
up: setup ## Run everything continuously: simulated city, consumer, lake, Mage, BigQuery emulator (Ctrl-C stops it)
	@$(RUN) -m stack up $(ARGS)

.PHONY: status
status: setup ## Show what runs and whether its data move
	@$(RUN) -m stack status $(ARGS)

.PHONY: down
down: setup ## Stop what `make up` started
	@$(RUN) -m stack down

.PHONY: clean
clean: setup ## Stop and wipe the native stack's data, logs and passwords
	@$(RUN) -m stack clean

.PHONY: env
env: ## Write .env with fresh random passwords in .secrets/, for docker compose
	@$(PYTHON) -m stack.secrets

.PHONY: bench
bench: setup ## Measure consumer and producer against their peers, ~15 minutes: build/bench.json; ARGS=--publish for the docs
	@$(RUN) -m benchmarks consumer $(ARGS)
	@$(RUN) -m benchmarks producer $(ARGS)

.PHONY: bench-extract
bench-extract: setup ## Measure the extraction of 1,000,000 events against a pandas frame (docs/benchmarks.md)
	@$(RUN) -m benchmarks extraction $(ARGS)

.PHONY: bench-producer
bench-producer: setup ## Measure simulation to acknowledged against kafka-producer-perf-test
	@$(RUN) -m benchmarks producer $(ARGS)

.PHONY: bench-freshness
bench-freshness: setup ## Measure event time to gold at 500 events/s, with everything running as in `make up`
	@$(RUN) -m benchmarks freshness $(ARGS)

.PHONY: format
format: setup ## Format the code and regenerate what is generated
	@.venv/bin/ruff format
	@.venv/bin/ruff check --fix
	@$(RUN) -m contracts.schema
	@$(RUN) -m contracts.env_example
	@$(RUN) -m warehouse.data_model
	@$(RUN) -m powerbi generate

.PHONY: report
report: setup ## Draw the report's pages with their numbers from gold: build/report/index.html and a PNG a page
	@$(RUN) -m powerbi preview $(ARGS)

.PHONY: powerbi-check
powerbi-check: setup ## Check the Power BI model and report without Power BI
	@$(RUN) -m powerbi check $(ARGS)

.PHONY: publish
publish: setup ## Publish to Power BI with the settings of .env, or of .env.$(ENV); ARGS=--dry-run prints every call
	@$(RUN) -m powerbi publish $(ENV) $(ARGS)

.PHONY: powerbi-tools
powerbi-tools: ## Install Microsoft's own TMDL parser and PBIR validator for powerbi-check (needs npm)
	@npm install --prefix powerbi/microsoft --no-fund --no-audit --loglevel=error

.PHONY: setup
setup: .venv/.synced mage_project/.venv/.synced

.venv/.synced: pyproject.toml uv.lock | $(UV)
	@echo "Setting up Tripline's environment (downloads happen only the first time) …"
	@$(UV) sync --frozen --quiet
	@touch $@

mage_project/.venv/.synced: mage_project/pyproject.toml mage_project/uv.lock | $(UV)
	@echo "Setting up Mage's environment …"
	@# Mage starts three times faster from compiled bytecode.
	@UV_COMPILE_BYTECODE=1 $(UV) sync --frozen --quiet --project mage_project
	@touch $@

.uv/bin/uv:
	@echo "Installing uv into .uv …"
	@$(PYTHON) -m venv .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
