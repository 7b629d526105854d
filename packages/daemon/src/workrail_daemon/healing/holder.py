"""Who holds the engine, so that it can be begun anew while others use it?"""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from threading import Lock

from workrail_engine.engine import Engine


class EngineHolder:
    """The engine of a process. Ask for it anew at every call. Safe to use from several threads."""

    def __init__(self, opens: Callable[[], AbstractContextManager[Engine]]) -> None:
        """Begin it.

        Raises:
            StoreUnavailableError: the store cannot be opened.
        """
        self._opens = opens
        self._lock = Lock()
        self._engine, self._held = self._begun()

    @property
    def engine(self) -> Engine:
        """The engine, as it was begun last."""
        return self._engine

    def renew(self) -> None:
        """Begin the engine anew, with new connections; the one before is let go of.

        Raises:
            StoreUnavailableError: the store cannot be opened; the engine stays as it was.
        """
        with self._lock:
            before = self._held
            self._engine, self._held = self._begun()
        before.close()

    def close(self) -> None:
        """Let go of it."""
        with self._lock:
            self._held.close()

    def _begun(self) -> tuple[Engine, ExitStack]:
        held = ExitStack()
        return held.enter_context(self._opens()), held


@contextmanager
def holding(opens: Callable[[], AbstractContextManager[Engine]]) -> Generator[EngineHolder]:
    """An engine while the block runs.

    Args:
        opens: opens one; called again whenever it is to begin anew.

    Raises:
        StoreUnavailableError: the store cannot be opened.
    """
    holder = EngineHolder(opens)
    try:
        yield holder
    finally:
        holder.close()
