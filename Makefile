# Patchmap: `make run` and `make test` do everything, set-up included.

PYTHON ?= python3
STORE ?= demo.gpkg
PORT ?= 8000
BIN := .venv/bin
UV := $(BIN)/uv
LOCK := $(UV) pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
INSTALL := $(UV) pip install -q --python $(BIN)/python --require-hashes --compile-bytecode
CHECK := $(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && \
  $(BIN)/lint-imports --cache-dir .cache/import-linter

# Hundreds of processes start in the tests: without stored bytecode each compiles all of it anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check bench soak lock clean help
.DEFAULT_GOAL := help

help: ## Say what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

run: .venv/run.stamp api/static/node_modules/.stamp ## Serve the board (the demo city, or STORE=path) at http://127.0.0.1:8000
	@trap : INT; { [ "$(STORE)" != demo.gpkg ] || [ -e demo.gpkg ] || $(BIN)/patchmap --store demo.gpkg demo; } && \
	  $(BIN)/patchmap --store "$(STORE)" serve --port $(PORT); code=$$?; [ $$code -eq 130 ] || exit $$code

# One process first compiles the tests and what they import: four would each do all of it.
test: .venv/dev.stamp api/static/node_modules/.dev.stamp ## Run every check and every test, the browser's too
	@[ -x /usr/bin/chromium ] || .ci/apt-install "The browser tests need Chromium" chromium libatomic1
	@command -v ogrinfo >/dev/null || .ci/apt-install "The GIS client tests need GDAL's tools" gdal-bin
	@[ -x /usr/sbin/nginx ] && command -v caddy >/dev/null || .ci/apt-install "The proxy tests need web servers" nginx-light caddy
	@[ -n "$$TEST_DATABASE_URL" ] || ls /usr/share/postgresql/*/extension/postgis.control >/dev/null 2>&1 || \
	  .ci/apt-install "The PostGIS tests need a server" postgresql-15-postgis-3
	{ $(CHECK); } & checks=$$!; $(BIN)/pytest -q --collect-only >/dev/null; \
	  $(BIN)/pytest -q -n 4 --dist loadfile --no-loadscope-reorder; \
	  tests=$$?; wait $$checks && exit $$tests

check: .venv/dev.stamp ## ruff, mypy --strict, import-linter
	$(CHECK)

bench: .venv/dev.stamp api/static/node_modules/.stamp ## Race each promise of speed against what else you could use
	$(BIN)/python -m tests.bench

soak: .venv/dev.stamp api/static/node_modules/.stamp ## Load each store's service for SOAK_SECONDS (900), with kills
	$(BIN)/python -m tests.soak

lock: .venv/uv.stamp ## Pin the newest versions that pyproject.toml allows
	$(LOCK) pyproject.toml -o requirements.txt
	$(LOCK) pyproject.toml --extra dask -c requirements.txt -o requirements-dask.txt
	$(LOCK) pyproject.toml --extra dask --group dev -c requirements.txt -c requirements-dask.txt -o requirements-dev.txt
	$(LOCK) --group setup -o requirements-setup.txt
	$(LOCK) --group node -o requirements-node.txt

clean: ## Remove what was installed and cached; stores stay
	rm -rf .venv .cache api/static/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/uv.stamp: requirements-setup.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Patchmap needs Python 3.11 or newer; name one with make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || .ci/apt-install "Set-up needs Python's venv" python3-venv
	@echo "Setting up .venv" >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-setup.txt
	@touch $@

.venv/run.stamp: .venv/uv.stamp requirements.txt pyproject.toml
	@echo "Installing the libraries" >&2
	@$(INSTALL) -r requirements.txt
	@$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements-dev.txt
	@echo "Installing what the tests need" >&2
	@$(INSTALL) -r requirements-dev.txt
	@touch $@

api/static/node_modules/.stamp: api/static/package-lock.json .venv/run.stamp
	@.ci/npm-install --omit=dev
	@touch $@

# Besides the libraries what checks the types of the pages' scripts.
api/static/node_modules/.dev.stamp: api/static/package-lock.json .venv/run.stamp
	@.ci/npm-install
	@touch api/static/node_modules/.stamp $@
