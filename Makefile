# `make` = lint + types + tests. Everything sets itself up: a virtual environment and the pinned requirements.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
export PYTHONUNBUFFERED = 1

.PHONY: all setup setup-dev demo run test lint types check redis bench soak reliability corpus lock image-test compose-check clean

all: lint types test

$(BIN)/.run: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

$(BIN)/.dev: $(BIN)/.run tests/requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/requirements.txt
	touch $@

setup: $(BIN)/.run
setup-dev: $(BIN)/.dev

# The main job, start to end, against a Telegram on this machine. No account needed.
demo: setup
	$(BIN)/python userbot.py sandbox --demo

# Real use. The first time it leads through signing in.
run: setup
	$(BIN)/python userbot.py login --if-needed
	$(BIN)/python userbot.py run

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-dev
	$(BIN)/mypy

# The tests of both stores need a real redis-server: found, or installed where that is possible.
redis:
	@command -v redis-server >/dev/null || { echo "redis-server is missing; installing it"; \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq redis-server >/dev/null; \
	  elif command -v sudo >/dev/null; then sudo -n apt-get update -qq && sudo -n apt-get install -y -qq redis-server >/dev/null; fi; } \
	  || echo "redis-server could not be installed: the Redis tests will say so"

test: setup-dev redis
	$(BIN)/python -m pytest $(ARGS)

bench: setup
	$(BIN)/python -m bench $(ARGS)

# The program under a random schedule of notes, kills and broken connections; fails on a note lost or said twice.
soak: setup-dev redis
	$(BIN)/python -m tests.soak $(ARGS)

# Plays every named fault and writes the table in docs/reliability.md.
reliability: setup-dev redis
	$(BIN)/python -m tests.faults.report

# Feeds a thousand damaged recordings to the real engine.
corpus: setup-dev
	$(BIN)/python -m tests.corpus --run $(ARGS)

# Writes the pinned, hash-locked requirements from the short lists in pyproject.toml.
lock: setup-dev
	$(BIN)/uv pip compile pyproject.toml --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links -q -o requirements.txt
	$(BIN)/uv pip compile --group dev -c requirements.txt --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links -q -o tests/requirements.txt

# Builds the container image and runs it for real, without a Docker engine (Debian: buildah, debootstrap; root).
image-test: setup
	tools/image_test/run.sh

compose-check:
	docker-compose -f docker-compose.yml config --quiet && echo "docker-compose.yml is valid"

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
