"""What can be said of a session whose own row is not what was written?

A database keeps to its types, a damaged file does not. Whatever is found in a row, it gives a line: what
cannot be read is left out or said as well as can be, and named.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from workrail_engine.ids import SessionId, is_session_id
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.session.state import Status
from workrail_engine.store.rows import AnyRow, is_a_time, rfc3339

STATUSES: Final[tuple[Status, ...]] = ("running", "blocked", "waiting", "completed")
_TEXTS: Final = ("workflow_id", "goal", "origin")
_TEXTS_OR_NOTHING: Final = (
    "step_title",
    "parent_session_id",
    "repository",
    "branch",
    "workflow_name",
)
_COUNTS: Final = ("steps_completed", "event_count")
_TIMES: Final = ("created_at", "updated_at")
_COLUMNS: Final = (
    *("number", "session_id", "status", "tip"),
    *(*_TEXTS, *_TEXTS_OR_NOTHING, *_COUNTS, *_TIMES),
)
_NOTHING: Final[dict[str, Any]] = {
    **dict.fromkeys(_TEXTS, ""),
    **dict.fromkeys(_TEXTS_OR_NOTHING),
    **dict.fromkeys(_COUNTS, 0),
}


@dataclass(frozen=True)
class Seen:
    """What a session's row says, and what it does not."""

    number: int
    summary: SessionSummary
    tip: int | None
    """The node it stands at; None where that cannot be read."""
    status_known: bool
    problems: tuple[str, ...]


def is_status(value: object) -> TypeGuard[Status]:
    """Whether a stored status is one a session can have."""
    return value in STATUSES


def seen(row: AnyRow) -> Seen:
    """A session's line, from `SUMMARY_COLUMNS` and `tip`, whatever they hold."""
    values: dict[str, Any] = {name: getattr(row, name) for name in _COLUMNS}
    problems = tuple(_mend(values))
    return Seen(
        number=values["number"],
        summary=_summary(values),
        tip=values["tip"],
        status_known=is_status(row.status),
        problems=problems,
    )


def lost(session_id: str, number: int, at: int, status: Status | None, why: str) -> Seen:
    """What is known of a session whose own row cannot be had: what indexes say."""
    known = {"session_id": session_id, "number": number, "created_at": at, "updated_at": at}
    values = {**_NOTHING, **known, "status": status or "running"}
    return Seen(
        number=number,
        summary=_summary(values),
        tip=None,
        status_known=status is not None,
        problems=(f"its row cannot be read: {why}",),
    )


def _mend(values: dict[str, Any]) -> list[str]:
    """Put something readable in the place of what is not; say of what."""
    wrong = [name for name in _TEXTS if not isinstance(values[name], str)]
    wrong += [name for name in _TEXTS_OR_NOTHING if not isinstance(values[name], str | None)]
    for name in wrong:
        values[name] = _as_text(values[name]) if values[name] is not None else ""
    for name in (*_COUNTS, "tip"):
        if not isinstance(values[name], int) or values[name] < 0:
            wrong.append(name)
            values[name] = None if name == "tip" else 0
    for name in _TIMES:
        if not is_a_time(values[name]):
            wrong.append(name)
            values[name] = values[name] if isinstance(values[name], int) else 0
    if not is_status(values["status"]):
        wrong.append("status")
        values["status"] = "running"
    values["session_id"] = _as_text(values["session_id"])
    if not is_session_id(values["session_id"]):
        wrong.append("session_id")
    return [f"its {name.replace('_', ' ')} cannot be read" for name in wrong]


def _as_text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _summary(values: Mapping[str, Any]) -> SessionSummary:
    parent = values["parent_session_id"]
    return SessionSummary(
        session_id=SessionId(values["session_id"]),
        workflow_id=values["workflow_id"],
        workflow_name=values["workflow_name"] or values["workflow_id"],
        goal=values["goal"],
        status=values["status"],
        step_title=values["step_title"],
        steps_completed=values["steps_completed"],
        event_count=values["event_count"],
        origin=values["origin"],
        parent_session_id=None if parent is None else SessionId(parent),
        repository=values["repository"],
        branch=values["branch"],
        created_at=rfc3339(values["created_at"]),
        updated_at=rfc3339(values["updated_at"]),
    )
