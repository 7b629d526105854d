"""Does the store lose, repeat or spoil anything when processes are killed and disks fail?

Run it with `make bench-crash-store`: ten minutes or so on two cores. It writes
docs/benchmarks/store-crash.md and .json and exits with 1 when anything acknowledged was lost or
repeated, a session cannot be read, or a fault was not explained. `--quick` does a little of
everything and writes nothing unless `--into` names a folder. The two parts with random kills stop
after some minutes; where a busy machine did not get far by then, `--more N` adds N kills to the report.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from crash_faults import bad_disks, real_disks
from crash_kills import random_kills, statement_kills
from crash_report import Results, add, as_markdown, write
from crash_together import crowd

_RESULTS = Path(__file__).parent.parent / "docs" / "benchmarks"


@dataclass(frozen=True)
class Plan:
    """How much is done."""

    random_kills: int = 520
    """With one writer on a store, and again with four."""
    most_seconds: float = 450
    """For each of the two."""
    stride: int = 1
    """Every n-th statement and every n-th write."""
    rounds: int = 40
    """How often the disk fills up."""
    servers: int = 16
    steps: int = 60
    """Steps of each server's session in the crowd."""


QUICK = Plan(random_kills=6, most_seconds=12, stride=23, rounds=3, servers=4, steps=5)


def main() -> int:
    """Do everything, print the report, keep it; 1 when the store broke a promise."""
    parser = argparse.ArgumentParser(description="Kill servers and break disks.")
    parser.add_argument("--quick", action="store_true", help="do a little of everything")
    parser.add_argument("--into", type=Path, help="folder for the report")
    parser.add_argument("--more", type=int, help="only kill so often at random, and add it there")
    asked = parser.parse_args()
    quick: bool = asked.quick
    if asked.more is not None:
        return _more(asked.more, asked.into or _RESULTS)
    results = Results(quick)
    began = perf_counter()
    with tempfile.TemporaryDirectory(prefix="workrail-crash-") as folder:
        _measure(Path(folder).resolve(), QUICK if quick else Plan(), results)
    results.seconds = perf_counter() - began
    print(as_markdown(results))
    into: Path | None = asked.into or (None if quick else _RESULTS)
    if into is not None:
        write(results, into)
    return 0 if results.sound else 1


def _measure(folder: Path, plan: Plan, results: Results) -> None:
    for shared in (False, True):
        home = folder / f"statements-{shared}"
        home.mkdir()
        told = _progress(
            f"killing at every statement, {'four writers' if shared else 'one writer'}"
        )
        results.kills.append(statement_kills(home, plan.stride, told, shared=shared))
    results.faults += bad_disks(folder / "bad", plan.stride, _progress("failing writes"))
    results.faults += real_disks(folder / "real", plan.rounds)
    results.crowd = crowd(folder, plan.steps, plan.servers)
    for shared in (False, True):
        home = folder / f"random-{shared}"
        told = _progress(f"killing at random, {'four writers' if shared else 'one writer'}")
        some = random_kills(home, plan.random_kills, plan.most_seconds, told, shared=shared)
        results.kills.append(some)


def _more(count: int, into: Path) -> int:
    """Further random kills, for where a busy machine ran into the time limit."""
    began = perf_counter()
    with tempfile.TemporaryDirectory(prefix="workrail-crash-") as folder:
        told = _progress("killing at random, one writer")
        home, limit = Path(folder).resolve(), Plan().most_seconds
        kills = random_kills(home, count, limit, told, shared=False)
    kills.title = f"{kills.title}, continued"
    add(kills, perf_counter() - began, into)
    return 0 if kills.findings.sound and not kills.findings.faults else 1


def _progress(title: str) -> Callable[[int], None]:
    """Says how far a part has come: on a terminal all the time, else at every hundred."""
    print(f"{title} …", file=sys.stderr, flush=True)
    said = 0

    def told(done: int) -> None:
        nonlocal said
        if done == said:
            return
        if sys.stderr.isatty():
            print(f"\r{title}: {done}", end="", file=sys.stderr, flush=True)
        elif done // 100 != said // 100:
            print(f"{title}: {done}", file=sys.stderr, flush=True)
        said = done

    return told


if __name__ == "__main__":
    sys.exit(main())
