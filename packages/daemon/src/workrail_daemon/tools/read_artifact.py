"""How does an agent read what was kept, however long it is?"""

from typing import Final

from pydantic import Field

from workrail_daemon.ground import Ground
from workrail_daemon.stopping import Stop
from workrail_daemon.tools.bounded import whole_characters
from workrail_daemon.tools.contract import Answered, Call, Tool
from workrail_daemon.tools.making import Arguments, Doing, make
from workrail_daemon.tools.readable import is_binary, readable
from workrail_daemon.tools.refusing import NotDoneError, refused
from workrail_daemon.tools.shelf import Shelf
from workrail_engine.ids import SessionId

_PAGE: Final = 24_000
_LARGEST_PAGE: Final = 28_000
"""Bytes: less than a model is shown of one answer, so no page is cut."""
_NAMES: Final = 40
_DESCRIPTION: Final = (
    "Read what save_artifact kept, or all of an answer that was cut (its name begins with output:). "
    "Long ones come in pages: the first line says where the next begins. With find, the page begins "
    "at the line that holds a text."
)


class _Wanted(Arguments):
    name: str = Field(min_length=1, max_length=200, description="Its name.")
    offset: int = Field(default=0, ge=0, description="The byte to begin at.")
    limit: int = Field(
        default=_PAGE, ge=100, le=_LARGEST_PAGE, description=f"Bytes at most; {_PAGE} if left out."
    )
    find: str | None = Field(
        default=None,
        min_length=1,
        description="Begin at the next line, from offset, with this text.",
    )
    session_id: str | None = Field(
        default=None, description="Of an agent this one spawned, for what that one kept."
    )


def read_artifact_tool(ground: Ground) -> Tool:
    """The tool `read_artifact`."""

    def act(wanted: _Wanted, call: Call, _stop: Stop, _doing: Doing) -> Answered:
        shelf = Shelf(ground, _session(ground, call, wanted.session_id))
        data = shelf.find(wanted.name)
        if data is None:
            names = shelf.names()
            kept = ", ".join(names[-_NAMES:]) or "nothing"
            message = f'Nothing is kept under "{wanted.name}". There is: {kept}.'
            raise NotDoneError(message)
        return Answered(_page(data, wanted))

    return make(("read_artifact", _DESCRIPTION), "reads", _Wanted, act, _brief)


def _brief(wanted: _Wanted) -> str:
    return f"{wanted.name} from {wanted.offset}" if wanted.offset else wanted.name


def _session(ground: Ground, call: Call, named: str | None) -> SessionId:
    """Whose artifacts are meant: its own, or a child's."""
    if named is None or named == call.session_id:
        return call.session_id
    child = SessionId(named)
    view = ground.call(lambda engine: engine.runs.view(child))
    if view is None or view.parent != call.session_id:
        message = f"{named} is no agent this one spawned. Leave session_id out for your own."
        raise refused(message)
    return child


def _page(data: bytes, wanted: _Wanted) -> str:
    if is_binary(data):
        return readable(data)
    start = whole_characters(data, wanted.offset)
    if wanted.find is not None:
        start = _line_with(data, start, wanted.find)
    if start >= len(data) > 0:
        message = f"{wanted.name} has {len(data):,} bytes; there is nothing at {wanted.offset:,}."
        raise NotDoneError(message)
    end = whole_characters(data, min(start + wanted.limit, len(data)))
    if end < len(data):
        line_end = data.rfind(b"\n", start, end) + 1
        end = line_end if line_end > start + wanted.limit // 2 else end
    goes_on = f"; offset {end} goes on" if end < len(data) else "; this is its end"
    header = f"[{wanted.name}: bytes {start} to {end} of {len(data)}{goes_on}]"
    return f"{header}\n{data[start:end].decode('utf-8', 'backslashreplace')}"


def _line_with(data: bytes, start: int, text: str) -> int:
    found = data.find(text.encode("utf-8"), start)
    if found < 0:
        message = f'"{text}" is not there from byte {start} on.'
        raise NotDoneError(message)
    return max(data.rfind(b"\n", start, found) + 1, start)
