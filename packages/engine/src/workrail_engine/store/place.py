"""What does the store ask of a place where a database lies?"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Engine

from workrail_engine.store.phase import Phase


class Place(Protocol):
    """One database: a file, or one on a server."""

    @property
    def name(self) -> str:
        """What messages call it; never with a password."""
        ...

    @property
    def pauses(self) -> Sequence[float]:
        """Seconds to wait before each new try of a transaction that was interrupted."""
        ...

    def writer(self) -> Engine:
        """Connections whose transactions are short and may write."""
        ...

    def reader(self) -> Engine:
        """Connections that cannot write, whatever is asked of them."""
        ...

    def looking(self, engine: Engine) -> Engine:
        """The same connections for transactions that only read and see one state throughout."""
        ...

    def acting(self, engine: Engine) -> Engine:
        """The same connections for transactions that write."""
        ...

    def turn(self) -> AbstractContextManager[object]:
        """Held while one writes, where one process should not write twice at once."""
        ...

    def was_replaced(self) -> bool:
        """Whether connections that are open lead somewhere else than new ones would."""
        ...

    def translated(self, phase: Phase) -> AbstractContextManager[None]:
        """What the database or the system raises inside leaves as a failure of ours.

        Raises:
            ConflictError: a row that must be unique is there already.
            InterruptedTransactionError: the same may well succeed at once.
            StoreUnavailableError: anything else.
        """
        ...
