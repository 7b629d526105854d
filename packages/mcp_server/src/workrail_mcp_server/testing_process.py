"""How do tests talk to the real process, byte by byte, in either era?

A `Peer` writes what it is told to and reads whole lines. It checks that every line is a JSON-RPC 2.0
message that answers something: servers may tell, but never ask.
"""

import json
import os
import select
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, TypeAlias

Era: TypeAlias = Literal["2025-11-25", "2026-07-28"]
ERAS: tuple[Era, ...] = ("2025-11-25", "2026-07-28")
BOUND = 30.0
"""Seconds after which a test gives up on the process."""
WORKRAIL = str(Path(sys.executable).with_name("workrail"))
SERVE = "from workrail_mcp_server.process import serve; serve()"
"""What `workrail start` runs; a test may put its own lines before it."""
_CLIENT = {"name": "test", "version": "0"}
_PREFIX = "io.modelcontextprotocol/"


class Peer:
    """A client of one server process."""

    def __init__(self, process: "subprocess.Popen[bytes]", era: Era) -> None:
        """Speak to a process; nothing is sent yet."""
        self.process = process
        self.era: Era = era
        self._read = b""
        self._number = 0

    def open(self) -> Mapping[str, Any]:
        """What a client of this era sends first; returns the server's answer."""
        if self.era == "2026-07-28":
            answer = self.answer(self.ask("server/discover"))["result"]
        else:
            answer = self.answer(
                self.ask(
                    "initialize", protocolVersion=self.era, capabilities={}, clientInfo=_CLIENT
                )
            )["result"]
            self.tell("notifications/initialized")
        return answer

    def ask(self, method: str, **params: object) -> int:
        """Send a request; returns its id."""
        self._number += 1
        self.write(self.frame(method, self._number, **params))
        return self._number

    def tell(self, method: str, **params: object) -> None:
        """Send a notification."""
        self.write(self.frame(method, None, **params))

    def frame(self, method: str, number: object = None, **params: object) -> bytes:
        """A message of this era as a line; a notification when it has no number."""
        message: dict[str, object] = {"jsonrpc": "2.0", "method": method}
        if number is not None:
            message["id"] = number
        if self.era == "2026-07-28" and number is not None:
            params["_meta"] = {
                f"{_PREFIX}protocolVersion": self.era,
                f"{_PREFIX}clientInfo": _CLIENT,
                f"{_PREFIX}clientCapabilities": {},
            }
        return json.dumps({**message, "params": params}).encode() + b"\n"

    def call(self, tool: str, **arguments: object) -> str:
        """Call a tool; the text an agent reads, of an error too."""
        return self.text(self.ask("tools/call", name=tool, arguments=arguments))

    def text(self, number: int) -> str:
        """The text that answers a call."""
        return self.answer(number)["result"]["content"][0]["text"]

    def answer(self, number: object) -> Mapping[str, Any]:
        """The answer to a request; what comes before it is passed over."""
        while True:
            message = self.next()
            if message.get("id") == number:
                return message

    def ping(self) -> None:
        """Make sure that the server still answers.

        Raises:
            AssertionError: it does not.
        """
        answer = self.answer(self.ask("tools/list"))
        if "result" not in answer:
            raise AssertionError(answer)

    def next(self) -> Mapping[str, Any]:
        """The next message.

        Raises:
            AssertionError: none came, or what came is no message a server may send.
        """
        line = self.line()
        message = json.loads(line)
        asks = "method" in message and "id" in message
        answers = ("result" in message) != ("error" in message)
        if message["jsonrpc"] != "2.0" or asks or answers == ("method" in message):
            raise AssertionError(line)
        return message

    def line(self) -> bytes:
        """The next line, without its end.

        Raises:
            AssertionError: none came.
        """
        if self.process.stdout is None:
            raise AssertionError
        parts = [self._read]
        while b"\n" not in parts[-1]:
            ready, _, _ = select.select([self.process.stdout], [], [], BOUND)
            data = os.read(self.process.stdout.fileno(), 1 << 20) if ready else b""
            if not data:
                message = f"the server said nothing more: {b''.join(parts)[:200]!r}"
                raise AssertionError(message)
            parts.append(data)
        line, _, self._read = b"".join(parts).partition(b"\n")
        return line

    def rest(self) -> Sequence[Mapping[str, Any]]:
        """Every message until the server closes its output."""
        if self.process.stdout is None:
            raise AssertionError
        return [json.loads(line) for line in (self._read + self.process.stdout.read()).splitlines()]

    def write(self, data: bytes) -> None:
        """Write bytes as they are."""
        if self.process.stdin is None:
            raise AssertionError
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def end_input(self) -> None:
        """Close the server's input."""
        if self.process.stdin is not None:
            self.process.stdin.close()

    def stop_reading(self) -> None:
        """Close the server's output."""
        if self.process.stdout is not None:
            self.process.stdout.close()

    def code(self, seconds: float = BOUND) -> int:
        """How the process ended, within some time."""
        return self.process.wait(seconds)

    def errors(self) -> str:
        """All it said on stderr; only once it has ended."""
        if self.process.stderr is None:
            raise AssertionError
        return self.process.stderr.read().decode()


@contextmanager
def serving(
    environment: Mapping[str, str],
    era: Era,
    code: str | None = None,
    *,
    stdin: int = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
) -> Generator[Peer]:
    """A server process that is killed in the end.

    Args:
        environment: its variables.
        era: what its client speaks.
        code: run in place of `workrail start`; to plant a fault before `SERVE`.
        stdin: a descriptor in place of a new pipe.
        stderr: a descriptor in place of a new pipe.
    """
    command = [WORKRAIL, "start"] if code is None else [sys.executable, "-c", code]
    with subprocess.Popen(
        command, env=dict(environment), stdin=stdin, stdout=subprocess.PIPE, stderr=stderr
    ) as process:
        try:
            yield Peer(process, era)
        finally:
            process.kill()
            if process.stdin is not None:
                with suppress(OSError):  # what was not written yet goes nowhere
                    process.stdin.close()


@contextmanager
def opened(
    environment: Mapping[str, str],
    era: Era,
    code: str | None = None,
    *,
    stderr: int = subprocess.PIPE,
) -> Generator[Peer]:
    """`serving`, to a client that has said what comes first."""
    with serving(environment, era, code, stderr=stderr) as peer:
        peer.open()
        yield peer
