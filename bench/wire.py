"""How do the benchmarks talk to `workrail start` with as little of their own in between?

A raw client: JSON lines over pipes, one request at a time, so that what is timed is the server.
"""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

TOKEN = re.compile(r"ct_[A-Za-z0-9_-]{24}")
HANDSHAKE: Final = "2025-11-25"
STATELESS: Final = "2026-07-28"
ERAS: Final = (HANDSHAKE, STATELESS)
_CLIENT: Final = {"name": "bench", "version": "1"}
_ENVELOPE: Final = {
    "io.modelcontextprotocol/protocolVersion": STATELESS,
    "io.modelcontextprotocol/clientInfo": _CLIENT,
    "io.modelcontextprotocol/clientCapabilities": {},
}
_LONGEST_LIFE_SECONDS = 900


class Wire:
    """One running server and the pipes to it."""

    def __init__(self, process: "subprocess.Popen[bytes]", era: str = HANDSHAKE) -> None:
        self._era = era
        self._in = cast("IO[bytes]", process.stdin)
        self._out = cast("IO[bytes]", process.stdout)
        self._number = 0
        self.pid = process.pid

    def request(self, method: str, params: Mapping[str, object]) -> Mapping[str, object]:
        """Send one request and read until its answer.

        Raises:
            RuntimeError: the server answered with an error or went away.
        """
        self._number += 1
        if self._era == STATELESS:
            params = {**params, "_meta": _ENVELOPE}
        self._send({"id": self._number, "method": method, "params": params})
        while line := self._out.readline():
            message = cast("Mapping[str, object]", json.loads(line))
            if message.get("id") != self._number:
                continue
            if "result" not in message:
                failure = f"{method}: {message.get('error')}"
                raise RuntimeError(failure)
            return cast("Mapping[str, object]", message["result"])
        failure = f"The server went away during {method}."
        raise RuntimeError(failure)

    def open(self) -> None:
        """What a client of this era begins with."""
        if self._era == STATELESS:
            self.request("server/discover", {})
            return
        hello = {"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": _CLIENT}
        self.request("initialize", hello)
        self._send({"method": "notifications/initialized"})

    def call(self, tool: str, arguments: Mapping[str, object]) -> str:
        """Call a tool; the text an agent reads.

        Raises:
            RuntimeError: the tool answered with an error.
        """
        result = self.request("tools/call", {"name": tool, "arguments": arguments})
        content = cast("list[Mapping[str, str]]", result["content"])
        text = "\n".join(part["text"] for part in content)
        if result.get("isError"):
            failure = f"{tool}: {text}"
            raise RuntimeError(failure)
        return text

    def _send(self, message: Mapping[str, object]) -> None:
        self._in.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self._in.flush()


def token_in(reply: str) -> str:
    """The token in a reply.

    Raises:
        RuntimeError: there is none.
    """
    found = TOKEN.search(reply)
    if found is None:
        failure = f"No token in this reply:\n{reply}"
        raise RuntimeError(failure)
    return found[0]


@contextmanager
def server(home: Path, era: str = HANDSHAKE) -> Generator[Wire]:
    """`workrail start` on the store in `home`, not yet spoken to; ended by closing its input."""
    command = [str(Path(sys.executable).with_name("workrail")), "start"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=home,
        env={**os.environ, "WORKRAIL_HOME": str(home)},
    )
    # A server that hangs must not hang the benchmark with it.
    watchdog = threading.Timer(_LONGEST_LIFE_SECONDS, process.kill)
    watchdog.daemon = True
    watchdog.start()
    try:
        yield Wire(process, era)
    finally:
        watchdog.cancel()
        with process:
            cast("IO[bytes]", process.stdin).close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def resident_megabytes(pid: int) -> float:
    """Resident memory of a process, as `ps` tells it."""
    shown = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True
    )
    return int(shown.stdout) / 1024
