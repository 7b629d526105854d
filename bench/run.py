"""Does the product keep the budgets of its design on this machine?

Run it with `make bench`. It prints a table, the budget beside each figure, and writes the same to
docs/benchmarks/latest.json. Medians where something was repeated. `--quick` measures less and
leaves the file alone; `--check` makes a budget that is not kept an error, which makes sense only on a
machine that does nothing else.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from console_all import measured
from daemon import daemon_figures
from figures import Figure, keep, table
from proving import overhead
from space import beyond_authored, disk
from startup import cold_start, first_call, memory
from stepping import QUICK, Plan, in_process, over_stdio
from together import advances_a_second, resume_among

_RESULTS = Path(__file__).parent.parent / "docs" / "benchmarks" / "latest.json"


def main() -> int:
    """Measure, print and keep; with `--check` the exit code is 1 when a budget is not kept."""
    parser = argparse.ArgumentParser(description="Measure the budgets of the design.")
    parser.add_argument("--quick", action="store_true", help="measure less, write no file")
    parser.add_argument("--check", action="store_true", help="fail when a budget is not kept")
    asked = parser.parse_args()
    quick: bool = asked.quick
    figures: list[Figure] = []
    for title, measure in _measurements(quick=quick):
        print(f"measuring: {title} …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="workrail-bench-") as folder:
            figures.extend(measure(Path(folder).resolve()))
    print(table(figures))
    if not quick:
        keep(figures, _RESULTS, quick=quick)
    return 1 if asked.check and any(figure.kept is False for figure in figures) else 0


def _measurements(*, quick: bool) -> Iterator[tuple[str, Callable[[Path], tuple[Figure, ...]]]]:
    plan = QUICK if quick else Plan()
    yield "cold start", lambda folder: cold_start(folder, 5 if quick else 20)
    yield "first call", first_call
    yield "memory", memory
    yield "steps in process", lambda folder: in_process(folder, plan)
    yield "steps over stdio", lambda folder: over_stdio(folder, plan)
    yield "proofs", lambda folder: overhead(folder, 100 if quick else 1_000)
    yield "several processes", lambda folder: advances_a_second(folder, 2.0 if quick else 6.0)
    yield "many sessions", lambda folder: resume_among(folder, 300 if quick else 5_000)
    yield "disk", disk
    yield "what an agent reads", beyond_authored
    yield "the daemon", lambda folder: daemon_figures(folder, 16 if quick else 48)
    yield "the console", lambda folder: _console(folder, 300 if quick else 5_000)


def _console(folder: Path, sessions: int) -> tuple[Figure, ...]:
    """`make bench-console` measures more sessions."""
    figures = measured(folder / "home", sessions)
    return tuple(replace(one, name=f"console, {one.name}") for one in figures)


if __name__ == "__main__":
    sys.exit(main())
