"""Does the console keep its budgets with 5,000 sessions, and with 100,000?

Run it with `make bench-console`; it takes some minutes. It prints a table for each store, the budget
beside each figure, and writes the same to docs/benchmarks/console.md and console.json. With
`--store FOLDER` the stores are made there once and used again. `--sessions N` measures one smaller store
and leaves the files alone.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from console_all import measured
from console_words import report
from figures import keep, table

SIZES = (5_000, 100_000)
_DOCS = Path(__file__).parent.parent / "docs" / "benchmarks"


def main() -> int:
    """Measure, print and keep; with `--check` the exit code is 1 when a budget is not kept."""
    parser = argparse.ArgumentParser(description="Measure the console over large stores.")
    parser.add_argument("--sessions", type=int, help="how many there are, in one store")
    parser.add_argument("--store", type=Path, help="where to keep the stores for another run")
    parser.add_argument("--check", action="store_true", help="fail when a budget is not kept")
    asked = parser.parse_args()
    chosen: tuple[int, ...] = SIZES if asked.sessions is None else (asked.sessions,)
    with tempfile.TemporaryDirectory(prefix="workrail-console-") as folder:
        place: Path = asked.store or Path(folder)
        figures = {
            sessions: measured(place.resolve() / f"home-{sessions}", sessions)
            for sessions in chosen
        }
    for sessions, some in figures.items():
        print(f"{sessions:,} sessions\n{table(some)}\n")
    if chosen == SIZES:
        every = [
            replace(one, name=f"{sessions:,} sessions: {one.name}")
            for sessions, some in figures.items()
            for one in some
        ]
        keep(every, _DOCS / "console.json", quick=False)
        (_DOCS / "console.md").write_text(report(figures), encoding="utf-8")
    missed = any(one.kept is False for some in figures.values() for one in some)
    return 1 if asked.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
