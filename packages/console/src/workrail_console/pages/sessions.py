"""Which sessions are there? The start page and its JSON twin."""

from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from fastapi.responses import JSONResponse, Response

from workrail_console.door import ReaderFactory, StatusWord
from workrail_console.rendering import Renderer
from workrail_engine.errors import InvalidInputError
from workrail_engine.projections.session_summary import SessionPage

_LONGEST = 1_000
"""Characters of a search or a cursor."""
_STATUSES: tuple[StatusWord, ...] = ("running", "blocked", "waiting", "completed")


@dataclass(frozen=True)
class Wanted:
    """What the reader of the page asked for."""

    words: str | None = None
    status: StatusWord | None = None
    before: str | None = None

    @property
    def filtered(self) -> bool:
        """Whether sessions may be left out because of what was asked."""
        return self.words is not None or self.status is not None

    def link(self, path: str = "/", *, before: str | None = None) -> str:
        """The address of this list from `before` on."""
        return self._address(path, self.status, before)

    def status_link(self, status: StatusWord | None) -> str:
        """The address of the newest sessions for these words, with another status."""
        return self._address("/", status, None)

    def _address(self, path: str, status: StatusWord | None, before: str | None) -> str:
        pairs = {"q": self.words, "status": status, "before": before}
        query = urlencode({name: value for name, value in pairs.items() if value is not None})
        return f"{path}?{query}" if query else path


def wanted(q: str, status: str, before: str) -> Wanted:
    """What the query of an address asks for; an empty part asks for nothing.

    Raises:
        InvalidInputError: no session can have such a status, or a part is far too long.
    """
    if max(len(q), len(before)) > _LONGEST:
        message = f"A search has at most {_LONGEST} characters. Use a few words of the goal."
        raise InvalidInputError(message)
    known: dict[str, StatusWord] = {word: word for word in _STATUSES}
    if status and status not in known:
        message = f"No session has the status {status!r}. Choose one of: {', '.join(_STATUSES)}."
        raise InvalidInputError(message)
    return Wanted(words=q.strip() or None, status=known.get(status), before=before or None)


def sessions_page(
    open_reader: ReaderFactory, renderer: Renderer, asked: Wanted, store: str
) -> Response:
    """The list as HTML; a hint how to begin where there is nothing yet."""
    page = _read(open_reader, asked)
    values = {"page": page, "asked": asked, "statuses": _STATUSES, "store": store}
    return renderer.page("sessions.html", values)


def sessions_json(open_reader: ReaderFactory, asked: Wanted) -> Response:
    """`sessions` (each a summary), `total`, and `next`: the address of the next page, or null."""
    page = _read(open_reader, asked)
    after = page.next_before
    following = None if after is None else asked.link("/sessions.json", before=after)
    lines = [asdict(line) for line in page.sessions]
    return JSONResponse({"sessions": lines, "total": page.total, "next": following})


def _read(open_reader: ReaderFactory, asked: Wanted) -> SessionPage:
    with open_reader() as reader:
        return reader.sessions(before=asked.before, status=asked.status, query=asked.words)
