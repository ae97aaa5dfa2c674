# Two commands do everything on a fresh machine: `make demo` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Every process would compile what it imports again.
unexport PYTHONDONTWRITEBYTECODE
# Tests wait for processes more than they compute: three at a time keep two cores busy.
JOBS ?= 3

.PHONY: help setup demo test check format lock soak bench reference api-server clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make the virtual environment from the lock (once; again when the lock changes)

$(READY): requirements.lock pyproject.toml setup/venv.sh
	@setup/venv.sh $(VENV)

demo: $(READY) ## Start the local Azure, bring up shared and dev on it, train and register a model
	@$(BIN)/python -m twinloop.cli.demo

test: $(READY) ## Run the tests
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not soak" $(ARGS)

check: $(READY) ## Format, lint, strict types, walls
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/house

format: $(READY) ## Write the format and the fixes that are safe
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

soak: $(READY) ## Kills at every state transition, load: slow and exhaustive
	@$(BIN)/python -m pytest -q -m soak --timeout 3600

bench: $(READY) ## Measure, as ratios in one run; prints the table of the README
	@$(BIN)/python -m benchmarks

lock: $(READY) ## Resolve pyproject.toml anew into requirements.lock (one resolve, hashes, no index URLs)
	@$(BIN)/uv pip compile --python-version 3.11 --universal --generate-hashes --no-emit-index-url --all-extras \
	  --custom-compile-command "make lock" -q pyproject.toml -o requirements.lock

reference: $(READY) ## Write docs/reference from the code
	@$(BIN)/python -m twinloop.cli.reference

api-server: ## Build a real Kubernetes API server from its Go modules, for the tests that use one (needs Go; minutes)
	@setup/kubernetes/build.sh .cache/kubernetes
	@echo 'export KUBEBUILDER_ASSETS=$(CURDIR)/.cache/kubernetes'

clean: ## Stop the twin and remove all that Twinloop made here, the virtual environment too
	@if [ -x $(BIN)/twinloop ] && [ -d .twinloop ]; then $(BIN)/twinloop twin stop; fi
	@rm -rf .twinloop .azureml .cache $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
