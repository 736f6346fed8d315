# Every target starts from Python 3.11 or newer and a network; what it needs goes into .venv, from the lock.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --custom-compile-command "make lock"

.PHONY: demo test slow bench check docs docs-check lock clean

demo: .venv/run.stamp  ## simulate a company, show its numbers, then serve its pages at http://127.0.0.1:8321
	test ! -d demo-company || $(BIN)/polso -C demo-company serve --stop
	rm -rf demo-company
	$(BIN)/polso demo demo-company
	$(BIN)/polso -C demo-company serve --background --open

test: .venv/dev.stamp .venv/browser.stamp  ## every test but the slow ones, Spark included
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadgroup -m "not slow" $(ARGS)

slow: .venv/dev.stamp  ## the tests that take minutes
	$(BIN)/python -m pytest -m slow --hypothesis-profile search $(ARGS)

bench: .venv/dev.stamp
	$(BIN)/python -m bench $(ARGS)

check: .venv/dev.stamp docs  ## style, types, layers, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

docs: .venv/dev.stamp docs-check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

docs-check: .venv/dev.stamp  ## the generated pages say what the code says
	$(BIN)/python docs/generate.py --check

lock: .venv/dev.stamp  ## move every pinned version to the newest that pyproject.toml allows
	$(COMPILE) --output-file requirements/dev.txt \
		--extra spark --group build --group test --group check --group docs
	$(COMPILE) --output-file requirements/run.txt --group build --constraints requirements/dev.txt

clean:
	rm -rf .venv demo-company site

.venv/run.stamp: requirements/run.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install --quiet --require-hashes -r requirements/run.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	touch $@

.venv/dev.stamp: requirements/dev.txt .venv/run.stamp
	$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	touch $@

# The tests of the pages drive the system's own Chromium; where it cannot be had they say so and are skipped.
.venv/browser.stamp: .venv/run.stamp
	@if ! { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null; then \
		root=; test "$$(id -u)" = 0 || root=sudo; \
		$$root apt-get update && $$root apt-get install -y --no-install-recommends chromium || \
		echo "No Chromium here, and it could not be installed: install one, or name it in POLSO_CHROMIUM."; \
	fi
	touch $@
