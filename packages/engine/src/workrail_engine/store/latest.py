"""Which sessions changed last, told without loading what the rest of the store needs?

A server that nobody has called yet is asked for this by its client. The reader answers the same
question for every store; this answers it for a SQLite file with nothing but Python's own driver.
"""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, cast
from urllib.parse import quote

from workrail_engine.projections.offers import Recent
from workrail_engine.session.state import Status

_BUSY_SECONDS: Final = 1.0
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = """
    SELECT s.session_id, coalesce(w.name, ''), s.goal, s.status, s.updated_at
    FROM sessions s LEFT JOIN workflows w ON w.workflow_hash = s.workflow_hash
    ORDER BY s.updated_at DESC, s.number DESC LIMIT ?
"""


def latest_in_file(path: Path, limit: int) -> tuple[Recent, ...] | None:
    """The sessions of a SQLite store that changed last, newest first.

    Returns:
        None when the file cannot be read as simply as this; the reader then knows why.
    """
    try:
        with closing(_opened(path)) as connection:
            connection.text_factory = _text
            rows = connection.execute(_LATEST, (limit,)).fetchall()
            return tuple(
                Recent(session_id, name, goal, cast("Status", status), _rfc3339(changed))
                for session_id, name, goal, status, changed in rows
            )
    except (sqlite3.Error, OverflowError, TypeError):
        return None


def _opened(path: Path) -> sqlite3.Connection:
    address = f"file:{quote(str(path))}?mode=ro"
    return sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS)  # noqa: TID251 - see above


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", "replace")


def _rfc3339(stored: int) -> str:
    at = _EPOCH + timedelta(microseconds=stored)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
