"""Which old sessions may go, so that none that stays misses one?"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from workrail_engine.errors import InvalidInputError
from workrail_engine.ids import SessionId

Which: TypeAlias = Literal["completed", "any"]

_AGE: Final = re.compile(r"([0-9]{1,6})([hdw])")
_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_OLDEST: Final = timedelta(days=36_525)


@dataclass(frozen=True)
class RetentionAsk:
    """Which sessions are to go."""

    unchanged_since: datetime
    which: Which = "completed"
    parents: bool = False
    """Whether a session may go although one it started stays, if that one is as old."""


@dataclass(frozen=True)
class Removed:
    """What went, or would go."""

    sessions: int = 0
    events: int = 0
    artifacts: int = 0
    contents: int = 0
    """Blobs that nothing names any more."""
    content_bytes: int = 0
    """As stored."""
    workflows: int = 0
    """Pinned workflows that no session runs any more."""
    kept_for_children: int = 0
    """Old sessions that stay because one they started stays."""
    kept_damaged: tuple[SessionId, ...] = ()
    """Old sessions that stay because what they say cannot be read; `verify` names the reason."""


@dataclass(frozen=True)
class Elder:
    """A session that is old enough."""

    number: int
    session_id: SessionId
    events: int


@dataclass(frozen=True)
class Offspring:
    """A session that another one started."""

    session_id: SessionId
    parent: SessionId
    old: bool
    """Whether it is as old as those that go; it may stay all the same."""


def age_of(text: str) -> timedelta:
    """How long `90d`, `12w` or `36h` is.

    Raises:
        InvalidInputError: it is not an age, is nothing, or is over a hundred years.
    """
    found = _AGE.fullmatch(text.strip().lower())
    age = _UNITS[found[2]] * int(found[1]) if found is not None else timedelta()
    if not timedelta() < age <= _OLDEST:
        message = (
            f'"{text}" is not an age. Give a number and a unit: 90d for days, 12w for weeks or 36h '
            "for hours; at least 1h and at most 100 years."
        )
        raise InvalidInputError(message)
    return age


def removable(
    elders: Iterable[Elder], offspring: Iterable[Offspring], *, parents: bool
) -> Mapping[SessionId, Elder]:
    """Those of some old sessions that may go together.

    Args:
        elders: old enough, and of a status that may go.
        offspring: at least all sessions that one of `elders` started.
        parents: whether one may go although an old one that it started stays.
    """
    going = {elder.session_id: elder for elder in elders}
    family = list(offspring)
    while True:
        needed = {
            child.parent
            for child in family
            if child.parent in going and child.session_id not in going
            if not (parents and child.old)
        }
        if not needed:
            return going
        going = {key: elder for key, elder in going.items() if key not in needed}
