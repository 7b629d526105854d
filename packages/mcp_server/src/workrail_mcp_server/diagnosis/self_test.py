"""Does `workrail start` answer a client, and how soon?

A server of this installation is started as a client starts it, and asked in the way of both eras of
the protocol's newest: what it is, and which tools it has. Then its input ends, and so must it.
"""

import json
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import IO, Final, cast

from workrail_engine.canonical import JsonObject
from workrail_engine.errors import InvalidInputError
from workrail_mcp_server.clients.own_command import own_script
from workrail_mcp_server.diagnosis.finding import Finding, good, problem, warning

_CHECK: Final = "server"
_LONGEST_SECONDS: Final = 30.0
_SLOW_SECONDS: Final = 2.0
"""About as long as Claude Code waits for a server before its first prompt goes out without it."""
_ABOUT: Final[JsonObject] = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "workrail-doctor", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
_REMEDY: Final = (
    "Run `workrail start` in a terminal and press Ctrl-D: its messages say what is wrong."
)


def check_server(
    workspace: Path, command: Sequence[str] | None = None, seconds: float = _LONGEST_SECONDS
) -> Finding:
    """Start a server, ask it for its tools, let it end.

    Args:
        workspace: the folder it is started in.
        command: what starts it; this installation's when left out.
        seconds: after which it is killed.
    """
    try:
        started = command or (str(own_script()), "start")
    except InvalidInputError as error:
        return problem(_CHECK, str(error), "Install workrail-mcp-server again.")
    began = perf_counter()
    with tempfile.TemporaryFile() as said:  # a pipe nobody reads could fill up and hold it
        try:
            process = subprocess.Popen(
                started,
                cwd=workspace,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
            )
        except OSError as error:
            return problem(_CHECK, f"{started[0]} cannot be started ({error.strerror}).", _REMEDY)
        watchdog = threading.Timer(seconds, process.kill)
        watchdog.start()
        with process:
            try:
                tools = _conversation(process)
                took = perf_counter() - began
                process.communicate()
            finally:
                watchdog.cancel()
        said.seek(0)
        return _judged(tools, took, process.returncode, said.read())


def _conversation(process: "subprocess.Popen[bytes]") -> int | None:
    """How many tools there are; None when no answer came."""
    into, out = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
    for number, method in enumerate(("server/discover", "tools/list"), 1):
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": {"_meta": _ABOUT}}
        try:
            into.write(json.dumps(request).encode() + b"\n")
            into.flush()
        except BrokenPipeError:  # it ended before it was asked
            return None
        result = _answer(out, number)
        if result is None:
            return None
        tools = result.get("tools")
        if isinstance(tools, list):
            return len(tools)
    return None


def _answer(out: IO[bytes], number: int) -> JsonObject | None:
    while line := out.readline():
        try:
            message = json.loads(line)
        except ValueError:
            return None
        if isinstance(message, dict):
            answer = cast("JsonObject", message)
            result = answer.get("result")
            if answer.get("id") == number:
                return result if isinstance(result, dict) else None
    return None


def _judged(tools: int | None, seconds: float, code: int, said: bytes) -> Finding:
    last = " ".join(said.decode("utf-8", "replace").split()[-40:])
    if tools is None:
        ended = f"It ended with {code} after {seconds:.1f} s"
        return problem(_CHECK, f"`workrail start` gave no list of tools. {ended}: {last}", _REMEDY)
    answered = f"`workrail start` listed {tools} tools after {seconds:.2f} s"
    if code != 0:
        return problem(_CHECK, f"{answered}, and ended with {code}: {last}", _REMEDY)
    if seconds > _SLOW_SECONDS:
        return warning(
            _CHECK,
            f"{answered}; Claude Code's first prompt does not wait that long.",
            "Close programs that keep this machine busy, and run `workrail doctor` again.",
        )
    return good(_CHECK, answered)
