# What there is to do in a checkout. Each target sets up what it needs: .venv with everything that is pinned in
# constraints.txt, once, and again when that file or pyproject.toml changes.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: help demo test lint types format bench clean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s%s\n", $$1, $$2 }' Makefile

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "vdup needs Python 3.11 or newer")'
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: $(INSTALLED) ## finds four edited copies in a compilation that it makes from real clips
	$(BIN)/python -m examples.demo

test: $(INSTALLED) ## all tests; those that need a GPU, a server or benchmark videos are skipped without
	$(BIN)/python -m pytest

lint: $(INSTALLED) ## rules of style, and whether the layout is ruff's
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(INSTALLED) ## mypy, strict
	$(BIN)/mypy

format: $(INSTALLED) ## lays the code out
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: ## lists the benchmarks
	@for file in $$(grep -l '^if __name__' benchmarks/*.py); do \
		printf 'python -m benchmarks.%-18s%s\n' "$$(basename $$file .py)" "$$(sed -n '1s/"""//gp' $$file)"; \
	done

clean: ## removes .venv, caches and what demo and runs have written
	rm -rf $(VENV) demo outputs multirun build dist vdup.egg-info .pytest_cache .mypy_cache .ruff_cache
	find benchmarks conf examples tests train vdup -name __pycache__ -type d -prune -exec rm -rf {} +
