# What a person types: `make run`, `make test`, `make check`, `make bench`, `make mutants`, `make screenshots`,
# `make requirements`.
# Packages are installed only when requirements/ or pyproject.toml changed, each by its hash. requirements/ names all
# of them, so nothing is resolved (--no-deps): pip would look for newer releases of what is asked for with extras.

PYTHON ?= python3
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SIMPLESAML := .peers/usr/share/simplesamlphp/www/_include.php
NODE_PEERS := tests/peers/node_modules/.package-lock.json

.PHONY: run test check bench mutants requirements catalogues screenshots browser peers php apache npm clean
.DELETE_ON_ERROR:

run: $(VENV)/.run
	@mkdir -p var
	@$(BIN)/python -m examples.fieldbook.beside_hub

test: check browser peers
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n $(JOBS) --dist loadfile
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --include='src/hallway/scim/*' --show-missing --skip-covered --fail-under=100
	$(BIN)/coverage report --include='src/hallway/saml/*' --show-missing --skip-covered --fail-under=100
	$(BIN)/coverage report --include='src/hallway/oidc/*' --show-missing --skip-covered --fail-under=100
	$(BIN)/coverage report --show-missing --skip-covered --fail-under=90

check: $(VENV)/.test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

mutants: $(VENV)/.test
	nice -n 10 $(BIN)/python -m tests.mutation $(ONLY)

bench: .venv-bench/.bench $(VENV)/.test
	.venv-bench/bin/python -m bench
	.venv-bench/bin/python -m bench.saml
	.venv-bench/bin/python -m bench.saml_request
	$(BIN)/python -m bench.delivery
	$(BIN)/python -m bench.leaving 2>/dev/null

# After a text of a page was added or changed: the catalogues then name what is to be translated.
catalogues: $(VENV)/.test
	$(BIN)/python -m hallway.web.extracting

# The pictures of the docs, taken anew on the journeys that show them; whoever runs it looks at each.
screenshots: $(VENV)/.test browser peers
	rm -f docs/*/images/*.png
	ILLUSTRATE=1 $(BIN)/pytest -q tests/browser/test_journeys.py tests/browser/test_guides.py \
	    tests/browser/test_fieldbook.py
	$(BIN)/pytest -q tests/house/test_illustrations.py

# The pages are tested in a real browser; root installs it, others are told how.
browser:
	@command -v chromium >/dev/null && fc-list 2>/dev/null | grep -qi dejavu || \
	    { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	      apt-get update -qq && \
	      apt-get install -y -qq --no-install-recommends chromium fontconfig fonts-dejavu-core fonts-inter; } || \
	    { echo "The tests of the pages need Chromium. On Debian and Ubuntu:"; \
	      echo "  sudo apt-get install chromium fontconfig fonts-dejavu-core fonts-inter"; exit 1; }

# Connections are tested with identity providers of others, and our own provider with relying parties of others:
# SimpleSAMLphp out of Debian's package, which is unpacked and not installed, since that would bring a web server along;
# those on Node by the hashes in their lock file. They run on the Node that came with Playwright, whatever the machine
# has.
peers: php apache $(SIMPLESAML) $(NODE_PEERS)

php:
	@php -r 'exit(extension_loaded("dom") && extension_loaded("mbstring") ? 0 : 1);' 2>/dev/null || \
	    { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	      apt-get update -qq && apt-get install -y -qq --no-install-recommends php-cli php-xml php-mbstring; } || \
	    { echo "The tests of connections need PHP. On Debian and Ubuntu:"; \
	      echo "  sudo apt-get install php-cli php-xml php-mbstring"; exit 1; }

# Apache's module for OpenID Connect is a relying party of ours; apache2-bin alone brings no web server that runs.
apache:
	@test -f /usr/lib/apache2/modules/mod_auth_openidc.so && PATH="$$PATH:/usr/sbin" command -v apache2 >/dev/null || \
	    { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	      apt-get update -qq && \
	      apt-get install -y -qq --no-install-recommends apache2-bin libapache2-mod-auth-openidc; } || \
	    { echo "The tests of the provider need Apache's module. On Debian and Ubuntu:"; \
	      echo "  sudo apt-get install apache2-bin libapache2-mod-auth-openidc"; exit 1; }

npm:
	@command -v npm >/dev/null || \
	    { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	      apt-get update -qq && apt-get install -y -qq --no-install-recommends npm; } || \
	    { echo "The tests of connections need npm. On Debian and Ubuntu:  sudo apt-get install npm"; exit 1; }

$(SIMPLESAML):
	@mkdir -p .peers
	@{ test "$$(id -u)" != 0 || apt-get update -qq; } && cd .peers && apt-get download -qq -o APT::Sandbox::User=root simplesamlphp && \
	    dpkg-deb --extract simplesamlphp_*.deb . && rm simplesamlphp_*.deb || \
	    { echo "The tests of connections need Debian's package of SimpleSAMLphp; what its lists say may be missing:"; \
	      echo "  sudo apt-get update && make peers"; exit 1; }

$(NODE_PEERS): tests/peers/package-lock.json | npm
	npm ci --prefix tests/peers --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

clean:
	rm -rf $(VENV) .venv-bench .peers tests/peers/node_modules .coverage .coverage.* .mypy_cache .ruff_cache .hypothesis

# --- environments -----------------------------------------------------------------------------------------

# The requirements of the tests include those of running, with Fieldbook beside the Hub: after them, running has nothing
# left to install.
$(VENV)/.test: requirements/test.txt requirements/build.txt pyproject.toml | $(VENV)/bin/pip
	$(PIP) install --no-deps --require-hashes -r requirements/test.txt
	$(PIP) install --no-deps --require-hashes -r requirements/build.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.run

$(VENV)/.run: requirements/example.txt requirements/build.txt pyproject.toml | $(VENV)/bin/pip
	$(PIP) install --no-deps --require-hashes -r requirements/example.txt
	$(PIP) install --no-deps --require-hashes -r requirements/build.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv-bench/.bench: requirements/bench.txt requirements/build.txt pyproject.toml | .venv-bench/bin/pip
	.venv-bench/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes -r requirements/bench.txt
	.venv-bench/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes -r requirements/build.txt
	.venv-bench/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation --editable .
	@touch $@

# Debian's python3 comes without the part that makes environments; root installs it, others are told how.
%/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	    { echo "Hallway needs Python 3.11 or newer: name one by  make PYTHON=python3.11 …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	      apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv; } || \
	    { echo "Python's venv module is missing. On Debian and Ubuntu:  sudo apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(dir $(patsubst %/,%,$(dir $@)))

# --- pinning ----------------------------------------------------------------------------------------------

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-header --no-annotate

requirements: | $(VENV)/bin/pip
	$(PIP) install uv
	$(COMPILE) pyproject.toml -o requirements/run.txt
	$(COMPILE) pyproject.toml --group example -o requirements/example.txt
	$(COMPILE) pyproject.toml --group test -o requirements/test.txt
	$(COMPILE) pyproject.toml --group bench -o requirements/bench.txt
	printf 'hatchling\neditables\n' | $(COMPILE) - --constraints requirements/test.txt -o requirements/build.txt
