"""How do messages get from stdin to the server's loop and from there to stdout?

The SDK's loop is served over two memory streams, as its own stdio transport does. What is different
here is what happens when things go wrong:

* a daemon thread reads stdin, so that nothing waits for a blocked read when the process leaves;
* at the end of input every request already received is answered first, within a bound;
* a line that is no message is answered with a JSON-RPC error instead of silence;
* half a character (a lone surrogate) is replaced, in either direction, and stops nothing;
* a client that no longer reads is found out at the first write.

Everything but the reading happens on the event loop's thread.
"""

import json
import logging
import os
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, cast

import anyio
import anyio.from_thread
import anyio.lowlevel
import mcp_types as types
from anyio.abc import ObjectReceiveStream, ObjectSendStream
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

from workrail_engine.canonical import JsonValue

END_OF_INPUT_GRACE = 2.0
"""Seconds that requests in work get to finish once no more can come."""
_BUFFERED = 64
_CANCELLED = "notifications/cancelled"
_log = logging.getLogger(__name__)

Incoming: TypeAlias = SessionMessage | Exception
Streams: TypeAlias = tuple[
    MemoryObjectReceiveStream[Incoming], MemoryObjectSendStream[SessionMessage]
]


class Traffic:
    """Which requests are received and not yet answered."""

    def __init__(self, on_quiet: Callable[[], None]) -> None:
        """Count requests; `on_quiet` is called each time the last open one has been answered."""
        self._open: Counter[str | int] = Counter()
        self._on_quiet = on_quiet
        self._quiet = anyio.Event()

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
        if isinstance(message, types.JSONRPCRequest):
            self._open[message.id] += 1
        elif isinstance(message, types.JSONRPCNotification) and message.method == _CANCELLED:
            self._close((message.params or {}).get("requestId"))  # it is never answered

    def sent(self, message: types.JSONRPCMessage) -> None:
        """Take note of a message that has been written to the client."""
        if isinstance(message, types.JSONRPCResponse | types.JSONRPCError):
            self._close(message.id)

    def _close(self, request: str | int | None) -> None:
        if request is None or request not in self._open:
            return
        self._open[request] -= 1
        if self._open[request] <= 0:
            del self._open[request]
        if not self._open:
            self._quiet.set()
            self._on_quiet()


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

    The first stream ends when the source has ended and what was received is answered (or the grace
    is over).
    """
    lines_in, lines = anyio.create_memory_object_stream[bytes](_BUFFERED)
    to_server, incoming = anyio.create_memory_object_stream[Incoming](_BUFFERED)
    outgoing, from_server = anyio.create_memory_object_stream[SessionMessage](_BUFFERED)
    token = anyio.lowlevel.current_token()
    threading.Thread(
        target=_feed, args=(source, lines_in, token), name="stdin", daemon=True
    ).start()
    with lines_in, incoming, outgoing:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_take_in, lines, to_server, wire, traffic)
            tasks.start_soon(_send_out, from_server, wire, traffic)
            yield incoming, outgoing
            tasks.cancel_scope.cancel()


def read_message(line: bytes) -> types.JSONRPCMessage | bytes:
    """The message a line holds, or the error frame that answers it."""
    text = line.decode("utf-8", "replace")
    try:
        return types.jsonrpc_message_adapter.validate_json(text, by_name=False)
    except ValidationError:
        return _read_leniently(text)


def write_message(message: types.JSONRPCMessage) -> bytes:
    """A message as one line of JSON, UTF-8, without the line end."""
    try:
        return message.model_dump_json(by_alias=True, exclude_unset=True).encode()
    except ValueError:  # a lone surrogate somewhere inside
        raw = cast(
            "JsonValue", message.model_dump(mode="python", by_alias=True, exclude_unset=True)
        )
        return json.dumps(_mended(raw), ensure_ascii=False, default=str).encode()


def _feed(source: int, lines: ObjectSendStream[bytes], token: Any) -> None:
    """Pass on lines until the source ends; runs on its own thread."""
    try:
        with os.fdopen(source, "rb", closefd=False) as stream:
            for line in stream:
                if line.strip():
                    anyio.from_thread.run(lines.send, line, token=token)
    except OSError as error:
        _log.info("stdin cannot be read any more: %s", error)
    except (anyio.ClosedResourceError, anyio.BrokenResourceError, RuntimeError):
        return  # the server left first
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
        with anyio.move_on_after(END_OF_INPUT_GRACE):
            await traffic.wait_until_quiet()


async def _send_out(
    from_server: ObjectReceiveStream[SessionMessage], wire: Wire, traffic: Traffic
) -> None:
    async with from_server:
        async for item in from_server:
            wire.write(write_message(item.message))
            traffic.sent(item.message)


def _read_leniently(text: str) -> types.JSONRPCMessage | bytes:
    """Try again with half characters replaced; JSON allows what UTF-8 does not."""
    try:
        mended = _mended(cast("JsonValue", json.loads(text)))
    except (ValueError, RecursionError):
        return _error_frame(None, -32700, "Parse error: the line is not JSON, or nested too deep.")
    try:
        return types.jsonrpc_message_adapter.validate_python(mended, by_name=False)
    except ValidationError:
        request = mended.get("id") if isinstance(mended, dict) else None
        known = (
            request if isinstance(request, str | int) and not isinstance(request, bool) else None
        )
        return _error_frame(known, -32600, "Invalid Request: not a JSON-RPC 2.0 message.")


def _error_frame(request: str | int | None, code: int, message: str) -> bytes:
    error = {"code": code, "message": message}
    return json.dumps({"jsonrpc": "2.0", "id": request, "error": error}).encode()


def _mended(value: JsonValue) -> JsonValue:
    """A value with every lone surrogate replaced by U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {cast("str", _mended(name)): _mended(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_mended(item) for item in value]
    return value
