"""How do messages get from stdin to the server's loop and from there to stdout?

The SDK's loop is served over two memory streams, as its own stdio transport does. What is different
here is what happens when things go wrong:

* a daemon thread reads stdin, so that nothing waits for a blocked read when the process leaves;
* at the end of input every request already received is answered first;
* a line that is no message is answered with a JSON-RPC error instead of silence;
* a client that no longer reads is found out at the first write.

Everything but the reading happens on the event loop's thread.
"""

import logging
import os
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import anyio
import anyio.from_thread
import anyio.lowlevel
import mcp_types as types
from anyio.abc import ObjectReceiveStream, ObjectSendStream
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage

from workrail_mcp_server.frames import read_message, write_message

_BUFFERED = 64
_READ_BYTES = 1 << 16
_CANCELLED = "notifications/cancelled"
_log = logging.getLogger(__name__)

Incoming: TypeAlias = SessionMessage | Exception
Streams: TypeAlias = tuple[
    MemoryObjectReceiveStream[Incoming], MemoryObjectSendStream[SessionMessage]
]


def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Moments:
    """Who wants to know when; each is called on the event loop's thread, but for the last."""

    quiet: Callable[[], None] = _nothing
    """The last open request has been answered."""
    listed: Callable[[], None] = _nothing
    """A list of tools has been answered."""
    input_ended: Callable[[], None] = _nothing
    """No more can come from the client; called on the thread that reads."""


class Traffic:
    """Which requests are received and not yet answered."""

    def __init__(self, moments: Moments) -> None:
        """Count requests, and tell of the moments that come with them."""
        self._open: dict[str | int, list[str]] = {}
        self._moments = moments
        self._quiet = anyio.Event()
        self.moved = 0
        """How many messages have come, and answers gone: progress alone is no step towards an end."""

    @property
    def quiet(self) -> bool:
        """Whether every request received has its answer."""
        return not self._open

    async def wait_until_quiet(self) -> None:
        """Return once every request received has its answer."""
        while self._open:
            self._quiet = anyio.Event()
            await self._quiet.wait()

    def received(self, message: types.JSONRPCMessage) -> None:
        """Take note of a message from the client."""
        self.moved += 1
        if isinstance(message, types.JSONRPCRequest):
            self._open.setdefault(message.id, []).append(message.method)
        elif isinstance(message, types.JSONRPCNotification) and message.method == _CANCELLED:
            self._close((message.params or {}).get("requestId"))  # it is never answered

    def sent(self, message: types.JSONRPCMessage) -> None:
        """Take note of a message that has been written to the client."""
        if isinstance(message, types.JSONRPCResponse | types.JSONRPCError):
            self.moved += 1
            self._close(message.id)

    def input_ended(self) -> None:
        """No more can come from the client."""
        self._moments.input_ended()

    def _close(self, request: str | int | None) -> None:
        if not isinstance(request, str | int) or request not in self._open:
            return
        methods = self._open[request]
        method = methods.pop(0)
        if not methods:
            del self._open[request]
        if not self._open:
            self._quiet.set()
            self._moments.quiet()
        if method == "tools/list":
            self._moments.listed()


class Wire:
    """Writes whole frames to the client; silent once it is gone."""

    def __init__(self, descriptor: int, on_gone: Callable[[], None]) -> None:
        """Write to a blocking file descriptor; `on_gone` is called when it takes no more."""
        self._descriptor = descriptor
        self._on_gone = on_gone
        self._gone = False

    def write(self, frame: bytes) -> None:
        """Write one frame and its line end."""
        rest = memoryview(frame + b"\n")
        try:
            while rest and not self._gone:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            _log.info("the client no longer reads: %s", error)
            self._gone = True
            self._on_gone()


@asynccontextmanager
async def stdio_streams(source: int, wire: Wire, traffic: Traffic) -> AsyncGenerator[Streams]:
    """The two streams of the server's loop, fed from a descriptor and drained to a wire.

    The first stream ends when the source has ended and what was received is answered. Nothing here
    bounds how long that takes: whoever is told that input ended does.
    """
    lines_in, lines = anyio.create_memory_object_stream[bytes](_BUFFERED)
    to_server, incoming = anyio.create_memory_object_stream[Incoming](_BUFFERED)
    outgoing, from_server = anyio.create_memory_object_stream[SessionMessage](_BUFFERED)
    token = anyio.lowlevel.current_token()
    threading.Thread(
        target=_feed, args=(source, lines_in, token, traffic), name="stdin", daemon=True
    ).start()
    with lines_in, incoming, outgoing:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_take_in, lines, to_server, wire, traffic)
            tasks.start_soon(_send_out, from_server, wire, traffic)
            yield incoming, outgoing
            tasks.cancel_scope.cancel()


def _feed(source: int, lines: ObjectSendStream[bytes], token: Any, traffic: Traffic) -> None:
    """Pass on lines until the source ends; runs on its own thread."""
    try:
        with os.fdopen(source, "rb", _READ_BYTES, closefd=False) as stream:
            for line in stream:
                if line.strip():
                    anyio.from_thread.run(lines.send, line, token=token)
    except OSError as error:
        _log.info("stdin cannot be read any more: %s", error)
    except (anyio.ClosedResourceError, anyio.BrokenResourceError, RuntimeError):
        return  # the server left first
    traffic.input_ended()  # first: the event loop may be stuck in a write nobody reads
    try:
        anyio.from_thread.run(lines.aclose, token=token)
    except RuntimeError:
        return  # the event loop is gone


async def _take_in(
    lines: ObjectReceiveStream[bytes],
    to_server: ObjectSendStream[Incoming],
    wire: Wire,
    traffic: Traffic,
) -> None:
    async with lines, to_server:
        async for line in lines:
            message = read_message(line)
            if isinstance(message, bytes):
                wire.write(message)
                continue
            traffic.received(message)
            await to_server.send(SessionMessage(message))
        await traffic.wait_until_quiet()


async def _send_out(
    from_server: ObjectReceiveStream[SessionMessage], wire: Wire, traffic: Traffic
) -> None:
    async with from_server:
        async for item in from_server:
            wire.write(write_message(item.message))
            traffic.sent(item.message)
