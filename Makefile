# Emporium. `make run` and `make test` are all that most people need.

VENV ?= .venv
PYTEST_ARGS ?=
BIN := $(VENV)/bin

# The benchmark: where tasks.py and score.py are, where its runs go, which tasks (all).
BENCH ?= ../shared/bench
BENCH_WORK ?= out/benchmark
TASKS ?=
QUALITY = $(BIN)/python -m benchmarks.quality

.PHONY: help install run test lint lock wheel clean distclean \
    benchmark-quality benchmark-ablation peers-environment

help:
	@echo "make run       the sample shop, from its tables to a server that answers"
	@echo "make test      every test"
	@echo "make lint      ruff, mypy and the import rules between the rooms"
	@echo "make install   the environment alone; nothing where it is in place"
	@echo "make lock      compile requirements.lock from setup.py anew"
	@echo "make wheel     dist/emporium-*.whl, for Beam workers and Kubeflow images"
	@echo "make benchmark-quality    every task and peer, then the table of the README; hours"
	@echo "make benchmark-ablation   what each part is worth; hours"
	@echo "make clean     remove caches and builds   make distclean   and the environment"

# Returns at once where the stamp of this lock file is in place.
install:
	@sh scripts/install.sh "$(VENV)"

run: install
	$(BIN)/emporium demo

# A file's tests share what they set up, so they stay in one process.
test: install
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile \
	    --no-loadscope-reorder $(PYTEST_ARGS)

lint: install
	@status=0; for check in "ruff check ." mypy lint-imports; do \
	    echo "$$check"; $(BIN)/$$check || status=1; \
	done; exit $$status

# Keeps the versions of the present file where they still fit; delete a line to move one.
lock: install
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet setup.py --all-extras \
	    --python-version 3.10 --python-platform x86_64-manylinux_2_28 --generate-hashes \
	    --output-file requirements.lock

wheel: install
	$(BIN)/python -m build --wheel --no-isolation

# What has a result in benchmarks/results/ is not run again.
benchmark-quality: install
	@test ! -f "$(BENCH)/score.py" || $(MAKE) --no-print-directory peers-environment \
	    || echo "going on without sentence-transformers, see above" >&2
	$(QUALITY) --bench "$(BENCH)" --work "$(BENCH_WORK)" all $(TASKS)

benchmark-ablation: install
	$(QUALITY) --bench "$(BENCH)" --work "$(BENCH_WORK)" ablation $(TASKS)

# PyTorch and sentence-transformers, which only a peer of the benchmark needs.
peers-environment: install .venv-peers/.installed

.venv-peers/.installed: benchmarks/peers-requirements.txt
	$(BIN)/uv venv --quiet --seed --clear --python 3.11 .venv-peers
	.venv-peers/bin/pip install --quiet --requirement $<
	touch $@

clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis \
	    .import_linter_cache
	find pipeline model serving tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv .venv.trash .venv-peers .bootstrap
