"""What goes on, and what needs a person? The start page and its JSON twin."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from workrail_console.asking import Text, Wanted, checked
from workrail_console.context import PageContext, get
from workrail_console.integrity import DamagedRecord
from workrail_console.kept_pages import KeptPages
from workrail_console.rows import Row, row_of
from workrail_console.visits import KEPT, Visit, cookie_name, visit_from, visited
from workrail_console.words import STATUSES
from workrail_engine.ids import SessionId
from workrail_engine.projections.listing import Counted, Facets, ListedSession, Since
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.reader import Reader

_PAGE: Final = 50
_DAMAGED_SHOWN: Final = 10
_UNFOLDED: Final = 3
"""Rows whose children are listed below them; the others lead to the page of their work unit."""
_CHILDREN_SHOWN: Final = 20
_FACETS: Final = (
    ("status", "Status", "statuses"),
    ("workflow", "Workflow", "workflows"),
    ("repo", "Repository", "repositories"),
    ("branch", "Branch", "branches"),
    ("by", "Started by", "origins"),
)

_Asked = Annotated[Wanted, Depends(Wanted)]


@dataclass(frozen=True)
class Needed:
    """What needs a person."""

    waiting: tuple[Row, ...]
    """For an approval, longest first."""
    waiting_total: int
    blocked: tuple[Row, ...]
    """Latest first."""
    blocked_total: int
    runs: tuple[Row, ...]
    """Whose run asks for something, or ended with its work undone; latest first."""
    runs_total: int
    damaged: tuple[DamagedRecord, ...]
    damaged_total: int

    @property
    def total(self) -> int:
        """How many sessions that is."""
        return self.waiting_total + self.blocked_total + self.runs_total + self.damaged_total


@dataclass(frozen=True)
class StartPage:
    """Everything the start page shows."""

    sessions: tuple[Row, ...]
    """Newest change first."""
    total: int
    more: bool
    """Whether more than `total` may fit."""
    next: str | None
    """The address of the next page of this list; None on the last."""
    needed: Needed
    running: tuple[Row, ...]
    running_total: int
    since: Since | None
    """What came since the browser looked last; None for one that is new."""
    facets: Facets


@dataclass(frozen=True)
class _FacetLink:
    """A value the list can be kept to, or is."""

    value: str
    count: str
    address: str
    chosen: bool


def routes(context: PageContext) -> APIRouter:
    """The start page and its twin."""
    router = APIRouter(tags=["sessions"])
    kept = KeptPages(context.clock)

    def page(request: Request, asked: _Asked, seen: Text = "") -> Response:
        """What needs a person, what runs, and the sessions there are, newest change first."""
        return _page(context, kept, request, checked(asked), all_seen=bool(seen))

    def twin(asked: _Asked) -> Response:
        """What the start page shows."""
        wanted = checked(asked)
        with context.open_reader() as reader:
            value = _value(context, reader, wanted, None)
        told = asdict(value)
        told["next"] = value.next and wanted.but(before=value.next).link("/sessions.json")
        return JSONResponse(told)

    get(router, "/", page, tags=["pages"])
    get(router, "/sessions.json", twin)
    return router


def _page(
    context: PageContext, kept: KeptPages, request: Request, asked: Wanted, *, all_seen: bool
) -> Response:
    now = context.clock.now()
    name = cookie_name(context.port)
    before = visit_from(request.cookies.get(name, ""), now)
    if all_seen:
        answer: Response = RedirectResponse(asked.link(), 303)
        _set_visit(answer, name, visited(before, now, all_seen=True))
        return answer
    with context.open_reader() as reader:
        place = context.pulse.place(reader)
        since = None if before is None else before.since
        html = kept.page(
            (asked, since, place, context.integrity.damage, context.hub.beats),
            lambda: _made(context, reader, asked, before),
        )
    answer = HTMLResponse(html)
    if "x-parts" not in request.headers:
        _set_visit(answer, name, visited(before, now, all_seen=False))
    return answer


def _made(context: PageContext, reader: Reader, asked: Wanted, before: Visit | None) -> bytes:
    value = _value(context, reader, asked, before)
    values = {
        "page": value,
        "asked": asked,
        "facets": _facet_links(value.facets, asked),
        "kept_to": list(asked.filters()),
        "kids": _children(reader, value.sessions),
        "older": value.next and replace(asked, before=value.next).link(),
        "removable": _removable(reader, asked) if _is_empty(value, asked) else (),
        "store": context.store,
        "now": context.clock.now().isoformat(),
    }
    return bytes(context.renderer.page("sessions.html", values).body)


def _set_visit(answer: Response, name: str, visit: Visit) -> None:
    answer.set_cookie(name, visit.written(), max_age=KEPT, httponly=True, samesite="strict")


def _value(context: PageContext, reader: Reader, asked: Wanted, before: Visit | None) -> StartPage:
    now = context.clock.now()

    def rows(listed: tuple[ListedSession, ...]) -> tuple[Row, ...]:
        return tuple(_row(context, line, now) for line in listed)

    every = replace(asked.ask(), before=None)
    total = None if every.words else context.pulse.total(reader, every)
    page = reader.overview.listed(asked.ask(_PAGE), total)
    attention = context.pulse.attention(reader)
    going = tuple(line for line in attention.running if _goes_on(line))
    damaged = context.integrity.damaged()
    return StartPage(
        sessions=rows(page.lines),
        total=page.total,
        more=page.more,
        next=page.next_before,
        needed=Needed(
            rows(attention.waiting),
            attention.waiting_total,
            rows(attention.blocked),
            attention.blocked_total,
            rows(attention.runs),
            attention.runs_total,
            damaged[:_DAMAGED_SHOWN],
            len(damaged),
        ),
        running=rows(going),
        running_total=attention.running_total - (len(attention.running) - len(going)),
        since=reader.overview.since(before.since) if before is not None else None,
        facets=context.pulse.facets(reader, every),
    )


def _goes_on(listed: ListedSession) -> bool:
    """Whether anyone may drive it: a run that rests or is over is told as that."""
    return listed.run is None or listed.run.view.state in ("running", "queued")


def _row(context: PageContext, listed: ListedSession, now: datetime) -> Row:
    summary = listed.summary
    return row_of(
        listed,
        context.liveness.of(summary.status, listed.drivers, listed.run),
        context.integrity.of(summary.session_id, summary.event_count),
        now,
    )


def _children(reader: Reader, rows: tuple[Row, ...]) -> dict[SessionId, tuple[SessionSummary, ...]]:
    """The sessions started from those of the first rows that have some, to fold below them."""
    parents = [row.summary.session_id for row in rows if row.children][:_UNFOLDED]
    return reader.overview.children(parents, _CHILDREN_SHOWN)


def _is_empty(value: StartPage, asked: Wanted) -> bool:
    return not value.sessions and asked.filtered and not asked.before


def _removable(reader: Reader, asked: Wanted) -> tuple[tuple[str, str, str], ...]:
    """For a list that is empty: which filter hides how many, and the address without it."""
    found: list[tuple[str, str, str]] = []
    for name, value in asked.filters():
        if value:
            wider = asked.but(**{name: ""})
            page = reader.overview.listed(wider.ask(1))
            if page.total:
                found.append((name, _counted(page.total, more=page.more), wider.link()))
    if not asked.all:
        page = reader.overview.listed(asked.but(all="1").ask(1))
        if page.total:
            counted = _counted(page.total, more=page.more)
            found.append(("all", counted, asked.but(all="1").link()))
    return tuple(found)


def _facet_links(
    facets: Facets, asked: Wanted
) -> tuple[tuple[str, str, tuple[_FacetLink, ...]], ...]:
    """Each facet with its name, and the addresses that keep the list to one of its values."""
    shown: list[tuple[str, str, tuple[_FacetLink, ...]]] = []
    for name, title, field in _FACETS:
        counted: tuple[Counted, ...] = getattr(facets, field)
        chosen: str = getattr(asked, name)
        if name == "status":
            order = {word: place for place, word in enumerate(STATUSES)}
            counted = tuple(sorted(counted, key=lambda one: order.get(one.value, len(order))))
        if chosen and chosen not in {one.value for one in counted}:
            counted = (*counted, Counted(chosen, 0))
        links = tuple(
            _FacetLink(
                value=one.value,
                count=_counted(one.count, more=one.more),
                address=asked.but(**{name: "" if one.value == chosen else one.value}).link(),
                chosen=one.value == chosen,
            )
            for one in counted
        )
        if len(links) > 1 or chosen:
            shown.append((name, title, links))
    return tuple(shown)


def _counted(count: int, *, more: bool) -> str:
    return f"{count:,}{'+' if more else ''}"
