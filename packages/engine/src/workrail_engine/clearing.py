"""The door that clears: old sessions leave, and what only they named.

Agents may be at work meanwhile: a session that moves stays.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from workrail_engine.projections.retention import Removed, RetentionAsk, Which
from workrail_engine.store.sql_store import open_store
from workrail_engine.system import Locations, SystemClock, SystemEntropy


@dataclass(frozen=True)
class ClearRequest:
    """Which sessions are to go."""

    age: timedelta
    """Only sessions that have not changed for so long."""
    which: Which = "completed"
    parents: bool = False
    """Whether a session may go although one it started stays, if that one is as old."""


def clear(
    request: ClearRequest,
    told: Callable[[int, int], None],
    locations: Locations | None = None,
    *,
    pretend: bool = False,
) -> Removed:
    """Remove old sessions, whole, and the contents and workflows that nothing names any more.

    Args:
        request: which.
        told: told (sessions done, sessions in all) now and then.
        locations: of the store; the usual places when left out.
        pretend: only say what would go.

    Raises:
        StoreUnavailableError: the store cannot be opened or written; what was said to be removed
            before that is removed.
    """
    where = locations or Locations.from_environment()
    ask = RetentionAsk(SystemClock().now() - request.age, request.which, request.parents)
    with open_store(where.store, SystemEntropy()) as store:
        return store.would_remove(ask, told) if pretend else store.remove(ask, told)
