# Everything a developer does, from nothing: `make run`, `make test`, `make check`; `make help` lists all.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Commands are modules of this Python: they work also where the folder has been moved.
RUN    := $(BIN)/python -m
LIBRARY := clients/javascript
FASTIFY := bench/reference/fastify
export FLASK_APP := wsgi.py
# The settings read `.env` themselves, and say what is wrong with it.
export FLASK_SKIP_DOTENV := 1

# How many tests run at a time: many of them wait. 0 runs them one after the other.
WORKERS ?= $(shell cores=$$(getconf _NPROCESSORS_ONLN); echo $$((cores < 8 ? cores + 2 : 8)))
RUNS ?= 5

RELOADED := $(wildcard taskapp/client/page/* $(LIBRARY)/src/*.js)

.PHONY: distributed-test figures help run dev demo client-test client-types wheel test test-busy check format docs lock fuzz browser-test screenshots replicas-test interop lint-openapi \
        image-test bench bench-smoke bench-tail bench-growth audit sbom soak mutants

run: $(VENV)/.installed ## Serve on http://127.0.0.1:8000, with everything that takes
	$(RUN) flask migrate
	exec $(RUN) gunicorn

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1@\2/p' $(MAKEFILE_LIST) | sort | column -t -s @

dev: $(VENV)/.installed ## The same, and begin anew whenever a file changes
	$(RUN) flask migrate
	exec $(RUN) gunicorn --workers 1 --reload $(RELOADED:%=--reload-extra-file=%)

demo: $(VENV)/.installed ## An account with a hundred tasks, to try things out
	$(RUN) flask migrate
	$(RUN) flask demo

# Without bytecode that is kept each of many processes would compile the service, and pytest the tests.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/.installed-dev ## Every test, on SQLite and PostgreSQL
	$(RUN) pytest -n $(WORKERS) --no-loadscope-reorder \
		--ignore=tests/browser --ignore=tests/javascript --ignore=tests/interop --ignore=tests/replicas --ignore=tests/image

# No test depends on how fast the machine is: green beside four busy loops, time after time.
test-busy: $(VENV)/.installed-dev ## The same five times, beside four busy loops
	@trap 'kill $$loops' EXIT; trap 'exit 1' INT TERM; \
	for loop in 1 2 3 4; do (while :; do :; done) & loops="$$loops $$!"; done; \
	for run in $$(seq $(RUNS)); do \
		echo "Run $$run of $(RUNS), beside four busy loops"; \
		$(MAKE) --no-print-directory test || exit 1; \
	done

check: $(VENV)/.installed-dev ## Linters, types, directions of imports, models against migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile
	mkdir -p build && rm -f build/check.db
	DATABASE_URL=sqlite:///$(CURDIR)/build/check.db INSTANCE_PATH=$(CURDIR)/build $(RUN) flask migrate
	DATABASE_URL=sqlite:///$(CURDIR)/build/check.db INSTANCE_PATH=$(CURDIR)/build $(RUN) flask db check

format: $(VENV)/.installed-dev ## Let ruff do what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# What people read about settings, from where these are declared.
docs: $(VENV)/.installed-dev ## Write what people read about settings
	$(RUN) docs.settings

# On the cluster of Citus in DATABASE_URL, one test after the other, which may take 10 minutes; a
# database of its own for them. Without one, on a plain PostgreSQL that is taken for a distributed one.
CLUSTER := $(if $(DATABASE_URL),TEST_DATABASE_URL=$(DATABASE_URL))
distributed-test: $(VENV)/.installed-dev ## What is promised, where tables are distributed: on DATABASE_URL
	TEST_DISTRIBUTED=1 $(CLUSTER) $(RUN) pytest -rs -n $(if $(DATABASE_URL),0,$(WORKERS)) -k "not sqlite" \
		tests/distributed tests/tasks tests/transfer tests/accounts tests/feeds tests/programs tests/rest tests/dialects \
		tests/test_privacy.py tests/flows/test_lifecycle.py tests/flows/test_parallel_toggles.py \
		tests/flows/test_waiting.py tests/flows/test_batches.py tests/flows/test_recurring.py \
		$(if $(DATABASE_URL),tests/test_cli.py,tests/database/test_pairs.py tests/flows/test_database_faults.py)

# Sends generated requests to the running service, on both databases.
fuzz: $(VENV)/.installed-dev ## Generated requests to the running service
	$(RUN) tests.fuzz

# A mixed load: nothing grows.
soak: $(VENV)/.installed-dev ## A mixed load for 15 minutes, or SECONDS
	$(RUN) tests.soak $(SECONDS)

# Needs Node. The library of clients/javascript, against the running service.
client-test: $(VENV)/.installed-dev $(LIBRARY)/node_modules/.installed ## The library for frontends, in Node
	$(RUN) pytest tests/javascript

client-types: $(VENV)/.installed-dev $(LIBRARY)/node_modules/.installed ## What the library takes from the OpenAPI document
	mkdir -p build
	INSTANCE_PATH=$(CURDIR)/build $(RUN) flask openapi write build/openapi.json
	node $(LIBRARY)/generate.mjs build/openapi.json

$(LIBRARY)/node_modules/.installed: $(LIBRARY)/package-lock.json
	cd $(LIBRARY) && npm ci --no-audit --no-fund
	touch $@

# The package for `pip install`, in build/; it holds the migrations and the page.
wheel: $(VENV)/.installed ## A wheel, in build/
	$(RUN) pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build .

# Needs Chromium (Debian's `chromium`, or its path in CHROMIUM), and Node's packages for axe.
browser-test: $(VENV)/.installed-dev $(LIBRARY)/node_modules/.installed ## The page, Swagger UI and CORS in Chromium
	$(RUN) pytest tests/browser

# The pictures in docs/. Needs Chromium, too.
figures: $(VENV)/.installed-dev ## What the page takes, for docs/performance.md
	$(RUN) tests.browser.figures

screenshots: $(VENV)/.installed-dev ## Take the pictures in docs/ anew
	$(RUN) tests.browser.screenshots

# Needs nginx and PgBouncer: Debian's `nginx-light` and `pgbouncer`. Two instances between them.
replicas-test: $(VENV)/.installed-dev ## Two instances between nginx and PgBouncer
	$(RUN) pytest tests/replicas

# Needs Node and Chromium: a real Better Auth server in front of the service.
interop: $(VENV)/.installed-dev tests/interop/node_modules/.installed ## A real Better Auth in front
	$(RUN) pytest tests/interop

tests/interop/node_modules/.installed: tests/interop/package-lock.json
	cd tests/interop && npm ci --no-audit --no-fund
	touch $@

# Needs Node.
lint-openapi: $(VENV)/.installed-dev ## Redocly's linter
	mkdir -p build
	INSTANCE_PATH=$(CURDIR)/build $(RUN) flask openapi write build/openapi.json
	npx --yes @redocly/cli@2.77.0 lint build/openapi.json

# Needs buildah and, where no base image can be pulled, mmdebstrap.
image-test: $(VENV)/.installed-dev ## Build and run the image
	$(RUN) pytest tests/image

# Needs wrk and Node. What a request costs here, beside the references in bench/reference/.
bench: $(VENV)/.installed-bench $(FASTIFY)/node_modules/.installed ## What a request costs, beside three references
	$(RUN) bench.run
	$(RUN) bench.row_security
	$(RUN) bench.questions
	$(RUN) bench.batches

$(FASTIFY)/node_modules/.installed: $(FASTIFY)/package-lock.json
	cd $(FASTIFY) && npm ci --no-audit --no-fund
	touch $@

# Without Fastify.
bench-smoke: $(VENV)/.installed-bench ## The same, in short
	$(RUN) bench.run --smoke

# Needs wrk. The slowest answers, alone and beside one user who floods the service.
bench-tail: $(VENV)/.installed-bench ## The slowest answers, also beside a flood
	$(RUN) bench.tail

# Needs wrk, 4 GB of disk and some minutes. Up to ten million tasks, and one to four workers.
bench-growth: $(VENV)/.installed-bench ## Up to ten million tasks
	$(RUN) bench.growth

# Known vulnerabilities of what the lock file installs; from the saved answer without a network.
audit: $(VENV)/.installed-audit ## Known vulnerabilities
	$(VENV)/audit/bin/python deploy/audit.py

# The bill of materials (CycloneDX) of what the lock file installs.
sbom: $(VENV)/.installed-audit ## The bill of materials
	mkdir -p build
	$(VENV)/audit/bin/cyclonedx-py requirements requirements.txt --output-reproducible -o build/sbom.json

# Changes the code in SAMPLE random places, one at a time, and prints which changes no test notices.
MODULE ?= taskapp/auth
SEED   ?= 1
SAMPLE ?= 20
mutants: $(VENV)/.installed-mutants ## Changes that no test notices
	$(RUN) tests.mutants $(MODULE) $(SEED) $(SAMPLE)

# Compiles the lock files, with hashes, from the short lists.
lock: $(VENV)/.installed-dev ## Compile the lock files
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade requirements.in -o requirements.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade requirements-bench.in -o requirements-bench.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade requirements-audit.in -o requirements-audit.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade requirements-mutants.in -o requirements-mutants.txt

$(VENV)/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "taskapp needs Python 3.11 or newer; say which: make PYTHON=python3.12 ...")'
	@echo "Installing what the service needs; this takes a minute, once."
	$(PYTHON) -m venv $(VENV)
	$(RUN) pip install --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

$(VENV)/.installed-audit: $(VENV)/.installed requirements-audit.txt
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-audit.txt
	touch $@

$(VENV)/.installed-bench: $(VENV)/.installed-dev requirements-bench.txt
	$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	touch $@

$(VENV)/.installed-mutants: $(VENV)/.installed-dev requirements-mutants.txt
	$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements-mutants.txt
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@
