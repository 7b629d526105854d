"""Which facts of runs are told as spans?"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from workrail_daemon.spans.sending import SpanSender
from workrail_daemon.spans.shapes import Moment, run_span, tool_span, turn_span
from workrail_engine.agent_events import AgentEvent, RunEnded, ToolFinished, TurnTaken
from workrail_engine.errors import WorkRailError
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import RunView

_NANO: Final = 1_000_000_000


class Spans:
    """Tells a collector what runs do: each turn, each use of a tool, and at the end the whole run."""

    def __init__(
        self,
        sender: SpanSender,
        now: Callable[[], datetime],
        view: Callable[[SessionId], RunView | None],
        *,
        content: bool = False,
    ) -> None:
        """Tell.

        Args:
            sender: sends them.
            now: the time, UTC.
            view: how a run stands; asked once, when it is over.
            content: whether words of models and arguments of tools are told, in short.
        """
        self._sender = sender
        self._now = now
        self._view = view
        self._content = content

    def tell(self, session_id: SessionId, event: AgentEvent) -> None:
        """Tell a fact that was recorded; most are no span. Never waits for the collector."""
        moment = Moment(session_id, round(self._now().timestamp() * _NANO))
        match event:
            case TurnTaken():
                self._sender.send(turn_span(moment, event, content=self._content))
            case ToolFinished():
                self._sender.send(tool_span(moment, event, content=self._content))
            case RunEnded():
                self._ended(moment, event)
            case _:
                pass

    def _ended(self, moment: Moment, event: RunEnded) -> None:
        began, parent = moment.at, None
        with suppress(WorkRailError):
            view = self._view(moment.session_id)
            if view is not None:
                parent = view.parent
                since = view.began_at or view.ordered_at
                began = round(datetime.fromisoformat(since).timestamp() * _NANO)
        self._sender.send(run_span(moment, event, began, parent))
