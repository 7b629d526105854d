"""How is a tool used, so that a crash at any point does no harm?

A tool that acts is announced in the log before it is used; one that was announced and has no answer
is not used again, and the model is told that nobody knows how it ended. A tool that only reads is
used again. One that waits is announced too, and comes to the same however often it is used.
"""

from collections.abc import Callable
from time import monotonic
from typing import Final

from workrail_daemon.agent.kit import Kit
from workrail_daemon.agent.position import Position
from workrail_daemon.agent.story import PendingCall, Story
from workrail_daemon.dispatch.contract import Ended, Parked
from workrail_daemon.errors import StoppedError
from workrail_daemon.stopping import LOST, Stop
from workrail_daemon.tools.contract import Answered, Call, Ends, Tool, ToolAnswer, Waits
from workrail_engine.agent_events import RunEnded, RunParked, ToolBegun
from workrail_engine.errors import WorkRailError

_UNKNOWN: Final = (
    "This call was begun before an interruption, and how it ended is not known. It was not made "
    "again. Look at what it may have changed before you go on."
)
_ENDED: Final = "It was ended before it was done: the run was told to stop. Some of it may be done."

_FAILED: Final = "{} failed in a way it should not: {}: {}. Go on without it, or try another way."


class Calls:
    """Uses tools for one run."""

    def __init__(
        self, kit: Kit, story: Story, position: Position, stop: Stop, doing: Callable[[str], None]
    ) -> None:
        self._kit = kit
        self._story = story
        self._position = position
        self._stop = stop
        self._doing = doing

    def make(self, pending: PendingCall) -> Parked | Ended | None:
        """Make a call and record what came of it.

        Raises:
            StoppedError: the run was told to stop; what is known of the call is recorded.
        """
        tool = self._kit.toolbox.find(pending.name)
        if tool is None:
            said = self._kit.toolbox.why_not(pending.name)
            return self._keep(pending, "", Answered(said, "refused"), 0)
        said = tool.said(pending.input)
        if pending.begun_at is not None and tool.effect == "acts":
            return self._keep(pending, said, Answered(_UNKNOWN, "interrupted"), 0)
        node = pending.begun_at or self._position.node
        if pending.begun_at is None and tool.effect != "reads":
            begun = ToolBegun(node, pending.turn, pending.number, pending.name, said)
            self._story.record(begun)
        call = Call(
            self._kit.session_id, node, pending.turn, pending.number, pending.name, pending.input
        )
        self._doing(f"in {pending.name}")
        start = monotonic()
        answer = self._use(tool, call, said)
        ms = round((monotonic() - start) * 1000)
        if tool.effect == "reads" and isinstance(answer, Answered) and not _brings(answer):
            self._story.read(self._position.node, pending, said, answer, ms)
            return None
        return self._keep(pending, said, answer, ms)

    def _use(self, tool: Tool, call: Call, said: str) -> ToolAnswer:
        try:
            return tool.run(call, self._stop, self._doing)
        except StoppedError:
            if tool.effect == "acts" and self._stop.reason != LOST:
                ended = PendingCall(call.turn, call.number, call.name, call.input, call.node)
                self._keep(ended, said, Answered(_ENDED, "interrupted"), 0)
            raise
        except WorkRailError:
            raise
        except Exception as error:  # noqa: BLE001 (a fault of one tool ends no run)
            return Answered(_FAILED.format(tool.spec.name, type(error).__name__, error), "error")

    def _keep(
        self, pending: PendingCall, said: str, answer: ToolAnswer, ms: int
    ) -> Parked | Ended | None:
        node = self._position.node
        match answer:
            case Answered():
                self._story.used(node, pending, said, answer, ms)
                self._kit.mail.settled(answer.settles)
                return None
            case Waits():
                rest = RunParked(node, answer.rest, answer.said, None, answer.children)
                self._story.record(*answer.events, rest)
                return Parked(answer.rest, answer.said)
            case Ends():
                shown = Answered(answer.text, events=answer.events)
                over = RunEnded(node, answer.outcome, answer.said)
                self._story.used(node, pending, said, shown, ms, over)
                return Ended(answer.outcome, answer.said)


def _brings(answer: Answered) -> bool:
    """Whether it is more than what was read: the log must hold it before anybody goes on."""
    return bool(answer.events or answer.settles)
