"""How is the real Claude Code run, with everything of its own and nothing of this machine's user?"""

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from person import approve
from stand_in import StandIn, serving
from turns import PREFIX, Script

_LONGEST_SECONDS = 180
_LONGEST_LEAVING_SECONDS = 5
_HERE = Path(__file__).parent
WORKRAIL = str(Path(sys.executable).with_name("workrail"))
_NOWHERE = "http://127.0.0.1:9"
_QUIET = (
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
    "DISABLE_AUTOUPDATER",
    "DISABLE_ERROR_REPORTING",
    "DISABLE_TELEMETRY",
    "IS_SANDBOX",
)
ERAS = {"2025-11-25": {"MCP_PROTOCOL_NEGOTIATION": "legacy"}, "2026-07-28": {}}
"""The environment in which Claude Code speaks each era of the protocol."""


class NotInstalledError(Exception):
    """There is no Claude Code to run; the message says what to do."""


def claude_code() -> Path:
    """The Claude Code to run: what `CLAUDE_BIN` names, else the one inside `claude-agent-sdk`.

    Raises:
        NotInstalledError: there is neither.
    """
    named = os.environ.get("CLAUDE_BIN")
    if named:
        return Path(named).resolve()
    found = find_spec("claude_agent_sdk")  # not imported: that takes most of a second
    if found is None or found.origin is None:
        message = "Claude Code is not installed here. `make e2e-claude` installs it and runs this."
        raise NotInstalledError(message)
    return Path(found.origin).parent / "_bundled" / "claude"


@dataclass(frozen=True)
class Setup:
    """How Claude Code comes to know the server."""

    arguments: tuple[str, ...]
    prefix: str = PREFIX
    """Of the names its tools get."""
    overheard: bool = True
    """Whether it starts the `workrail` of its PATH."""


_SERVER = {"mcpServers": {"workrail": {"command": "workrail", "args": ["start"]}}}
NAMED = Setup(("--mcp-config", json.dumps(_SERVER), "--strict-mcp-config"))
"""Named on its command line: it then waits for the server before the first turn."""


@dataclass(frozen=True)
class Machine:
    """A user's machine: a home, a project, a Claude Code that speaks one era."""

    claude: Path
    folder: Path
    """A new, empty folder."""
    era: str

    def prepare(self) -> None:
        """Lay the folders, and a `workrail` on the PATH that lets its servers be overheard."""
        for needed in (self.home, self.project, self._programs):
            needed.mkdir()
        overheard = (sys.executable, str(_HERE / "overhear.py"), str(self._log), str(self._lose))
        begin = (
            f'if [ "$1" = start ]; then exec {shlex.join((*overheard, "--", WORKRAIL))} "$@"; fi'
        )
        program = self._programs / "workrail"
        program.write_text(f'#!/bin/sh\n{begin}\nexec {shlex.quote(WORKRAIL)} "$@"\n')
        program.chmod(0o755)

    @property
    def home(self) -> Path:
        """The user's home."""
        return self.folder / "home"

    @property
    def project(self) -> Path:
        """The folder Claude Code works in."""
        return self.folder / "project"

    @property
    def servers(self) -> tuple[int, ...]:
        """The process ids of the servers Claude Code spawned, oldest first."""
        return tuple(line["pid"] for line in self._heard() if "pid" in line)

    @property
    def methods(self) -> tuple[str, ...]:
        """What Claude Code said to the servers, method by method."""
        return tuple(line["method"] for line in self._heard() if "method" in line)

    @property
    def complaints(self) -> str:
        """What the servers wrote to stderr."""
        kept = self._log.with_name(f"{self._log.name}.err")
        return kept.read_text(encoding="utf-8", errors="replace") if kept.exists() else ""

    @property
    def decisions(self) -> tuple[str, ...]:
        """What Claude Code said when it was asked to put a question before its person."""
        return tuple(found for line in self._heard() for found in _actions(line))

    def check_servers_gone(self) -> None:
        """No server outlives its Claude Code.

        Raises:
            AssertionError: one did.
        """
        left = {pid for pid in self.servers if not _ends(pid)}
        assert not left, f"These servers still run: {left}"

    def kill_server(self) -> None:
        """End the newest server as nothing can prevent."""
        os.kill(self.servers[-1], signal.SIGKILL)

    def lose_next_answer(self) -> None:
        """Kill the server once it has answered the next call, before the answer arrives."""
        self._lose.touch()

    def approve(self, approval: str, agreed: str) -> None:
        """Let the person approve what waits, once they see a text in it.

        Raises:
            AssertionError: the text was not shown, or nothing could be approved.
        """
        environ = self._environ(_NOWHERE)
        command = (WORKRAIL, "approve", approval)
        shown = approve(command, project=self.project, environ=environ, agreed=agreed)
        assert "Approved." in shown, shown

    def run(self, *command: str) -> str:
        """What a command of the person says.

        Raises:
            AssertionError: it failed.
        """
        done = self._run(command, _NOWHERE)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def converse(self, prompt: str, script: Script, setup: Setup = NAMED) -> None:
        """One conversation, from the prompt to the result.

        Raises:
            AssertionError: the script found something wrong, or Claude Code ended badly.
        """
        said = (str(self.claude), "-p", prompt, "--output-format", "stream-json", "--verbose")
        allowed = ("--allowedTools", f"{setup.prefix}*")
        stand_in = StandIn(script)
        with serving(stand_in) as address:
            done = self._run((*said, *setup.arguments, *allowed), address)
        if stand_in.failure is not None:
            raise stand_in.failure
        events = [json.loads(line) for line in done.stdout.splitlines()]
        results = [event for event in events if event.get("type") == "result"]
        assert results, f"Claude Code ended with {done.returncode}: {done.stderr[-2000:]}"
        result: dict[str, Any] = results[-1]
        assert not result["is_error"], result
        assert stand_in.finished, f"Claude Code ended before the script did: {result}"
        if setup.overheard:
            self._check_era()

    def _run(self, command: Sequence[str], address: str) -> "subprocess.CompletedProcess[str]":
        with subprocess.Popen(
            command,
            cwd=self.project,
            env=self._environ(address),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                said, complained = process.communicate(timeout=_LONGEST_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        return subprocess.CompletedProcess(command, process.returncode, said, complained)

    def _environ(self, address: str) -> dict[str, str]:
        """Nothing of the caller's but the path; requests to anywhere but this machine fail at once."""
        return {
            "PATH": f"{self._programs}:{self.claude.parent}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "HOME": str(self.home),
            "WORKRAIL_HOME": str(self.home / ".workrail"),
            "ANTHROPIC_BASE_URL": address,
            "ANTHROPIC_API_KEY": "none",
            "HTTPS_PROXY": _NOWHERE,
            "HTTP_PROXY": _NOWHERE,
            "NO_PROXY": "127.0.0.1",
            **dict.fromkeys(_QUIET, "1"),
            **ERAS[self.era],
        }

    def _check_era(self) -> None:
        began = {"initialize", "server/discover"} & set(self.methods)
        expected = "server/discover" if self.era == "2026-07-28" else "initialize"
        assert began == {expected}, f"{self.era} was to be spoken, and it began with {began}"

    def _heard(self) -> list[dict[str, Any]]:
        if not self._log.exists():
            return []
        lines = self._log.read_bytes().split(b"\n")
        return [json.loads(line) for line in lines if line]

    @property
    def _log(self) -> Path:
        return self.folder / "overheard.jsonl"

    @property
    def _lose(self) -> Path:
        return self.folder / "lose"

    @property
    def _programs(self) -> Path:
        return self.folder / "bin"


def _actions(line: Mapping[str, Any]) -> Iterator[str]:
    """The answers in a line: a whole result in the older era, beside a repeated call in the other."""
    answers: Mapping[str, Any] = line.get("params", {}).get("inputResponses", {})
    for answer in (line.get("result", {}), *answers.values()):
        if "action" in answer:
            yield answer["action"]


def _ends(pid: int) -> bool:
    """Whether a process has ended, or does so within some seconds."""
    never = threading.Event()
    for _ in range(_LONGEST_LEAVING_SECONDS * 20):
        state = subprocess.run(
            ("ps", "-o", "stat=", "-p", str(pid)), capture_output=True, text=True, check=False
        ).stdout
        if not state.strip() or state.startswith("Z"):
            return True
        never.wait(0.05)
    return False
