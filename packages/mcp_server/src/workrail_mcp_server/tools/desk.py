"""Who answers a tool call?

One desk serves one process: it opens the engine at the first call that needs it and keeps it. Tools
run on worker threads, several at once; the engine allows that. Importing this module imports the
engine and all it stands on, so the server does it only after a client has its list of tools.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from workrail_engine.canonical import JsonValue
from workrail_engine.engine import Engine, open_engine
from workrail_engine.system import Locations
from workrail_mcp_server.present_text import within_reply
from workrail_mcp_server.schemas import ToolSpec
from workrail_mcp_server.tools import choosing, listing, returning, sourcing, stepping
from workrail_mcp_server.tools.arguments import Arguments, read_arguments

Work = Callable[[Engine, Arguments, Path], str]

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

    def work(self, spec: ToolSpec, raw: Mapping[str, JsonValue]) -> str:
        """The text that answers a call.

        Raises:
            WorkRailError: the call cannot be answered; the message says what to do.
        """
        arguments = read_arguments(spec, raw)
        return within_reply(_WORK[spec.name](self._open(), arguments, self._workspace))

    def close(self) -> None:
        """Give the engine back."""
        with self._opening:
            self._engine = None
            self._resources.close()

    def _open(self) -> Engine:
        with self._opening:
            if self._engine is None:
                self._engine = self._resources.enter_context(open_engine(self._locations))
            return self._engine
