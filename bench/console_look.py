"""How quick are the console's pages, asked for as a browser asks?"""

import json
from collections.abc import Iterator
from statistics import median
from time import perf_counter
from typing import Final

from console_client import Asker, console, hammered
from console_store import Made
from figures import Figure, p50_p95
from scale_store import COMMON, RARE, SOME

from workrail_engine.system import Locations

LIST_P50_MS: Final = 15.0
LIST_P95_MS: Final = 40.0
SESSION_P50_MS: Final = 40.0
LONG_MS: Final = 150.0
SEARCH_P50_MS: Final = 60.0
LIST_KB: Final = 15.0
SCRIPT_KB: Final = 6.0
RESTART_S: Final = 1.0
HAMMERED: Final = 2.0
_TIMES: Final = 60
_STARTS: Final = 5


def restarts(where: Locations) -> tuple[Figure, ...]:
    """From starting the program to the first page, on a store that is there."""
    took: list[float] = []
    for _ in range(_STARTS):
        began = perf_counter()
        with console(where.home) as port:
            Asker(port).get("/")
            took.append(perf_counter() - began)
    return (Figure("restart to first page", median(took), "s", RESTART_S, samples=_STARTS),)


def pages(port: int, store: Made) -> tuple[Figure, ...]:
    """Each page by itself."""
    asker = Asker(port)
    # First what a console that has just started is asked for: it checks records meanwhile.
    figures = list(_within("list", asker.took_anew("/", _TIMES), LIST_P50_MS, LIST_P95_MS))
    for name, address in (("every session", "/?all=1"), ("blocked", "/?status=blocked&all=1")):
        took = asker.took_anew(address, _TIMES)
        figures += _within(f"list, {name}", took, LIST_P50_MS, LIST_P95_MS)
    figures += p50_p95("list, again within a second", asker.took("/", _TIMES))
    figures += p50_p95("workflows", asker.took("/workflows", _TIMES))
    for name, word in (("one has", RARE), ("one in 200 has", SOME), ("all have", COMMON)):
        took = asker.took(f"/search?q={word}", _TIMES)
        figures += p50_p95(f"search for a word {name}", took, SEARCH_P50_MS)
    took = asker.took(f"/sessions/{store.usual}", _TIMES)
    figures += p50_p95("session of 41 steps", took, SESSION_P50_MS)
    for view in ("story", "outline", "timeline", "events"):
        took = asker.took(f"/sessions/{store.long}?view={view}", _TIMES // 3)
        figures += p50_p95(f"session of 10,000 events, {view}", took, LONG_MS)
    return tuple(figures)


def sizes(port: int) -> tuple[Figure, ...]:
    """What a first visit of the list fetches, packed."""
    asker = Asker(port)
    page, style, script = (
        len(asker.get(address)) / 1024
        for address in ("/", "/static/console.css", "/static/console.js")
    )
    return (
        Figure("list: page, style and script, packed", page + style + script, "KB", LIST_KB),
        Figure("the page alone, packed", page, "KB"),
        Figure("script, packed", script, "KB", SCRIPT_KB),
    )


def while_hammered(port: int, store: Made) -> tuple[Figure, ...]:
    """A session's page while two other processes ask for the list without a pause."""
    asker, address = Asker(port), f"/sessions/{store.usual}"
    idle = asker.took(address, _TIMES)
    with hammered(port, "/"):
        busy = asker.took(address, _TIMES)
    calm, _ = p50_p95("session while nobody else asks", idle), None
    loud = p50_p95("session while the list is hammered", busy)
    return (
        *calm,
        *loud,
        Figure("p95, the second / the first", loud[1].value / calm[1].value, "times", HAMMERED),
    )


def shown(port: int, store: Made) -> tuple[Figure, ...]:
    """How many of the sessions that are stored can be reached by going from page to page."""
    seen = set(_listed(Asker(port)))
    return (
        Figure(
            "rows shown of those stored", 100 * len(seen) / store.sessions, "%", 100, "at least"
        ),
    )


def _listed(asker: Asker) -> Iterator[str]:
    address: str | None = "/sessions.json?all=1"
    while address is not None:
        page = json.loads(asker.text(address))
        for line in page["sessions"]:
            yield line["summary"]["session_id"]
        address = page["next"]


def _within(name: str, took: list[float], p50: float, p95: float) -> tuple[Figure, Figure]:
    middle, high = p50_p95(name, took, p50)
    return middle, Figure(high.name, high.value, high.unit, p95, samples=high.samples)
