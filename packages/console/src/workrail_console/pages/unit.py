"""What belongs to one piece of work? The tree of a session, those it started, and so on."""

from dataclasses import asdict, dataclass

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from workrail_console.context import PageContext, get
from workrail_console.lanes import AXIS, Bar, LaidOut, laid_out
from workrail_console.run_words import RunStanding, run_standing
from workrail_console.standing import Integrity, Liveness
from workrail_engine.errors import SessionNotFoundError
from workrail_engine.ids import SessionId, is_session_id
from workrail_engine.projections.work_unit import UnitLine, WorkUnit

_DEEPEST = 8
"""Levels that are indented; deeper ones say their number."""


@dataclass(frozen=True)
class Shown:
    """A line of the tree as the page shows it."""

    line: UnitLine
    bar: Bar | None
    alive: Liveness | None
    """None once it is complete."""
    record: Integrity
    """Whether its record is whole, as far as it was checked."""
    run: RunStanding | None
    """Of a session that is driven without a person."""


def routes(context: PageContext) -> APIRouter:
    """`/units/{id}` and its twin; the id is that of any session of the tree."""
    router = APIRouter()

    def unit_json(session_id: str) -> Response:
        """The whole tree that a session belongs to."""
        return JSONResponse(asdict(_read(context, session_id)))

    def unit_page(session_id: str) -> Response:
        """The same as a page."""
        return _page(context, session_id)

    get(router, "/units/{session_id}.json", unit_json)
    get(router, "/units/{session_id}", unit_page)
    return router


def _page(context: PageContext, session_id: str) -> Response:
    unit = _read(context, session_id)
    root = unit.lines[0]
    counts = dict(root.descendants)
    status = root.listed.summary.status
    counts[status] = counts.get(status, 0) + 1
    values = {
        "unit": unit,
        "root": root,
        "lines": [_shown(context, row) for row in laid_out(unit)],
        "axis": AXIS,
        "deepest": _DEEPEST,
        "depth": max(line.depth for line in unit.lines) + 1,
        "in_all": sum(counts.values()),
        "counts": counts,
    }
    return context.renderer.page("unit.html", values)


def _shown(context: PageContext, row: LaidOut) -> Shown:
    listed = row.line.listed
    summary = listed.summary
    return Shown(
        line=row.line,
        bar=row.bar,
        alive=context.liveness.of(summary.status, listed.drivers, listed.run),
        record=context.integrity.of(summary.session_id, summary.event_count),
        run=None if listed.run is None else run_standing(listed.run, context.clock.now()),
    )


def _read(context: PageContext, text: str) -> WorkUnit:
    if not is_session_id(text):
        message = (
            "This is not a session id: one is `sess_` and 26 letters or digits. "
            "The list of sessions has a link to each."
        )
        raise SessionNotFoundError(message)
    with context.open_reader() as reader:
        return reader.inspection.unit(SessionId(text))
