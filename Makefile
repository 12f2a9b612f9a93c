# make demo: the app, from nothing.   make test: lint and tests, from nothing.   make slow, make lint, make clean.
# make web: the app as a static site, in web/, from nothing; npm fetches its runtime.
# PYTHON makes the virtual environment, VENV is where it lies: make test PYTHON=python3.12 VENV=/tmp/venv

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo web test slow lint clean

demo: $(VENV)/installed-demo
	$(BIN)/python app.py

web: $(VENV)/installed-web
	$(BIN)/scfegan export --web web

test: lint
	$(BIN)/python -m pytest

slow: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache dist build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# PyTorch first and by itself: its version is then settled, and nothing after it asks for another.
$(VENV)/installed-torch:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet torch==2.13.0
	touch $@

$(VENV)/installed-%: pyproject.toml $(VENV)/installed-torch
	$(BIN)/python -m pip install --quiet --editable ".[$*]"
	touch $@
