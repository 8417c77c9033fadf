# Dirigent: `make help` lists what there is. Plain make and bash; nothing here needs root.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# The environment and the front end are made side by side.
MAKEFLAGS += --jobs=2
.DELETE_ON_ERROR:
.PHONY: help up test tour pictures chaos compat lint bench bench-web front lock wheel clean

FRONT := webui/frontend
# What is there was made from the sources that are there: stamps say what is in a file, not when it was written, and lie
# with what was made, so that neither a checkout of older sources nor a copied folder passes for new.
MODULES := $(FRONT)/node_modules/.installed-$(shell cksum < $(FRONT)/package-lock.json | tr ' ' -)
BUILT := webui/static/dist/.made-of-$(shell cd $(FRONT) && find . ../templates/parts/sprite.html -name node_modules -prune -o -type f -print | LC_ALL=C sort | xargs cksum | cksum | tr ' ' -)
ENV := requirements.lock pyproject.toml tools/make-venv
ENV_TEST := requirements-dev.lock pyproject.toml tools/make-venv

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

up: .venv/.installed $(BUILT) ## install into .venv and run everything on http://127.0.0.1:8080 (DIRIGENT_PORT=9000 make up)
	@unset PYTHONDONTWRITEBYTECODE MAKEFLAGS MAKELEVEL; exec .venv/bin/dirigent up

test: .venv-test/.installed $(BUILT) ## all checks: format, lint, types, layers, tests on every database and broker, browser
	@unset MAKEFLAGS MAKELEVEL; tools/check lint test

tour: .venv-test/.installed $(BUILT) ## what a person does on the pages, by mouse and by keyboard, desk and phone, light and dark, with axe
	@unset MAKEFLAGS MAKELEVEL; DIRIGENT_TEST_TOUR=whole .venv-test/bin/python -m pytest tests/webui/tour $(ARGS)

pictures: .venv-test/.installed $(BUILT) ## write the pictures of docs/images/tour anew: desk and phone, light and dark
	@unset MAKEFLAGS MAKELEVEL; .venv-test/bin/python -m tests.webui.tour.pictures

chaos: .venv-test/.installed ## kill, cut and freeze a distributed set-up, and check what it promised (ARGS="kill-workers --seed 1" make chaos)
	@unset MAKEFLAGS MAKELEVEL; tools/test-programs && .venv-test/bin/python -m tests.chaos $(ARGS)

compat: .venv-test/.installed ## load and run the example DAGs of Airflow's wheels (fetched into .compat/), and print how each ended
	@unset MAKEFLAGS MAKELEVEL; .venv-test/bin/python -m tests.compat.examples

lint: .venv-test/.installed ## format, lint, types and layers only
	@tools/check lint

bench: .venv/.installed $(BUILT) ## the benchmarks (ARGS="chain40 --runs 3" make bench)
	@.venv/bin/python -m benchmarks $(ARGS)

bench-web: .venv-test/.installed $(BUILT) ## the pages at size, in Chromium too (ARGS="--only sqlite" make bench-web)
	@unset MAKEFLAGS MAKELEVEL; .venv-test/bin/python -m benchmarks.web $(ARGS)

front: $(BUILT) ## build the front end into webui/static/dist

wheel: .venv-test/.installed $(BUILT) ## build the wheel, front end and all, into dist/
	@.venv-test/bin/python -m build --wheel --no-isolation --outdir dist

lock: ## choose the newest versions again and write the lock files
	@tools/lock

clean: ## remove environments, builds and caches; your data in .dirigent stays
	rm -rf .venv .venv-* build dist *.egg-info $(FRONT)/node_modules webui/static/dist
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.installed: $(ENV)
	@tools/make-venv .venv requirements.lock --project
	@touch $@

.venv-test/.installed: $(ENV_TEST)
	@tools/make-venv .venv-test requirements-dev.lock --project
	@touch $@

$(MODULES):
	@cd $(FRONT) && ../../tools/with-node npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(BUILT): | $(MODULES)
	@cd $(FRONT) && ../../tools/with-node npm run --silent build -- --logLevel warn
	@touch $@
