"""Which tools has a run?"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from workrail_daemon.ground import Ground
from workrail_daemon.models.protocol import ToolSpec
from workrail_daemon.options import Limits, RunOptions
from workrail_daemon.sandbox.contract import Sandbox
from workrail_daemon.tools.ask_operator import ask_operator_tool
from workrail_daemon.tools.bash import bash_tool
from workrail_daemon.tools.child_orders import Nursery
from workrail_daemon.tools.contract import Tool, ToolPolicy, Workshop
from workrail_daemon.tools.edit import edit_tool
from workrail_daemon.tools.glob import glob_tool
from workrail_daemon.tools.grep import grep_tool
from workrail_daemon.tools.inside import Inside
from workrail_daemon.tools.policy import allows
from workrail_daemon.tools.read import read_tool
from workrail_daemon.tools.read_artifact import read_artifact_tool
from workrail_daemon.tools.read_files import ReadFiles
from workrail_daemon.tools.report_issue import report_issue_tool
from workrail_daemon.tools.save_artifact import save_artifact_tool
from workrail_daemon.tools.signal_coordinator import signal_coordinator_tool
from workrail_daemon.tools.spawn_agent import spawn_agent_tool
from workrail_daemon.tools.write import write_tool
from workrail_engine.projections.runs import RunOrder
from workrail_engine.reader import Reader


@dataclass(frozen=True)
class Bench:
    """What the tools of one run work with."""

    workshop: Workshop
    sandbox: Sandbox
    command_seconds: float
    """How long a command of Bash may take."""
    ground: Ground
    reader: Callable[[], AbstractContextManager[Reader]]
    """Opens the store to look."""
    order: RunOrder
    """Of this run."""
    options: RunOptions
    """The same, as the daemon reads them."""
    left: Callable[[], Limits | None]
    """What the run may still use, asked when it is needed; None: nothing."""
    known: ReadFiles
    """What the agent read so far."""


class Toolbox:
    """The tools of a run that its policy allows."""

    def __init__(self, tools: Sequence[Tool], policy: ToolPolicy) -> None:
        """Hold those of some tools that may be used, in their order."""
        self._tools = {tool.spec.name: tool for tool in tools if allows(policy, tool.spec.name)}

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """All of them, as the model is told of them, always in the same order."""
        return tuple(tool.spec for tool in self._tools.values())

    def find(self, name: str) -> Tool | None:
        """The one of a name; None: the run has none such, or may not use it."""
        return self._tools.get(name)


def build_toolbox(bench: Bench, policy: ToolPolicy, *more: Tool) -> Toolbox:
    """The tools of a run.

    Args:
        bench: what they work with.
        policy: what the agent may do.
        more: tools that are made elsewhere, such as complete_step.
    """
    inside, known = Inside(bench.workshop.workspace), bench.known
    nursery = Nursery(bench.ground, bench.reader, inside, bench.order, bench.options, bench.left)
    tools: list[Tool] = [
        bash_tool(inside, bench.sandbox, bench.command_seconds),
        read_tool(inside, known),
        write_tool(inside, known, policy.writable),
        edit_tool(inside, known, policy.writable),
        glob_tool(inside),
        grep_tool(inside, bench.sandbox),
        save_artifact_tool(inside),
        read_artifact_tool(bench.ground),
        spawn_agent_tool(nursery),
        ask_operator_tool(bench.ground),
        signal_coordinator_tool(bench.ground, bench.order.parent),
        report_issue_tool(),
        *more,
    ]
    return Toolbox(tools, policy)
