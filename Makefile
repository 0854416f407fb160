# Everything a developer does, from nothing: `make run`, `make test`, `make check`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
export FLASK_APP := wsgi.py
# The settings read `.env` themselves, and say what is wrong with it.
export FLASK_SKIP_DOTENV := 1

# How many tests run at a time: many of them wait. 0 runs them one after the other.
WORKERS ?= $(shell cores=$$(getconf _NPROCESSORS_ONLN); echo $$((cores < 8 ? cores + 1 : 8)))
RUNS ?= 5

.PHONY: run test test-busy check format docs lock fuzz browser-test screenshots replicas-test interop lint-openapi \
        image-test bench bench-smoke bench-growth audit sbom soak mutants

run: $(VENV)/.installed
	$(BIN)/flask migrate
	exec $(BIN)/gunicorn

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) --no-loadscope-reorder \
		--ignore=tests/browser --ignore=tests/interop --ignore=tests/replicas --ignore=tests/image

# No test depends on how fast the machine is: green beside four busy loops, time after time.
test-busy: $(VENV)/.installed-dev
	@trap 'kill $$loops' EXIT; trap 'exit 1' INT TERM; \
	for loop in 1 2 3 4; do (while :; do :; done) & loops="$$loops $$!"; done; \
	for run in $$(seq $(RUNS)); do \
		echo "Run $$run of $(RUNS), beside four busy loops"; \
		$(MAKE) --no-print-directory test || exit 1; \
	done

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile
	mkdir -p build && rm -f build/check.db
	DATABASE_URL=sqlite:///$(CURDIR)/build/check.db INSTANCE_PATH=$(CURDIR)/build $(BIN)/flask migrate
	DATABASE_URL=sqlite:///$(CURDIR)/build/check.db INSTANCE_PATH=$(CURDIR)/build $(BIN)/flask db check

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# What people read about settings, from where these are declared.
docs: $(VENV)/.installed-dev
	$(BIN)/python -m docs.settings

# Sends generated requests to the running service, on both databases.
fuzz: $(VENV)/.installed-dev
	$(BIN)/python -m tests.fuzz

# A mixed load: nothing grows.
soak: $(VENV)/.installed-dev
	$(BIN)/python -m tests.soak $(SECONDS)

# Needs Chromium: Debian's `chromium`, or its path in CHROMIUM.
browser-test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest tests/browser

# The pictures in docs/. Needs Chromium, too.
screenshots: $(VENV)/.installed-dev
	$(BIN)/python -m tests.browser.screenshots

# Needs nginx and PgBouncer: Debian's `nginx-light` and `pgbouncer`. Two instances between them.
replicas-test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest tests/replicas

# Needs Node: a real Better Auth server in front of the service.
interop: $(VENV)/.installed-dev tests/interop/node_modules/.installed
	$(BIN)/python -m pytest tests/interop

tests/interop/node_modules/.installed: tests/interop/package-lock.json
	cd tests/interop && npm ci --no-audit --no-fund
	touch $@

# Needs Node.
lint-openapi: $(VENV)/.installed-dev
	mkdir -p build
	INSTANCE_PATH=$(CURDIR)/build $(BIN)/flask openapi write build/openapi.json
	npx --yes @redocly/cli@2.77.0 lint build/openapi.json

# Needs buildah and, where no base image can be pulled, mmdebstrap.
image-test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest tests/image

# Needs wrk. What a request costs here, beside the two references in bench/reference/.
bench: $(VENV)/.installed-bench
	$(BIN)/python -m bench.run
	$(BIN)/python -m bench.row_security
	$(BIN)/python -m bench.questions
	$(BIN)/python -m bench.batches

bench-smoke: $(VENV)/.installed-bench
	$(BIN)/python -m bench.run --smoke

# Needs wrk, 4 GB of disk and some minutes. Up to ten million tasks, and one to four workers.
bench-growth: $(VENV)/.installed-bench
	$(BIN)/python -m bench.growth

# Known vulnerabilities of what the lock file installs; from the saved answer without a network.
audit: $(VENV)/.installed-audit
	$(VENV)/audit/bin/python deploy/audit.py

# The bill of materials (CycloneDX) of what the lock file installs.
sbom: $(VENV)/.installed-audit
	mkdir -p build
	$(VENV)/audit/bin/cyclonedx-py requirements requirements.txt --output-reproducible -o build/sbom.json

# Changes the code in SAMPLE random places, one at a time, and prints which changes no test notices.
MODULE ?= taskapp/auth
SEED   ?= 1
SAMPLE ?= 20
mutants: $(VENV)/.installed-mutants
	$(BIN)/python -m tests.mutants $(MODULE) $(SEED) $(SAMPLE)

# Compiles the lock files, with hashes, from the short lists.
lock: $(VENV)/.installed-dev
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade requirements.in -o requirements.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade requirements-bench.in -o requirements-bench.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade requirements-audit.in -o requirements-audit.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade requirements-mutants.in -o requirements-mutants.txt

$(VENV)/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "taskapp needs Python 3.11 or newer; say which: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

$(VENV)/.installed-audit: $(VENV)/.installed requirements-audit.txt
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-audit.txt
	touch $@

$(VENV)/.installed-bench: $(VENV)/.installed-dev requirements-bench.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	touch $@

$(VENV)/.installed-mutants: $(VENV)/.installed-dev requirements-mutants.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-mutants.txt
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@
