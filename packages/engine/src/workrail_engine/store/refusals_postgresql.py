"""What does it mean when a PostgreSQL server refuses, and what should one do?"""

from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from workrail_engine.errors import ConflictError, StoreUnavailableError
from workrail_engine.store.phase import InterruptedTransactionError, Phase

READ_ONLY: Final = "25006"
_TAKEN: Final = "23505"
_UNDONE: Final = ("40001", "40P01")
_SHUTTING_DOWN: Final = ("57P01", "57P02", "57P03", "57P05", "53300")


def state_of(error: BaseException | None) -> str:
    """The five characters a server says what went wrong with; empty when it said nothing."""
    return getattr(error, "sqlstate", None) or ""


def refusal(error: DBAPIError, name: str, phase: Phase) -> StoreUnavailableError | ConflictError:
    """The failure to report for what the driver raised.

    Args:
        error: as SQLAlchemy gave it.
        name: of the database, without a password.
        phase: where the transaction was.
    """
    state = state_of(error.orig)
    if state == _TAKEN:
        return ConflictError(
            "Someone else wrote the same place of the session first. Nothing was recorded; try again."
        )
    said = _first_line(error)
    if state in _UNDONE:
        message = (
            f"The session store {name} undid this because another process was at the same rows. "
            f"Nothing was recorded; try again. (PostgreSQL {state}: {said})"
        )
        return InterruptedTransactionError(message, in_doubt=False)
    if state == READ_ONLY:
        message = (
            f"The session store {name} is read-only: it is a standby, or is being replaced by one. "
            f"Nothing was recorded. Name the server that takes writes. (PostgreSQL {state}: {said})"
        )
        return InterruptedTransactionError(message, in_doubt=False)
    if _is_loss(error, state):
        return _lost(name, said, in_doubt=phase.committing)
    return StoreUnavailableError(
        f"The session store {name} {_reason(state)} (PostgreSQL {state}: {said})"
    )


def _is_loss(error: DBAPIError, state: str) -> bool:
    if error.connection_invalidated or state in _SHUTTING_DOWN or state.startswith("08"):
        return True
    return not state and isinstance(error, OperationalError | InterfaceError)


def _lost(name: str, said: str, *, in_doubt: bool) -> InterruptedTransactionError:
    recorded = (
        "Whether this was recorded is not known: the connection broke while it was being committed. "
        "Send the same again with the same token; what was recorded is answered as it was and never "
        "recorded twice."
        if in_doubt
        else "Nothing was recorded. Try again."
    )
    return InterruptedTransactionError(
        f"The session store {name} cannot be reached. {recorded} If it stays so, check the server and "
        f"WORKRAIL_DATABASE_URL. ({said})",
        in_doubt=in_doubt,
    )


def _reason(state: str) -> str:
    match state:
        case "55P03":
            reason = (
                "is locked: another process has held the same session, or the whole store while it "
                "was brought up to date, for seconds. Nothing was recorded. Make the same call again; "
                "if it stays so, `pg_stat_activity` shows who holds it."
            )
        case "53100":
            reason = (
                "has no room: the server's disk is full. Nothing was recorded. Free some space."
            )
        case "42501":
            reason = (
                "does not let this user do that. Nothing was recorded. Grant the user the rights on "
                "the schema, or name another user in WORKRAIL_DATABASE_URL."
            )
        case "XX001" | "XX002":
            reason = "is damaged. Stop the server, copy its data folder, and restore a backup."
        case _:
            reason = "refused. Nothing was recorded. The server's log may say more."
    return reason


def _first_line(error: DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines()
    return lines[0] if lines else type(error.orig).__name__
