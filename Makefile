# make demo and make test are all a fresh machine needs; Python 3.11+ and pip are all they need.
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/snakemake --cores all --resources gpu=1
# Most of what is installed is never imported; what is, Python compiles by itself.
PIP := $(BIN)/pip install --quiet --no-compile --disable-pip-version-check -c constraints.txt

.PHONY: help demo test test-timing test-learning test-studies test-servers test-attacks test-store test-scale test-slurm \
	test-browser test-gpu test-all check oracle dag docs clean

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

demo: .venv/.installed ## install, run the default study, show what it found (no GPU, key or network; 5 to 15 minutes)
	$(RUN)
	@cat results/best/README.md results/report/selection.md
	@echo "Kernels: results/best/   report: results/report/index.html"

test: .venv/.installed-dev ## the gate: all that says the same on every machine (10 minutes)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

test-timing: .venv/.installed-dev ## what rests on measured times; needs a quiet machine (2 minutes)
	$(BIN)/python -m pytest -q -m "timing and not gpu"

test-learning: .venv/.installed-dev ## that training learns, and with shuffled rewards does not (1 minute)
	$(BIN)/python -m pytest -q -m learning --log-cli-level=INFO

test-studies: .venv/.installed-dev ## whole studies: adaptation, a server, refused tasks, recorded samples, the paper's DAG (10 minutes)
	$(BIN)/python -m pytest -q -m studies

test-servers: .venv/.installed-dev .venv-servers/.installed .venv-tinker-server/.installed ## backends against servers of somebody else's (2.2 GB to install)
	$(BIN)/python -m pytest -q -m servers

test-store: .venv/.installed-dev ## the evaluation store under eight processes and random kills (1 minute)
	$(BIN)/python -m pytest -q -m store --log-cli-level=INFO

test-scale: .venv/.installed-dev ## what thousands of jobs cost beside a bare Snakefile; needs a quiet machine (15 minutes)
	$(BIN)/python -m pytest -q -m scale --log-cli-level=INFO

test-slurm: .venv/.installed-dev ## on a real SLURM, started for it; needs root and Debian's packages (20 minutes)
	command -v slurmctld > /dev/null || tests/slurm/slurm_local.sh install
	$(PIP) -e '.[slurm]'
	$(BIN)/python -m pytest -q -m slurm --log-cli-level=INFO

test-browser: .venv/.installed-dev ## the report's page in a headless Chromium, which this machine must have (1 minute)
	$(PIP) -e '.[browser]'
	$(BIN)/python -m pytest -q -m browser --log-cli-level=INFO

test-gpu: .venv/.installed-dev ## what needs a CUDA device that nobody else uses (1 minute)
	$(BIN)/python -m pytest -q -m gpu

test-attacks: .venv/.installed-dev ## the whole bank of attacks and honest kernels, on the GPU if there is one (40 minutes)
	$(BIN)/python -m pytest -q -m attacks

test-all: test test-timing test-learning test-studies ## all that this host can run
	if $(BIN)/python -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then $(MAKE) test-gpu; fi

check: .venv/.installed-dev ## format, lint, types, floors, dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry kbwf
	$(BIN)/snakefmt --check Snakefile rules

oracle: .venv/.installed ## how many mutants of right kernels the verdict lets through (results/oracle/; 3 minutes)
	$(BIN)/kbwf oracle --output results/oracle

dag: .venv/.installed ## the rule graph as a mermaid diagram
	@$(RUN) --rulegraph mermaid-js

docs: .venv/.installed ## regenerate docs/config.md and the JSON schema
	$(BIN)/kbwf docs

clean: ## remove results and Snakemake's memory of them
	find results -mindepth 1 -not -path results/README.md -delete
	rm -rf .snakemake

.venv-servers/.installed: Makefile
	test -x .venv-servers/bin/python || $(PYTHON) -m venv .venv-servers
	.venv-servers/bin/pip install --quiet --disable-pip-version-check xllamacpp==2026.10.11549 gguf==0.19.0
	touch $@

.venv-tinker-server/.installed: Makefile
	test -x .venv-tinker-server/bin/python || $(PYTHON) -m venv .venv-tinker-server
	.venv-tinker-server/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 'skyrl[tinker,jax]==0.3.0' tinker==0.38.0
	touch $@

.venv/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) torch -e .
	touch $@

.venv/.installed-dev: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) torch -e '.[dev,tinker]'
	touch .venv/.installed $@
