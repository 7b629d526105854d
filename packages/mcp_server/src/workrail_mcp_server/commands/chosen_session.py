"""Which session does a person mean by the beginning of its id?"""

from collections.abc import Iterator

from workrail_engine.errors import SessionNotFoundError
from workrail_engine.ids import SessionId, is_session_id
from workrail_engine.reader import Reader

MIN_PREFIX = 8
_PAGE = 500
_SHOWN = 5


def chosen_session(reader: Reader, text: str) -> SessionId:
    """The session whose id is, or alone begins with, a text.

    Raises:
        SessionNotFoundError: none or several do, or the text is too short to tell.
    """
    asked = text.strip().lower()
    if is_session_id(asked):
        return SessionId(asked)
    if len(asked) < MIN_PREFIX:
        message = (
            f'"{text}" is too short to name a session. Give at least the first {MIN_PREFIX} '
            "characters of its id; `workrail session list` shows them."
        )
        raise SessionNotFoundError(message)
    first, *others = reader.ids_starting(asked, limit=_SHOWN + 1) or (None,)
    if first is None:
        message = (
            f'No session id begins with "{text}". `workrail session list` shows what there is.'
        )
        raise SessionNotFoundError(message)
    if others:
        some = ", ".join((first, *others)[:_SHOWN])
        more = " and more" if len(others) >= _SHOWN else ""
        message = f'Several session ids begin with "{text}": {some}{more}. Give more of it.'
        raise SessionNotFoundError(message)
    return first


def all_sessions(reader: Reader) -> Iterator[SessionId]:
    """Every session of the store, newest change first."""
    before: str | None = None
    while True:
        page = reader.sessions(limit=_PAGE, before=before)
        yield from (session.session_id for session in page.sessions)
        before = page.next_before
        if before is None:
            return
