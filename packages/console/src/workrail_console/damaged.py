"""What is answered about a session whose record contradicts itself?

People get a page with what can be told, programs a problem that has it beside what every problem has.
"""

from dataclasses import asdict, replace

from fastapi.responses import JSONResponse, PlainTextResponse, Response

from workrail_console.context import PageContext
from workrail_console.exports.damaged import damaged_report
from workrail_console.session_views.asked import Asked
from workrail_console.session_views.damage import REMEDY, TITLE, Damage, damage
from workrail_console.session_views.of_log import events_view
from workrail_engine.errors import CorruptSessionError
from workrail_engine.ids import SessionId

_STATUS = 500


def damaged_page(context: PageContext, asked: Asked, error: CorruptSessionError) -> Response:
    """Its log, line by line; of one node where the address asks for one."""
    asked = replace(asked, view="events")
    with context.open_reader() as reader:
        events = events_view(reader, asked)
    values = {"asked": asked, "problem": str(error), "value": events}
    return context.renderer.page("session_damaged.html", values)


def damaged_json(
    context: PageContext, session_id: SessionId, error: CorruptSessionError
) -> Response:
    """A problem (RFC 9457) with `record`: the log as far as it is whole."""
    told = {
        "type": "about:blank",
        "title": TITLE,
        "status": _STATUS,
        "detail": str(error),
        "remedy": REMEDY,
        "record": asdict(_damage(context, session_id, error)),
    }
    return JSONResponse(told, _STATUS, media_type="application/problem+json")


def damaged_markdown(
    context: PageContext, session_id: SessionId, error: CorruptSessionError
) -> Response:
    """The same as a report."""
    text = damaged_report(_damage(context, session_id, error))
    return PlainTextResponse(text, _STATUS, media_type="text/markdown")


def _damage(context: PageContext, session_id: SessionId, error: CorruptSessionError) -> Damage:
    with context.open_reader() as reader:
        return damage(reader, session_id, str(error))
