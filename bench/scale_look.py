"""How long does it take to find one of many sessions, and to see some of them?"""

from collections.abc import Callable
from time import perf_counter
from typing import Final

from fastapi.testclient import TestClient
from figures import Figure, p50_p95
from scale_store import COMMON, RARE, SOME, branch, repository

from workrail_console.app import create_app
from workrail_engine.engine import ResumeRequest, open_engine
from workrail_engine.outcomes import Found
from workrail_engine.reader import Reader, open_reader
from workrail_engine.system import Locations, SystemClock

RESUME_BUDGET_MS: Final = 20.0
LIST_BUDGET_MS: Final = 5.0
CONSOLE_BUDGET_MS: Final = 15.0
_TIMES: Final = 40
_MIDDLE: Final = 100


def lookups(where: Locations) -> tuple[Figure, ...]:
    """`resume_session` in every way there is to ask."""
    figures: list[Figure] = []
    with open_engine(where) as engine:
        one = engine.resume(ResumeRequest(query=f"vanishing {RARE}"))
        if not isinstance(one, Found):
            failure = f"No session speaks of {RARE}; is this the store that was made?"
            raise TypeError(failure)
        asks = {
            "by id": ResumeRequest(session_id=one.candidates[0].session_id),
            "by words one session has": ResumeRequest(query=f"vanishing {RARE}"),
            "by a word one in 200 has": ResumeRequest(query=SOME),
            "by a rare and a common word": ResumeRequest(query=f"{COMMON} {RARE}"),
            "by a word all have": ResumeRequest(query=COMMON),
            "by two words most have": ResumeRequest(query="stale price"),
            "by a word nobody wrote": ResumeRequest(query="walrus"),
            "by the middle of a word": ResumeRequest(query=RARE[1:-1]),
            "by branch": ResumeRequest(branch=branch(7)),
            "by repository": ResumeRequest(repository=repository(7)),
            "by the repository's name": ResumeRequest(repository="service-7"),
            "by branch and repository": ResumeRequest(branch=branch(7), repository=repository(7)),
            "by nothing: the newest": ResumeRequest(),
        }
        for name, ask in asks.items():
            took = _took(lambda ask=ask: engine.resume(ask))
            figures += p50_p95(f"resume {name}", took, RESUME_BUDGET_MS)
    return tuple(figures)


def lists(where: Locations) -> tuple[Figure, ...]:
    """A page of 50 sessions, from the start, from the middle, filtered."""
    figures: list[Figure] = []
    with open_reader(where) as reader:
        middle = _middle(reader)
        pages: dict[str, Callable[[], object]] = {
            "first": lambda: reader.sessions(),
            "middle": lambda: reader.sessions(before=middle),
            "blocked": lambda: reader.sessions(status="blocked"),
            "completed": lambda: reader.sessions(status="completed"),
            "completed, middle": lambda: reader.sessions(status="completed", before=middle),
        }
        for name, page in pages.items():
            figures += p50_p95(f"list page, {name}", _took(page), LIST_BUDGET_MS)
        for name, words in (("rare", RARE), ("common", COMMON), ("strange", "walrus")):
            took = _took(lambda words=words: reader.sessions(query=words))
            figures += p50_p95(f"list page, a {name} word", took, LIST_BUDGET_MS)
        took = _took(lambda: reader.sessions(query=COMMON, before=middle))
        figures += p50_p95("list page, a common word, middle", took, LIST_BUDGET_MS)
    return tuple(figures)


def in_the_console(where: Locations) -> tuple[Figure, ...]:
    """The console's list and search, as a browser asks for them, without the network."""
    app = create_app(lambda: open_reader(where), SystemClock(), store="bench")
    figures: list[Figure] = []
    with TestClient(app, base_url="http://127.0.0.1:3456") as client:
        for name, address in (("list", "/"), ("search", f"/?q={RARE}"), ("JSON", "/sessions.json")):
            took = _took(lambda address=address: client.get(address).raise_for_status())
            budget = None if name == "search" else CONSOLE_BUDGET_MS
            figures += p50_p95(f"console {name}", took, budget)
    return tuple(figures)


def _middle(reader: Reader) -> str | None:
    """Where a page begins that is half way down."""
    before: str | None = None
    for _ in range(_MIDDLE):
        before = reader.sessions(limit=500, before=before).next_before or before
    return before


def _took(ask: Callable[[], object]) -> list[float]:
    ask()
    took: list[float] = []
    for _ in range(_TIMES):
        began = perf_counter()
        ask()
        took.append(perf_counter() - began)
    return took
