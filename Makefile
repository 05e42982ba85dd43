# Everything starts here: `make run` and `make test` do all set-up on a fresh machine.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
PORT ?= 3000
ROWS ?= 1000
FILE ?=
FILES ?= 10000
ROWS_PER_FILE ?= 1000
SEED ?= 1
MINUTES ?= 20
BODIES ?= 1000000
ROUNDS ?= 20
SERVICE ?= pypi
# One process more than two cores have use for, as some tests mostly wait for a daemon.
WORKERS ?= 3
SHUFFLE ?=
LOCK = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header
# Glue 5 and EMR 7 run Spark 3.5 on Python 3.11 and Amazon Linux 2023, whose glibc is 2.34.
EXECUTORS = --only-binary :all: --python-version 3.11 --python-platform x86_64-manylinux_2_34
MODULES = build/spark/modules
TEMPLATES = deploy/core.yaml deploy/warehouse.yaml deploy/sign-in.yaml deploy/dataset.yaml deploy/spark.yaml
PYTEST = $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(addprefix --shuffle=,$(SHUFFLE))
export MOVIE_PIPELINE_HOME ?= $(CURDIR)/data
export DAGSTER_HOME ?= $(MOVIE_PIPELINE_HOME)/dagster
INPUT := $(MOVIE_PIPELINE_HOME)/$(or $(MOVIE_PIPELINE_LANDING),input)
export DAGSTER_DISABLE_TELEMETRY := 1
# A machine that is busy or asleep answers late; after half a minute the code server would end for good.
export DAGSTER_GRPC_PROXY_HEARTBEAT_TTL_SECONDS ?= 3600
# Containers set it: then each of hundreds of processes would compile the same modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install spark spark-archive free-port run sample first-sample ingest test quick faults soak conformance check format lint types layers templates definitions picture pictures translations fuzz bench bench-ingest bench-spark bench-burst lock audit clean

help: ## List what can be done here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/installed: requirements.lock pyproject.toml setup.py
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' \
	  || { echo "Python 3.11 to 3.14 is needed; $(PYTHON) is $$($(PYTHON) --version). Say which: make PYTHON=python3.12 ..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	sed -n '/^uv==/,/^    #/p' requirements.lock > .venv/uv.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement .venv/uv.lock
	$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes --python $(BIN)/python requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

# Compiled here for commands that are given without make, wherever they may not write bytecode.
install: .venv/installed ## Install exactly what the lock file says into .venv
	@$(BIN)/python -m compileall -qq movie_pipeline movie_pipeline_tests || :
	@$(BIN)/python -m movie_pipeline.tabular.kernels

# ministack pins an older botocore than ours, so it lives in an environment of its own.
.venv/standins/installed: .venv/installed standins.lock
	$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .venv/standins
	$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes --python .venv/standins/bin/python standins.lock
	touch $@

# pyspark is 500 MB, so it lies in a folder of its own, and only where there is Java to run it.
.venv/spark/installed: .venv/installed spark.lock
	rm -rf .venv/spark
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --require-hashes --python $(BIN)/python \
	  --target .venv/spark --requirement spark.lock
	$(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" \
	  | xargs -I{} sh -c 'echo "$(CURDIR)/.venv/spark" > {}/movie_pipeline_spark.pth'
	touch $@

# what benchmarks/peers.py compares with
.venv/bench/installed: .venv/installed bench.lock
	rm -rf .venv/bench
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --require-hashes --python $(BIN)/python \
	  --target .venv/bench --requirement bench.lock
	touch $@

spark: install ## Install Spark for its tests, where there is Java
	@if command -v java > /dev/null; then $(MAKE) --no-print-directory .venv/spark/installed \
	  || echo "Spark could not be installed: what runs on it is not tested."; \
	  else echo "There is no Java here: what runs on Spark is not tested. On Debian: apt-get install default-jre-headless"; fi

# A virtual environment that is complete but for its interpreter, which lies at the same place on both services: so any
# machine makes it, without a container and without a compiler.
spark-archive: .venv/installed ## Make the modules for jobs on Glue and EMR Serverless: build/spark/modules.tar.gz
	rm -rf build/spark build/lib
	mkdir -p $(MODULES)/bin
	ln -s /usr/bin/python3.11 $(MODULES)/bin/python3.11
	ln -s python3.11 $(MODULES)/bin/python3
	ln -s python3.11 $(MODULES)/bin/python
	printf 'home = /usr/bin\ninclude-system-site-packages = false\n' > $(MODULES)/pyvenv.cfg
	$(BIN)/uv pip install --quiet --no-deps --require-hashes $(EXECUTORS) --target $(MODULES)/lib/python3.11/site-packages \
	  --requirement deploy/spark/requirements.lock
	$(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir build/spark .
	$(BIN)/uv pip install --quiet --no-deps $(EXECUTORS) --target $(MODULES)/lib/python3.11/site-packages build/spark/*.whl
	tar --create --gzip --file build/spark/modules.tar.gz --sort=name --owner=0 --group=0 --numeric-owner \
	  --directory $(MODULES) bin lib pyvenv.cfg
	cp deploy/spark/job.py build/spark/
	@du -sh build/spark/modules.tar.gz

# checkov pins an older boto3 than ours: likewise.
.venv/checkov/installed: .venv/installed checkov.lock
	$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .venv/checkov
	$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes --python .venv/checkov/bin/python checkov.lock
	touch $@

$(DAGSTER_HOME)/dagster.yaml: dagster.yaml
	umask 077; mkdir -p $(DAGSTER_HOME); cp dagster.yaml $@

# Several processes that start on a fresh Dagster home would race to create its database.
$(DAGSTER_HOME)/ready: .venv/installed $(DAGSTER_HOME)/dagster.yaml
	@$(BIN)/python -m movie_pipeline.dagster_store
	umask 077; $(BIN)/dagster instance info > /dev/null; touch $@

free-port:
	@$(PYTHON) -c 'import socket; socket.create_server(("127.0.0.1", $(PORT))).close()' 2> /dev/null \
	  || { echo "Port $(PORT) is taken. Stop what listens there, or choose another: make run PORT=$$(($(PORT) + 1))"; exit 1; }

run: free-port install $(DAGSTER_HOME)/ready first-sample ## Start the Dagster UI on 127.0.0.1:3000 with a sample in the landing folder
	@$(BIN)/python -m movie_pipeline.dagster_store
	@echo "The Dagster UI: http://127.0.0.1:$(PORT)   Drop movie CSVs into: $(INPUT)"
	exec $(BIN)/python -m movie_pipeline.cli.supervise --ui http://127.0.0.1:$(PORT) $(BIN)/dagster dev -w workspace.yaml -h 127.0.0.1 -p $(PORT)

sample: install ## Put a sample of ROWS movies into the landing folder
	umask 077; mkdir -p "$(INPUT)"
	$(BIN)/movie-pipeline sample --rows $(ROWS) --out "$(INPUT)/sample.csv"

first-sample: install
	@test -e "$(MOVIE_PIPELINE_HOME)/warehouse.duckdb" || $(MAKE) --no-print-directory sample

ingest: install $(DAGSTER_HOME)/ready ## Run the job once, without the UI: make ingest FILE=movies.csv
	@test -n "$(FILE)" || { echo "Say which file: make ingest FILE=movies.csv"; exit 2; }
	$(BIN)/movie-pipeline ingest "$(FILE)"

test: install spark .venv/standins/installed ## Run the tests
	$(PYTEST)

quick: WORKERS = 2
quick: install ## Run the tests that need neither Dagster nor a server, in less than a minute
	$(PYTEST) -m quick

faults: install .venv/standins/installed ## Inject every fault in both worlds, then switch off every guard: forty minutes
	$(BIN)/python -m movie_pipeline_tests.faults.matrix --seed $(SEED)

soak: install ## Disturb the real daemon for MINUTES=20, then hold what stands there against an oracle
	$(BIN)/python -m movie_pipeline_tests.soak --minutes $(MINUTES) --seed $(SEED)

conformance: WORKERS = 2
conformance: install spark ## Hold ROUNDS=20 times 25 drawn patterns and conditions, and all real files, against the real Spark
	ROUNDS=$(ROUNDS) $(PYTEST) movie_pipeline_tests/spark movie_pipeline_tests/dqdl/test_like_spark.py movie_pipeline_tests/dqdl/test_conformance.py movie_pipeline_tests/dqdl/test_on_spark.py

check: lint types layers templates definitions ## Lint, types, import layers, AWS templates, and whether the definitions load

lint: install
	$(BIN)/ruff format --check
	$(BIN)/ruff check

types: install
	$(BIN)/pyright

layers: install
	$(BIN)/lint-imports

# What is skipped, and why, stands at each resource. Nothing is fetched, and nobody is told.
templates: install .venv/checkov/installed
	$(BIN)/cfn-lint $(TEMPLATES)
	LOG_LEVEL=ERROR .venv/checkov/bin/checkov --framework cloudformation --skip-download --quiet --compact \
	  $(addprefix --file ,$(TEMPLATES))

definitions: install $(DAGSTER_HOME)/ready
	$(BIN)/dagster definitions validate -w workspace.yaml
	$(BIN)/dg check defs

PICTURES_OF = ui/lineage ui/checks report/report

pictures: install ## Take the pictures of docs/pictures/ anew, with Chromium: ten minutes
	$(BIN)/pytest movie_pipeline_tests/ui movie_pipeline_tests/sender_report/test_in_a_browser.py
	for name in $(PICTURES_OF); do cp test-output/$$name.small.png docs/pictures/$$(basename $$name).png; done

format: install ## Format the code and mend what the linter can
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

picture: install ## Draw the picture in docs/ARCHITECTURE.md from the imports as they are
	$(BIN)/python -m movie_pipeline_tests.docs.architecture_picture

translations: install ## Work out anew what sqlglot makes of the SQL files: movie_pipeline/warehouse/worked_out.json
	$(BIN)/python -m movie_pipeline_tests.warehouse.translations

fuzz: install ## Read BODIES=1000000 random bodies by two ways, every index checked
	NUMBA_BOUNDSCHECK=1 $(BIN)/python -m movie_pipeline_tests.tabular.fuzz --bodies $(BODIES)

bench: install .venv/bench/installed ## Measure: a million rows screened and split, also by DuckDB, polars and pandera; the rules alone; one odd record
	$(BIN)/python benchmarks/screen_a_million.py
	$(BIN)/python benchmarks/peers.py
	$(BIN)/python benchmarks/rules_on_a_million.py
	$(BIN)/python benchmarks/one_odd_record.py

bench-ingest: install ## Measure: a whole ingest of a thousand and of a million rows, against SQL written by hand; 200 small files, and bare calls for them
	$(BIN)/python benchmarks/whole_ingest.py
	$(BIN)/python benchmarks/small_files.py
	$(BIN)/python benchmarks/bare_calls.py

bench-spark: install spark ## Measure: ROWS rows of one file screened in process and on a Spark on this machine
	PYTHONPATH=.venv/spark $(BIN)/python benchmarks/screen_on_spark.py --rows $(ROWS)

bench-burst: install ## Measure a burst: FILES=10000 files of ROWS_PER_FILE=1000 rows; then questions to a long ledger
	$(BIN)/python benchmarks/burst.py --files $(FILES) --rows $(ROWS_PER_FILE)
	$(BIN)/python benchmarks/ledger_at_scale.py
	$(BIN)/python benchmarks/a_million_in_landing.py

lock: install ## Work the lock file out again from pyproject.toml
	$(LOCK) --group dev pyproject.toml -o requirements.lock
	$(LOCK) --group standins -o standins.lock
	$(LOCK) --group spark -o spark.lock
	$(LOCK) --group bench -o bench.lock
	$(LOCK) --group templates -o checkov.lock
	$(LOCK) --extra container --constraint requirements.lock pyproject.toml -o deploy/requirements.lock
	$(filter-out --universal,$(LOCK)) --group executors --constraint requirements.lock $(EXECUTORS) -o deploy/spark/requirements.lock

audit: install ## Ask SERVICE (pypi or osv, in the network) for known vulnerabilities of all locked packages
	$(BIN)/python -m movie_pipeline_tests.locks.audit --service $(SERVICE) \
	  requirements.lock standins.lock spark.lock bench.lock checkov.lock deploy/requirements.lock deploy/spark/requirements.lock

clean: ## Remove everything that the other targets made, the data folder included
	rm -rf .venv data build dist test-output .pytest_cache .ruff_cache .hypothesis .import_linter_cache \
	  .coverage *.egg-info .tmp_dagster_home_*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
