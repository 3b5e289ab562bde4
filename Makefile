# make demo and make test are all a fresh machine needs; Python 3.11+ and pip are all they need.
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/snakemake --cores all --resources gpu=1

.PHONY: demo test test-gpu test-learning check dag docs clean

demo: .venv/.installed ## install, run the default study, show what it found
	$(RUN)
	@cat results/best/README.md results/report/selection.md
	@echo "Kernels: results/best/   report: results/report/summary.md"

test: .venv/.installed-dev ## everything a CPU can run
	$(BIN)/python -m pytest -q -m "not gpu and not learning"

test-gpu: .venv/.installed-dev ## what needs a CUDA device
	$(BIN)/python -m pytest -q -m gpu

test-learning: .venv/.installed-dev ## that training learns, and that with shuffled rewards it does not
	$(BIN)/python -m pytest -q -m learning --log-cli-level=INFO

check: .venv/.installed-dev ## format, lint, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile rules

dag: .venv/.installed ## the rule graph as a mermaid diagram
	@$(RUN) --rulegraph mermaid-js

docs: .venv/.installed ## regenerate docs/config.md and the JSON schema
	$(BIN)/kbwf docs

clean: ## remove results and Snakemake's memory of them
	find results -mindepth 1 -not -path results/README.md -delete
	rm -rf .snakemake

.venv/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt torch -e .
	touch $@

.venv/.installed-dev: .venv/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt torch -e '.[dev]'
	touch $@
