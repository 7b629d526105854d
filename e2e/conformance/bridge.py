"""How can a suite that only speaks HTTP test a server that only speaks over pipes?

    python e2e/conformance/bridge.py [--port N] -- workrail start

Serves the streamable HTTP transport on this machine only. Each session of the older era gets a server
process of its own; all requests of the stateless era share one. What the server writes while a request
is open goes out with that request. Prints its address once it listens.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any, TypeAlias, cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Message: TypeAlias = dict[str, Any]
STATELESS = "2026-07-28"
_VERSION = "io.modelcontextprotocol/protocolVersion"
_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
_LINE_LIMIT = 64 * 1024 * 1024
_LEAVING_SECONDS = 5
_STATUS = {
    -32700: 400,
    -32600: 400,
    -32601: 404,
    -32602: 400,
    -32020: 400,
    -32021: 400,
    -32022: 400,
}
"""What the stateless era answers with, by the code of a JSON-RPC error."""


class ServerGoneError(Exception):
    """The server process ended while a request was open."""


class Pipe:
    """One server process, and the requests that wait for it.

    Requests get numbers of the bridge's own on their way in, so that clients who chose the same
    number do not meet.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Read what the process writes, until it ends."""
        self._process = process
        self._numbers = count(1)
        self._open: dict[int, asyncio.Queue[Message | None]] = {}
        self.alive = True  # until its output ends: nothing sent later would be answered
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def to(cls, command: Sequence[str]) -> "Pipe":
        """Start a server."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, limit=_LINE_LIMIT
        )
        return cls(process)

    async def tell(self, message: Message) -> None:
        """Pass on what needs no answer."""
        stdin = cast("asyncio.StreamWriter", self._process.stdin)
        stdin.write(json.dumps(message).encode() + b"\n")
        await stdin.drain()

    async def ask(self, message: Message) -> AsyncIterator[Message]:
        """Pass on a request; yields what comes out meanwhile, and the answer at last.

        Raises:
            ServerGoneError: the process ended before it answered.
        """
        if not self.alive:
            raise ServerGoneError
        number = next(self._numbers)
        queue = self._open[number] = asyncio.Queue[Message | None]()
        try:
            await self.tell({**message, "id": number})
            while (came := await queue.get()) is not None:
                if "method" not in came:
                    yield {**came, "id": message["id"]}
                    return
                yield came
        finally:
            del self._open[number]
        raise ServerGoneError

    async def close(self) -> None:
        """End the server as a client does: close its input, then wait."""
        cast("asyncio.StreamWriter", self._process.stdin).close()
        try:
            await asyncio.wait_for(self._process.wait(), _LEAVING_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        stdout = cast("asyncio.StreamReader", self._process.stdout)
        while line := await stdout.readline():
            try:
                message = cast("Message", json.loads(line))
            except ValueError:
                print(f"bridge: the server wrote no JSON: {line[:200]!r}", file=sys.stderr)
                continue
            self._route(message)
        self.alive = False
        for queue in self._open.values():
            queue.put_nowait(None)

    def _route(self, message: Message) -> None:
        if "method" not in message:
            queue = self._open.get(message.get("id", 0))
        elif "id" in message:
            print(f"bridge: the server asked its client: {message}", file=sys.stderr)
            return
        else:  # a notification goes with the newest open request
            queue = next(reversed(self._open.values()), None)
        if queue is not None:
            queue.put_nowait(message)


class Bridge:
    """The HTTP side: which request goes to which server process."""

    def __init__(self, command: Sequence[str]) -> None:
        """Serve this command."""
        self._command = command
        self._sessions: dict[str, Pipe] = {}
        self._numbers = count(1)
        self._shared: Pipe | None = None
        self._opening = asyncio.Lock()

    def application(self) -> Starlette:
        """The bridge as something a web server can run."""
        return Starlette(
            routes=[
                Route("/mcp", self._post, methods=["POST"]),
                Route("/mcp", self._delete, methods=["DELETE"]),
            ],
            lifespan=self._life,
        )

    @asynccontextmanager
    async def _life(self, _: Starlette) -> AsyncGenerator[None]:
        yield
        for pipe in (*self._sessions.values(), *([self._shared] if self._shared else [])):
            await pipe.close()

    async def _post(self, request: Request) -> Response:
        try:
            message = cast("Message", json.loads(await request.body()))
        except ValueError:
            return _refused(None, 400, -32700, "Parse error")
        session = request.headers.get("mcp-session-id")
        if message.get("method") == "initialize" and not _is_stateless(request, message):
            session = f"session-{next(self._numbers)}"
            self._sessions[session] = await Pipe.to(self._command)
        elif session is None:
            if not _is_stateless(request, message):
                return _refused(message.get("id"), 400, -32600, "No session")
            if _headers_differ(request, message):
                return _refused(message.get("id"), 400, -32020, "Header mismatch")
            return await _answer(await self._stateless_pipe(), message, _STATUS, {})
        pipe = self._sessions.get(session)
        if pipe is None:
            return _refused(message.get("id"), 404, -32600, "Unknown session")
        return await _answer(pipe, message, {}, {"mcp-session-id": session})

    async def _delete(self, request: Request) -> Response:
        pipe = self._sessions.pop(request.headers.get("mcp-session-id", ""), None)
        if pipe is None:
            return Response(status_code=404)
        await pipe.close()
        return Response(status_code=200)

    async def _stateless_pipe(self) -> Pipe:
        """The shared process; its era is fixed by a first request that no client's mistake spoils."""
        async with self._opening:
            if self._shared is None or not self._shared.alive:
                self._shared = await Pipe.to(self._command)
                meta: Message = {_VERSION: STATELESS, _CAPABILITIES: {}}
                discover: Message = {"jsonrpc": "2.0", "id": 0, "method": "server/discover"}
                async for _ in self._shared.ask({**discover, "params": {"_meta": meta}}):
                    pass
            return self._shared


async def _answer(
    pipe: Pipe, message: Message, statuses: Mapping[int, int], headers: Mapping[str, str]
) -> Response:
    if "id" not in message or "method" not in message:
        await pipe.tell(message)
        return Response(status_code=202)
    stream = pipe.ask(message)
    try:
        first = await anext(stream)
    except ServerGoneError:
        return _refused(message["id"], 502, -32603, "The server ended before it answered")
    if "method" not in first:
        status = statuses.get(first["error"]["code"], 200) if "error" in first else 200
        return JSONResponse(first, status, headers)
    return StreamingResponse(_events(first, stream), 200, headers, "text/event-stream")


async def _events(first: Message, stream: AsyncIterator[Message]) -> AsyncIterator[str]:
    yield _event(first)
    with suppress(ServerGoneError):  # the client sees that the stream ends without an answer
        async for message in stream:
            yield _event(message)


def _event(message: Message) -> str:
    return f"event: message\ndata: {json.dumps(message)}\n\n"


def _version_in(message: Message) -> str | None:
    params: Message = message.get("params") or {}
    meta: Message = params.get("_meta") or {}
    return meta.get(_VERSION)


def _headers_differ(request: Request, message: Message) -> bool:
    said = request.headers.get("mcp-protocol-version")
    return _version_in(message) is not None and said != _version_in(message)


def _is_stateless(request: Request, message: Message) -> bool:
    return (
        _version_in(message) is not None or request.headers.get("mcp-protocol-version") == STATELESS
    )


def _refused(number: object, status: int, code: int, text: str) -> Response:
    error = {"code": code, "message": text}
    return JSONResponse({"jsonrpc": "2.0", "id": number, "error": error}, status)


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("command", nargs="+")
    chosen = parser.parse_args()
    listener = uvicorn.Config(
        Bridge(chosen.command).application,
        factory=True,
        port=chosen.port,
        log_level="warning",
        timeout_graceful_shutdown=_LEAVING_SECONDS,
    )
    server = uvicorn.Server(listener)
    listening = listener.bind_socket()
    listening.listen()  # who reads the address may connect at once
    print(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp", flush=True)
    with suppress(KeyboardInterrupt):
        asyncio.run(server.serve([listening]))


if __name__ == "__main__":
    main()
