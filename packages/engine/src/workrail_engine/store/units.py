"""Which sessions belong to one piece of work?

Two statements find them, up to the root and down from it, however deep they lie. A session that is
its own ancestor ends both.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

from workrail_engine.ids import SessionId
from workrail_engine.projections.family import Member, Place, family, root_of
from workrail_engine.projections.listing import ListedSession
from workrail_engine.projections.run_lines import rolled_up
from workrail_engine.projections.work_unit import UnitLine, WorkUnit
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.lines import LINE, lines
from workrail_engine.store.positions import unknown_session
from workrail_engine.store.rows import rfc3339
from workrail_engine.store.run_lines import spent_of_all

SHOWN: Final = 500
_MOST: Final = 20_000
"""So many members of a tree are looked at, and so many generations above it."""
_COLUMNS: Final = "number, session_id, parent_session_id, status, created_at, updated_at"
_OF_PARENT: Final = ", ".join(f"parent.{name}" for name in _COLUMNS.split(", "))
_OF_CHILD: Final = ", ".join(f"child.{name}" for name in _COLUMNS.split(", "))
_UP: Final = text(
    f"WITH RECURSIVE line AS (SELECT {_COLUMNS} FROM sessions WHERE session_id = :session_id"  # noqa: S608 (parts of ours)
    f" UNION SELECT {_OF_PARENT} FROM line JOIN sessions AS parent"
    " ON parent.session_id = line.parent_session_id)"
    " SELECT * FROM line LIMIT :most"
)
_DOWN: Final = text(
    f"WITH RECURSIVE tree AS (SELECT {_COLUMNS} FROM sessions WHERE session_id = :session_id"  # noqa: S608 (parts of ours)
    f" UNION SELECT {_OF_CHILD} FROM tree JOIN sessions AS child"
    " ON child.parent_session_id = tree.session_id)"
    " SELECT * FROM tree LIMIT :most"
)


def work_unit(connection: Connection, session_id: SessionId) -> WorkUnit:
    """The tree a session belongs to.

    Raises:
        SessionNotFoundError: no such session.
    """
    line = _members(connection, session_id, up=True)
    if not line:
        raise unknown_session(session_id)
    members = _members(connection, root_of(line), up=False)
    found = family(members, session_id, SHOWN)
    listed = _listed(connection, found.places)
    own = spent_of_all(connection, [member.number for member in members])
    spent = rolled_up({one.session_id: one.parent for one in members}, own) if own else {}
    root = found.places[0].member
    orphaned = root.parent if not found.cycle else None
    return WorkUnit(
        asked=session_id,
        lines=tuple(
            UnitLine(
                listed=listed[place.member.number],
                depth=place.depth,
                parent_missing=orphaned if place.depth == 0 else None,
                descendants=place.descendants,
                first_at=rfc3339(place.first_at),
                last_at=rfc3339(place.last_at),
                critical=place.critical,
                spent=spent.get(place.member.session_id),
            )
            for place in found.places
        ),
        left_out=found.left_out,
        cycle=found.cycle,
    )


def _members(connection: Connection, session_id: SessionId, *, up: bool) -> list[Member]:
    asked = {"session_id": session_id, "most": _MOST}
    return [Member(*row) for row in connection.execute(_UP if up else _DOWN, asked)]


def _listed(connection: Connection, places: Sequence[Place]) -> dict[int, ListedSession]:
    numbers = [place.member.number for place in places]
    rows = connection.execute(LINE.where(dialect_of(connection).among(numbers))).all()
    listed = lines(connection, rows)
    return {row.number: line for row, line in zip(rows, listed, strict=True)}
