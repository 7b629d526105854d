"""What is measured of the console over one store?"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from console_browser import in_chromium
from console_client import console
from console_look import pages, restarts, shown, sizes, while_hammered
from console_store import Made, made
from figures import Figure

from workrail_engine.system import Locations


def measured(folder: Path, sessions: int) -> list[Figure]:
    """Everything about one store, which is made unless it is there; says on stderr how far it is."""
    print(f"making {sessions:,} sessions …", file=sys.stderr, flush=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    where, store = made(folder, sessions)
    figures: list[Figure] = []
    for title, measure in _measurements(where, store):
        print(f"measuring: {title} …", file=sys.stderr, flush=True)
        figures.extend(measure())
    return figures


def _measurements(
    where: Locations, store: Made
) -> Iterator[tuple[str, Callable[[], tuple[Figure, ...]]]]:
    yield "restart", lambda: restarts(where)
    with console(where.home) as port:
        yield "pages", lambda: pages(port, store)
        yield "sizes", lambda: sizes(port)
        yield "a session while the list is hammered", lambda: while_hammered(port, store)
        yield "going through every row", lambda: shown(port, store)
        yield "Chromium", lambda: in_chromium(where, port, store)
