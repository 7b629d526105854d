# One verb a habit. Every target sets itself up: all it needs is python3 >= 3.11 with pip.
PYTHON ?= python3
UV      = .venv/bin/uv
RUN     = $(UV) run --locked --no-sync
ARGS   ?=

.DEFAULT_GOAL := help
# What is measured is compiled already, as an installed program is, whatever the shell says of that.
bench bench-console bench-scale: export PYTHONDONTWRITEBYTECODE =
.PHONY: help setup demo test check lint types imports alone bench bench-crash-store bench-scale bench-console bench-crash bench-honesty bench-containment screenshots golden-store golden-replies conformance e2e-claude fix

help:  ## say what each target does
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

setup: .venv/ready  ## put uv into .venv and everything from the lock file after it

.venv/ready: uv.lock pyproject.toml $(wildcard packages/*/pyproject.toml)
	@test -x $(UV) || { $(PYTHON) -m venv .venv && .venv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.13,<0.14'; }
	@$(UV) sync --locked --inexact --quiet 2>/dev/null || $(UV) sync --locked --inexact --quiet --system-certs
	@touch $@

demo: setup  ## run a real workflow over stdio, from its first step to run_completed
	@$(RUN) python demo/run.py $(ARGS)

test: setup  ## run every test (ARGS are given to pytest)
	@$(RUN) pytest -n 2 $(ARGS)

check: lint types imports $(if $(TESTED),,test) alone  ## all that must hold before a change lands (TESTED=yes: make test was run just now)

lint: setup
	@$(RUN) ruff check
	@$(RUN) ruff format --check
	@$(UV) lock --check --quiet

types: setup
	@$(RUN) basedpyright --warnings

imports: setup
	@$(RUN) lint-imports

alone: setup  ## import every module of each member where only its own dependencies are installed
	@$(RUN) python tests/alone.py

bench: setup  ## measure, against the budgets, and write docs/benchmarks/latest.json
	@$(RUN) python bench/run.py $(ARGS)

bench-crash-store: setup  ## kill servers, break disks, and write docs/benchmarks/store-crash.md
	@$(RUN) python bench/crash_store.py $(ARGS)

bench-scale: setup  ## measure 100,000 sessions and one of 10,000 steps; writes docs/benchmarks/scale.md
	@$(RUN) python bench/scale.py $(ARGS)

bench-console: setup  ## measure the console over 5,000 and 100,000 sessions; writes docs/benchmarks/console.md
	@$(RUN) python bench/console.py $(ARGS)

bench-crash: setup  ## kill daemons at random, on SQLite and PostgreSQL; writes docs/benchmarks/crash.md
	@$(RUN) python bench/crash_daemon.py $(ARGS)

bench-honesty: setup  ## let lying agents try, with and without checks; writes docs/benchmarks/honesty.md
	@$(RUN) python bench/honesty.py $(ARGS)

bench-containment: setup  ## let obedient agents follow injected instructions; writes docs/benchmarks/containment.md
	@$(RUN) python bench/containment.py $(ARGS)

screenshots: setup  ## photograph every page of the console (needs chromium); writes docs/screenshots
	@$(RUN) python e2e/screenshots.py $(ARGS)

golden-store: setup  ## keep a small store of the present schema for later releases to open
	@$(RUN) python packages/engine/tests/golden/make_golden.py

golden-replies: setup  ## write the kept replies of the MCP server anew; read the difference before you keep it
	@$(RUN) pytest -q -p no:randomly packages/mcp_server/tests/test_golden_replies.py --update-golden

conformance: setup  ## run the public MCP suites and the Inspector (needs npm); writes docs/benchmarks/conformance.md
	@$(RUN) python e2e/conformance/run.py $(ARGS)

e2e-claude: setup  ## run the real Claude Code against a scripted model; writes docs/benchmarks/claude-code.md
	@$(UV) sync --locked --inexact --quiet --group e2e 2>/dev/null || $(UV) sync --locked --inexact --quiet --group e2e --system-certs
	@$(RUN) python e2e/claude/run.py $(ARGS)

fix: setup  ## mend what the linter and the formatter can mend
	@$(RUN) ruff check --fix
	@$(RUN) ruff format
