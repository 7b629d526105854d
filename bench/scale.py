"""Does the product stay quick with 100,000 sessions, and with one of 10,000 steps?

Run it with `make bench-scale`; it takes some minutes. It prints a table, the budget beside each figure,
and writes the same to docs/benchmarks/scale.md and scale.json. With `--store FOLDER` the store is made
there once and used again. `--sessions N` measures a smaller one and leaves the files alone.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

from figures import Figure, keep, table
from scale_long import advances_of_one, verifying_one
from scale_look import in_the_console, lists, lookups
from scale_server import cold_starts, memory_after_calls
from scale_store import scaled
from scale_words import report

from workrail_engine.system import Locations

SESSIONS = 100_000
_DOCS = Path(__file__).parent.parent / "docs" / "benchmarks"


def main() -> int:
    """Measure, print and keep; with `--check` the exit code is 1 when a budget is not kept."""
    parser = argparse.ArgumentParser(description="Measure a large store and a long session.")
    parser.add_argument("--sessions", type=int, default=SESSIONS, help="how many there are")
    parser.add_argument("--store", type=Path, help="where to keep the store for another run")
    parser.add_argument("--check", action="store_true", help="fail when a budget is not kept")
    asked = parser.parse_args()
    if asked.store is not None:
        asked.store.mkdir(parents=True, exist_ok=True)
        figures = _measured(asked.store.resolve(), asked.sessions)
    else:
        with tempfile.TemporaryDirectory(prefix="workrail-scale-") as folder:
            figures = _measured(Path(folder).resolve(), asked.sessions)
    print(table(figures))
    if asked.sessions == SESSIONS:
        keep(figures, _DOCS / "scale.json", quick=False)
        (_DOCS / "scale.md").write_text(report(figures, SESSIONS), encoding="utf-8")
    return 1 if asked.check and any(figure.kept is False for figure in figures) else 0


def _measured(folder: Path, sessions: int) -> list[Figure]:
    print(f"making {sessions:,} sessions …", file=sys.stderr, flush=True)
    began = perf_counter()
    where = scaled(folder / "home", sessions)
    took = perf_counter() - began
    size = where.database.stat().st_size
    figures = [
        Figure("sessions in the store", sessions, "sessions"),
        Figure("the store's file", size / 1024 / 1024, "MB"),
        Figure("a session on disk", size / sessions / 1024, "KB"),
    ]
    if took > 1:
        figures.append(Figure("making the store", took, "s"))
    for title, measure in _measurements(where, folder / "small"):
        print(f"measuring: {title} …", file=sys.stderr, flush=True)
        figures.extend(measure())
    return figures


def _measurements(
    where: Locations, small: Path
) -> Iterator[tuple[str, Callable[[], tuple[Figure, ...]]]]:
    yield "finding a session", lambda: lookups(where)
    yield "lists", lambda: lists(where)
    yield "the console", lambda: in_the_console(where)
    yield "cold start", lambda: cold_starts(where.home, small)
    yield "memory of a server", lambda: memory_after_calls(where.home)
    yield "one session of 10,000 steps", lambda: advances_of_one(where)
    yield "verifying it", lambda: verifying_one(where)


if __name__ == "__main__":
    sys.exit(main())
