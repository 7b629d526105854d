"""Where does a call come from, and how is it known when it comes again?"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from workrail_engine.errors import GivenUpError
from workrail_mcp_server.watching import Watch, present_watch


def _nobody(_session_id: str) -> None:
    """Who is told when nobody asked."""


@dataclass(frozen=True)
class Caller:
    """What is known of a call besides its arguments."""

    workspace: Path
    """The folder it means unless it names another."""
    call_id: str | None
    """The same when a client sends a call again whose answer it did not get; None: not known."""
    drives: Callable[[str], None] = _nobody
    """Told which session the call moved or came back to."""
    watch: Watch = field(default_factory=present_watch)
    """Who is told of progress, and whether they still wait."""

    def told(self, doing: str) -> None:
        """Say how far a call is.

        Raises:
            GivenUpError: nobody waits for its answer any more.
        """
        if self.watch.stopped():
            message = "The call was cancelled. Nothing was recorded."
            raise GivenUpError(message)
        self.watch.told(doing)
