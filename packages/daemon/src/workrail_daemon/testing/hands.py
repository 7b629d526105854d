"""How does a test use tools, as the loop of a run does?"""

from pathlib import Path

from workrail_daemon.sandbox.contract import SandboxPolicy
from workrail_daemon.sandbox.unconfined import Unconfined
from workrail_daemon.stopping import Stop
from workrail_daemon.tools.bash import bash_tool
from workrail_daemon.tools.contract import Answered, Call, Tool, ToolAnswer, ToolPolicy
from workrail_daemon.tools.edit import edit_tool
from workrail_daemon.tools.glob import glob_tool
from workrail_daemon.tools.grep import grep_tool
from workrail_daemon.tools.inside import Inside
from workrail_daemon.tools.read import read_tool
from workrail_daemon.tools.read_files import ReadFiles
from workrail_daemon.tools.save_artifact import save_artifact_tool
from workrail_daemon.tools.toolbox import Toolbox
from workrail_daemon.tools.write import write_tool
from workrail_engine.canonical import JsonValue
from workrail_engine.ids import NodeId, SessionId

SESSION = SessionId("sess_" + "a" * 26)


class Hands:
    """The tools that need nothing but a workspace; commands run without walls around them."""

    def __init__(self, workspace: Path, policy: ToolPolicy | None = None) -> None:
        """Work in a folder, made real first."""
        self.workspace = workspace.resolve()
        self.stop = Stop()
        self.known = ReadFiles()
        allowed = policy or ToolPolicy()
        inside = Inside(self.workspace)
        sandbox = Unconfined(SandboxPolicy(self.workspace), None)
        tools: list[Tool] = [
            bash_tool(inside, sandbox, 20),
            read_tool(inside, self.known),
            write_tool(inside, self.known, allowed.writable),
            edit_tool(inside, self.known, allowed.writable),
            glob_tool(inside),
            grep_tool(inside, sandbox),
            save_artifact_tool(inside),
        ]
        self.toolbox = Toolbox(tools, allowed)
        self._turn = 0

    def use(self, name: str, /, **arguments: JsonValue) -> Answered:
        """What a call comes to."""
        answer = self.make(name, **arguments)
        assert isinstance(answer, Answered), answer  # noqa: S101 - a test asks this
        return answer

    def make(self, name: str, /, **arguments: JsonValue) -> ToolAnswer:
        """What a call comes to, whatever that is."""
        tool = self.toolbox.find(name)
        assert tool is not None, name  # noqa: S101 - a test asks this
        self._turn += 1
        call = Call(SESSION, NodeId(1), self._turn, 1, name, arguments)
        return tool.run(call, self.stop, lambda _doing: None)
