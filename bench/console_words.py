"""How is the report about the console's speed worded?"""

import os
import platform
import sqlite3
from collections.abc import Mapping, Sequence
from itertools import chain

from figures import Figure

_HOW = """\
The stores are those of [the large store](scale.md): sessions of three steps over 40 repositories and
600 branches, half of them complete, every tenth started by another; and beside them one session of 41
steps, one of 10,000 events, and one that goes on while it is looked at. The console runs as its own process, on the machine that asks it, over
one connection that stays open. Bytes are as they travel, packed. A first paint is Chromium's
first-contentful-paint with nothing cached. A list is asked for by one browser after the other, each of
which has been looking since another time, so that every page is made anew; who asks for the same again within
a second is given the same page. "Write to visible" is the time from a step's answer to its
text in a page that is open and follows live. While the list is hammered, two other processes ask for it
without a pause.

    make bench-console                            # makes the stores, measures, writes this page
    python bench/console.py --store FOLDER        # makes them once, measures again
    python bench/console.py --sessions 500        # one smaller store; writes nothing

Measured with {cores} cores, {system}, Python {python}, SQLite {sqlite}. Times move by a factor of two and more
on a busy machine: over the last five minutes of the run {load:.1f} processes wanted its {cores} cores.
"""


def report(figures: Mapping[int, Sequence[Figure]]) -> str:
    """The page: how it was measured, and every figure of each store beside its budget."""
    how = _HOW.format(
        cores=os.cpu_count(),
        system=platform.system(),
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        load=os.getloadavg()[1],
    )
    names = dict.fromkeys(one.name for one in chain(*figures.values()))
    columns = [f"{sessions:,} sessions" for sessions in figures]
    lines = [
        "| figure | budget | " + " | ".join(columns) + " |",
        "|---|---|" + "---:|" * len(columns),
        *(
            _line(name, [dict(_by_name(some)).get(name) for some in figures.values()])
            for name in names
        ),
    ]
    return f"# The console\n\nWritten by `make bench-console`.\n\n{how}\n" + "\n".join(lines) + "\n"


def _by_name(figures: Sequence[Figure]) -> list[tuple[str, Figure]]:
    return [(one.name, one) for one in figures]


def _line(name: str, values: Sequence[Figure | None]) -> str:
    budget = next(
        (one.budget for one in values if one is not None and one.budget is not None), None
    )
    kind = next((one.kept_when for one in values if one is not None), "")
    allowed = "" if budget is None else f"{kind} {budget:g}"
    return f"| {name} | {allowed} | " + " | ".join(_value(one) for one in values) + " |"


def _value(figure: Figure | None) -> str:
    if figure is None:
        return "not measured"
    missed = " **over**" if figure.kept is False else ""
    return f"{figure.value:,.1f} {figure.unit}{missed}"
