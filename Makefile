# `make` = lint + types + tests. Everything sets itself up: a virtual environment and the pinned requirements.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
export PYTHONUNBUFFERED = 1

.PHONY: all setup setup-dev demo run test lint types check system bench soak reliability screens session corpus lock image-test compose-check clean

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

# What the tests need of the system: a real redis-server, and libfaketime to set the clock of a program. Found, or
# installed where that is possible.
APT := $(if $(filter 0,$(shell id -u)),,sudo -n) apt-get
system:
	@command -v redis-server >/dev/null && ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || { \
	  echo "redis-server or libfaketime is missing; installing them"; \
	  $(APT) update -qq && $(APT) install -y -qq redis-server libfaketime >/dev/null; } \
	  || echo "they could not be installed: the tests that need them will say so"

# In two processes, a file in one of them: most of the time a test waits, and a file's tests may share what they began.
test: setup-dev system
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

bench: setup
	$(BIN)/python -m bench $(ARGS)

# The program under a random schedule of notes, kills and broken connections; fails on a note lost or said twice.
soak: setup-dev system
	$(BIN)/python -m tests.soak $(ARGS)

# Plays every named fault and writes the table in docs/reliability.md.
reliability: setup-dev system
	$(BIN)/python -m tests.faults.report

# Writes docs/screens/: every screen in both languages.
screens: setup-dev
	$(BIN)/python -m tests.screens

# Writes the terminal sessions in the READMEs by running them.
session: setup-dev
	$(BIN)/python -m tests.session

# Feeds a thousand damaged recordings to the real engine.
corpus: setup-dev
	$(BIN)/python -m tests.corpus --run $(ARGS)

# Writes the pinned, hash-locked requirements from the short lists in pyproject.toml.
lock: setup-dev
	$(BIN)/uv pip compile pyproject.toml --python-version 3.11.0 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links -q -o requirements.txt
	$(BIN)/uv pip compile --group dev -c requirements.txt --python-version 3.11.0 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links -q -o tests/requirements.txt

# Builds the container image and runs it for real, without a Docker engine (Debian: buildah, debootstrap; root).
image-test: setup
	tools/image_test/run.sh

compose-check:
	docker-compose -f docker-compose.yml config --quiet && echo "docker-compose.yml is valid"

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
