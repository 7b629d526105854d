"""How does a tool say that it did not do what was asked?

Deep in a tool it is raised; `making` turns it into the call's answer, so it never leaves the room.
"""

from typing import Literal, TypeAlias

from workrail_daemon.errors import WorkTrainError

No: TypeAlias = Literal["error", "refused"]


class NotDoneError(WorkTrainError):
    """A call was not carried out; the message tells the model why, and what it can do instead."""

    def __init__(self, message: str, outcome: No = "error") -> None:
        super().__init__(message)
        self.outcome: No = outcome


def refused(message: str) -> NotDoneError:
    """What is raised where a rule says no, however the call is put."""
    return NotDoneError(message, "refused")
