# `make demo` and `make test` are the two commands; both create .venv first when it is missing.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO_ARGS ?=
SEASON_ARGS ?=
XDIST ?= 2
# Modules are compiled once for all processes; where the environment forbids it, each start of a process takes 4 s more.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-fast parity bench season screenshots lint requirements clean
.DEFAULT_GOAL := help

help:
	@echo "make demo        the whole system on a synthetic world (DEMO_ARGS='--days 30 --serve')"
	@echo "make test        the whole test suite"
	@echo "make test-fast   the quick tests"
	@echo "make parity      three years against the reference model's numbers"
	@echo "make bench       one table of timings and memory (passes or fails nothing)"
	@echo "make season      90 daily triggers with faults on most days (SEASON_ARGS='--days 10 --record disk')"
	@echo "make screenshots pictures of the Prefect UI for docs/images (needs Chromium)"
	@echo "make lint        ruff and mypy"

$(STAMP): pyproject.toml requirements/all.txt requirements/uv.txt deploy/make_venv.sh
	@bash deploy/make_venv.sh $(VENV)
	@touch $(STAMP)

demo: $(STAMP)
	@$(BIN)/ldas demo $(DEMO_ARGS)

test: $(STAMP)
	@$(BIN)/python -m pytest -n $(XDIST) --dist loadgroup -m "not benchmark"

test-fast: $(STAMP)
	@$(BIN)/python -m pytest -n $(XDIST) --dist loadgroup -m "not slow and not server and not benchmark"

parity: $(STAMP)
	@$(BIN)/python -m pytest tests/model/test_reference_run.py

bench: $(STAMP)
	@$(BIN)/python -m pytest -s -m benchmark tests/benchmarks

season: $(STAMP)
	@$(BIN)/python -m tests.flows.season $(SEASON_ARGS)

screenshots: $(STAMP)
	@$(BIN)/python -m tests.flows.screenshots

lint: $(STAMP)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

COMPILE := uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-annotate \
  --no-header

requirements:
	$(COMPILE) pyproject.toml --extra build --extra flows --extra test -o requirements/all.txt
	$(COMPILE) pyproject.toml --extra build --extra flows -c requirements/all.txt -o requirements/service.txt
	echo 'uv==0.13.9' | $(COMPILE) - -o requirements/uv.txt

clean:
	rm -rf $(VENV) demo-output
