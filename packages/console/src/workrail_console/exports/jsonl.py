"""How is a log written down, event by event, as it is stored?

Nothing is masked or left out: each line carries the hash that the next event names, and only the
whole content gives that hash again.
"""

import json
from collections.abc import Iterator
from typing import Final

from workrail_console.door import ReaderFactory
from workrail_engine.ids import SessionId
from workrail_engine.projections.event_page import EventLine

_AT_ONCE: Final = 500


def log_lines(open_reader: ReaderFactory, session_id: SessionId) -> Iterator[str]:
    """Lines of JSON, each an event; what was read of a page is let go before the next is read."""
    after: int | None = 0
    while after is not None:
        with open_reader() as reader:
            page = reader.inspection.events(session_id, after, _AT_ONCE)
        yield "".join(f"{_line(line)}\n" for line in page.lines)
        after = page.next_after


def _line(line: EventLine) -> str:
    value = {
        "seq": line.seq,
        "kind": line.kind,
        "node": line.node,
        "at": line.at,
        "payload": line.payload,
        "hash": line.hash,
    }
    if line.problem is not None:
        value["problem"] = line.problem
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))
