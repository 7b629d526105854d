"""How is the report about a large store worded?"""

import os
import platform
import sqlite3
from collections.abc import Iterable

from figures import Figure

_HOW = """\
One store of {sessions:,} sessions of a workflow of three steps, over 40 repositories and 600 branches: half
of them complete, the others at some step; every tenth was started by another. Every goal says "repair",
one says "lighthouse", one in 200 says "pagination"; notes of 300 B are drawn from fifty words. The rows
are written by the product's own commit path, only in larger transactions. Then one more session goes
10,000 steps through a loop, by the engine, each step durable before the next.

    make bench-scale                              # makes the store, measures, writes this page
    python bench/scale.py --store FOLDER          # makes it once, measures again
    python bench/scale.py --sessions 2000         # a smaller one; writes nothing

Measured with {cores} cores, {system}, Python {python}, SQLite {sqlite}. Everything is measured in process but
what names a server or a command, which runs as its own process. Times move by a factor of two and more
on a busy machine: over the last five minutes of the run {load:.1f} processes wanted its {cores} cores.

Of a word that thousands of sessions hold, `resume_session` looks at the 1,000 newest, which is said in
the answer ("1,000 or more"); as soon as another word is rare, every session is looked at. Lists show
every session, page by page.
"""


def report(figures: Iterable[Figure], sessions: int) -> str:
    """The page: how it was measured, and every figure beside its budget."""
    how = _HOW.format(
        sessions=sessions,
        cores=os.cpu_count(),
        system=platform.system(),
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        load=os.getloadavg()[1],
    )
    lines = ["| figure | value | budget | kept |", "|---|---|---|---|"]
    for figure in figures:
        budget = "" if figure.budget is None else f"{figure.kept_when} {figure.budget:g}"
        kept = {None: "", True: "yes", False: "no"}[figure.kept]
        lines.append(f"| {figure.name} | {figure.value:,.2f} {figure.unit} | {budget} | {kept} |")
    return f"# A large store\n\nWritten by `make bench-scale`.\n\n{how}\n" + "\n".join(lines) + "\n"
