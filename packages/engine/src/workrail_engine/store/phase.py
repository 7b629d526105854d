"""How far did a transaction come before the database let go of it?"""

from dataclasses import dataclass

from workrail_engine.errors import StoreUnavailableError


@dataclass
class Phase:
    """Where a transaction is."""

    committing: bool = False
    """From here on a lost answer leaves open whether the transaction was kept."""


class InterruptedTransactionError(StoreUnavailableError):
    """The database let go of a transaction for a reason that may be over at once."""

    def __init__(self, message: str, *, in_doubt: bool) -> None:
        super().__init__(message)
        self.in_doubt = in_doubt
        """Whether it may have been kept all the same."""
