# Two commands: `make demo` shows the product on a local CRM, `make test` runs everything that CI runs.
PYTHON ?= python3
CRM ?= hubspot
BIN := .venv/bin

# The tests start hundreds of processes: none of them should compile the product anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test format bench wheel lock clean

demo: .venv/installed
	$(BIN)/leadripe demo --crm $(CRM)

test: .venv/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadscope -q

format: .venv/installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/installed
	$(BIN)/python -m bench.scoring
	$(BIN)/python -m bench.store
	$(BIN)/python -m bench.opportunities
	$(BIN)/python -m bench.hubspot_io
	$(BIN)/python -m bench.salesforce_io

wheel: .venv/installed
	$(BIN)/python -m build --no-isolation --wheel

# The lock: hashes of every package, and no word of where they come from.
lock:
	$(PYTHON) -m uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --quiet -o requirements.txt
	$(PYTHON) -m uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --quiet -o requirements-dev.txt

.venv/installed: requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

clean:
	rm -rf .venv build dist leadripe-demo
