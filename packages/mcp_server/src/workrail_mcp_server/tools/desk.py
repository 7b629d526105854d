"""Who answers a tool call?

One desk serves one process: it opens the engine at the first call that needs it and keeps it. Tools
run on worker threads, several at once; the engine allows that. Importing this module imports the
engine and all it stands on, so the server does it only after a client has its list of tools.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from workrail_engine.canonical import JsonValue
from workrail_engine.engine import Answered, Engine, open_engine
from workrail_engine.ids import Digest
from workrail_engine.system import Locations
from workrail_mcp_server.failures import PersonsAnswer, Told
from workrail_mcp_server.present_step import present
from workrail_mcp_server.present_text import within_reply
from workrail_mcp_server.schemas import ToolSpec
from workrail_mcp_server.tools import choosing, listing, returning, sourcing, stepping
from workrail_mcp_server.tools.arguments import Arguments, read_arguments
from workrail_mcp_server.tools.caller import Caller

_log = logging.getLogger(__name__)

Work = Callable[[Engine, Arguments, Caller], str | Told]

_WORK: Mapping[str, Work] = {
    listing.LIST_WORKFLOWS.name: choosing.list_workflows,
    listing.INSPECT_WORKFLOW.name: choosing.inspect_workflow,
    listing.START_WORKFLOW.name: stepping.start_workflow,
    listing.COMPLETE_STEP.name: stepping.complete_step,
    listing.CONTINUE_WORKFLOW.name: stepping.continue_workflow,
    listing.CHECKPOINT_WORKFLOW.name: stepping.checkpoint_workflow,
    listing.RESUME_SESSION.name: returning.resume_session,
    listing.READ_ARTIFACT.name: returning.read_artifact,
    listing.MANAGE_WORKFLOW_SOURCE.name: sourcing.manage_workflow_source,
}


class Desk:
    """Answers tool calls with one engine."""

    def __init__(self, workspace: Path, locations: Locations | None = None) -> None:
        """Serve calls that mean `workspace` unless they name another."""
        self._workspace = workspace
        self._locations = locations
        self._opening = threading.Lock()
        self._resources = ExitStack()
        self._engine: Engine | None = None
        self._driven: set[str] = set()

    def work(self, spec: ToolSpec, raw: Mapping[str, JsonValue], call_id: str | None) -> str | Told:
        """The text that answers a call.

        Args:
            spec: the tool.
            raw: its arguments as they came.
            call_id: what names the call if it is sent again.

        Raises:
            WorkRailError: the call cannot be answered; the message says what to do.
        """
        arguments = read_arguments(spec, raw)
        caller = Caller(self._workspace, call_id, self._note)
        done = _WORK[spec.name](self._open(), arguments, caller)
        if isinstance(done, str):
            return within_reply(done)
        return Told(within_reply(done.text), done.question)

    def answer(self, answer: PersonsAnswer) -> str:
        """Carry out what a client's person decided; the text tells the agent where that led.

        Raises:
            WorkRailError: it no longer waits, or is not what they were shown.
        """
        given = Answered(
            verdict=answer.verdict,
            shown=Digest(answer.digest),
            by=f"the person at {answer.client}",
            channel="client",
            note=answer.note,
        )
        return within_reply(present(self._open().approvals.answer(answer.approval_id, given)))

    def close(self) -> None:
        """Give the engine back."""
        with self._opening:
            self._engine = None
            self._resources.close()

    def _note(self, session_id: str) -> None:
        """Remember, once for each session, which client drives it.

        An approval is refused to whatever descends from that client. A call does not fail by this.
        """
        if session_id in self._driven:
            return
        self._driven.add(session_id)
        try:
            from workrail_mcp_server.processes import (  # noqa: PLC0415 - only who drives needs it
                client_of_this_process,
            )

            self._open().driven_by(session_id, client_of_this_process())
        except Exception as error:  # noqa: BLE001 - the work of the call is done and recorded
            _log.warning("it could not be noted who drives %s: %s", session_id, error)

    def _open(self) -> Engine:
        with self._opening:
            if self._engine is None:
                self._engine = self._resources.enter_context(open_engine(self._locations))
            return self._engine
