"""What happened in one session? Its page and its JSON twin."""

from dataclasses import asdict

from fastapi.responses import JSONResponse, Response

from workrail_console.door import ReaderFactory
from workrail_console.rendering import Renderer
from workrail_console.story import blockers_now, story
from workrail_engine.errors import SessionNotFoundError
from workrail_engine.ids import SessionId, is_session_id
from workrail_engine.projections.session_detail import SessionDetail
from workrail_engine.projections.verification import Verification

_CHECKED_UP_TO = 2_000
"""Records of more events are checked only when asked, so that their pages stay quick."""


def session_page(
    open_reader: ReaderFactory, renderer: Renderer, session_id: str, *, check: bool
) -> Response:
    """One session as HTML: where it stands, why, and how it got there."""
    detail, verification = _read(open_reader, session_id, check=check)
    stretches = story(detail)
    entries = [entry for stretch in stretches for entry in stretch.entries]
    values = {
        "detail": detail,
        "summary": detail.summary,
        "verification": verification,
        "stretches": stretches,
        "artifacts": [(entry, artifact) for entry in entries for artifact in entry.artifacts],
        "blockers": blockers_now(detail),
    }
    return renderer.page("session.html", values)


def session_json(open_reader: ReaderFactory, session_id: str, *, check: bool) -> Response:
    """`session` (everything the page shows) and `verification` (null when it was not checked)."""
    detail, verification = _read(open_reader, session_id, check=check)
    checked = None if verification is None else asdict(verification)
    return JSONResponse({"session": asdict(detail), "verification": checked})


def _read(
    open_reader: ReaderFactory, text: str, *, check: bool
) -> tuple[SessionDetail, Verification | None]:
    if not is_session_id(text):
        message = (
            "This is not a session id: one is `sess_` and 26 letters or digits. "
            "The list of sessions has a link to each."
        )
        raise SessionNotFoundError(message)
    session_id = SessionId(text)
    with open_reader() as reader:
        detail = reader.session(session_id)
        if not check and detail.summary.event_count > _CHECKED_UP_TO:
            return detail, None
        return detail, reader.verify(session_id)
