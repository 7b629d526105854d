"""Which run does a person mean by the beginning of its id, or by the word last?"""

from typing import Final

from workrail_engine.errors import SessionNotFoundError
from workrail_engine.ids import SessionId, is_session_id
from workrail_engine.projections.runs import RunView
from workrail_engine.reader import Reader

LAST: Final = "last"
_BEGINS: Final = "sess_"
_SHOWN: Final = 5


def chosen_run(reader: Reader, text: str) -> RunView:
    """The run whose session's id is, or alone begins with, a text.

    Args:
        reader: of the store.
        text: an id, a beginning of one with or without `sess_`, or `last` for the run that was
            ordered last.

    Raises:
        SessionNotFoundError: none or several fit, or no run was ordered for the session.
    """
    asked = text.strip().lower()
    if asked == LAST:
        return _last(reader)
    session_id = _session(reader, asked, text)
    view = reader.runs.view(session_id)
    if view is None:
        message = (
            f"{session_id} is a session that no run was ordered for: somebody drives it, or did. "
            f"`workrail session show {session_id}` tells its story."
        )
        raise SessionNotFoundError(message)
    return view


def chosen_runs(reader: Reader, texts: tuple[str, ...]) -> tuple[RunView, ...]:
    """The runs that are meant, each once, in the order they were named."""
    found = {view.session_id: view for view in (chosen_run(reader, text) for text in texts)}
    return tuple(found.values())


def chosen_session(reader: Reader, text: str) -> SessionId:
    """The session that is meant, whether or not a run was ordered for it.

    Raises:
        SessionNotFoundError: none or several fit.
    """
    asked = text.strip().lower()
    return _last(reader).session_id if asked == LAST else _session(reader, asked, text)


def _last(reader: Reader) -> RunView:
    views = reader.runs.views()
    if not views:
        message = "No run was ordered here yet. `worktrain spawn` orders one."
        raise SessionNotFoundError(message)
    return max(views, key=lambda view: (view.ordered_at, view.session_id))


def _session(reader: Reader, asked: str, text: str) -> SessionId:
    if is_session_id(asked):
        return SessionId(asked)
    beginning = asked if asked.startswith(_BEGINS) else f"{_BEGINS}{asked}"
    if beginning == _BEGINS:
        message = (
            f'"{text}" names no session. Give some characters of its id, or the word last; '
            "`worktrain session list` shows the runs there are."
        )
        raise SessionNotFoundError(message)
    first, *others = reader.ids_starting(beginning, limit=_SHOWN + 1) or (None,)
    if first is None:
        message = f'No session id begins with "{text}". `worktrain session list` shows the runs there are.'
        raise SessionNotFoundError(message)
    if others:
        some = ", ".join((first, *others)[:_SHOWN])
        more = " and more" if len(others) >= _SHOWN else ""
        message = f'Several session ids begin with "{text}": {some}{more}. Give more of it.'
        raise SessionNotFoundError(message)
    return first
