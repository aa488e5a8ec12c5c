# Two commands on a fresh machine: `make demo` and `make test`. Each first sets up what it needs, once.

WORKERS ?= 4 # more than cores: many tests wait for a server, a shell or a moment

# .venv/NAME.ready says that scripts/setup has prepared .venv for this purpose.
.PHONY: demo test run-tests lint bench clean

demo: .venv/demo.ready
	.venv/bin/guardsh demo

test:
	scripts/within-reach $(MAKE) --no-print-directory run-tests

run-tests: .venv/test.ready
	.venv/bin/pytest -n $(WORKERS) --dist loadfile $(ARGS)

lint: .venv/lint.ready
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
	.venv/bin/shellcheck $$(scripts/shell-files)

bench: .venv/test.ready
	.venv/bin/python -m benchmarks.run $(ARGS)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

.venv/%.ready: pyproject.toml scripts/setup
	scripts/setup $*
