"""What happens to every answer on its way out?

Texts that look like secrets are masked, only the parts that were asked for are kept, an answer the
browser has already is not sent again, and the rest is sent small. What this made of an answer is kept
for the same answer to others. Downloads and streams go out as
they are: a log whose bytes were changed would not match its hashes.
"""

import gzip
import hashlib
import re
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, TypeAlias

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workrail_console.masking import masked
from workrail_console.parts import parts_of, wanted_parts
from workrail_console.traffic import Traffic

_WORTH_PACKING: Final = 900
"""Bytes; below, packing gains nothing."""
_LEVEL: Final = 5
_SHOWN: Final = re.compile(r"text/(html|markdown)|application/([a-z.-]+\+)?(json|xml)\b")
_PACKED: Final = re.compile(
    r"text/(?!event-stream)|application/([a-z.-]+\+)?(json|xml)\b|image/svg"
)


_KEPT: Final = 64
"""Finished answers that are kept."""
_LARGEST_KEPT: Final = 200_000
"""Bytes, as they are sent."""


@dataclass(frozen=True)
class _Finished:
    """An answer as it is sent."""

    tag: str
    body: bytes
    worth_packing: bool
    packed: bool


_Wanted: TypeAlias = tuple[bytes, str, str | None, bool]
"""The digest of what the app said, its kind, the parts that were asked for, whether it may be packed."""


class Answers:
    """Finishes the answers of an app."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self._app = app
        self._traffic = traffic
        self._kept: OrderedDict[_Wanted, _Finished] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        answer = _Answer(scope, send, self._kept)
        # Addresses are there to get; HEAD is the same answer without its body.
        inner = {**scope, "method": "GET"}
        try:
            await self._app(inner, receive, answer.take)
        finally:
            route = getattr(inner.get("route"), "path", "elsewhere")
            self._traffic.answered(route, answer.status, time.perf_counter() - began)


class _Answer:
    """One answer: held until it is whole, unless it is a stream or a download."""

    def __init__(self, scope: Scope, send: Send, kept: OrderedDict[_Wanted, _Finished]) -> None:
        self.status = 500
        self._kept = kept
        self._head = scope["method"] == "HEAD"
        self._asked = Headers(scope=scope)
        self._send = send
        self._held: Message | None = None
        self._body: list[bytes] = []

    async def take(self, message: Message) -> None:
        """Take what the app sends."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if _is_whole(Headers(scope=message)):
                self._held = message
            else:
                await self._send(message)
            return
        if message["type"] == "http.response.body" and self._held is not None:
            self._body.append(message.get("body", b""))
            if not message.get("more_body", False):
                await self._finish(self._held, b"".join(self._body))
            return
        if self._head and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)

    async def _finish(self, start: Message, said: bytes) -> None:
        headers = MutableHeaders(scope=start)
        done = self._finished(said, headers)
        if self.status == 200:
            headers["ETag"] = done.tag
            if done.tag in self._asked.get("if-none-match", ""):
                start["status"] = self.status = 304
                del headers["content-length"]
                await self._send(start)
                await self._send({"type": "http.response.body", "body": b""})
                return
        if done.packed:
            headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(done.body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": b"" if self._head else done.body})

    def _finished(self, said: bytes, headers: MutableHeaders) -> _Finished:
        """What is sent for what the app said; says in the headers what it depends on."""
        kind = headers.get("content-type", "")
        parts = self._asked.get("x-parts") if kind.startswith("text/html") else None
        unpacks = "gzip" in self._asked.get("accept-encoding", "")
        wanted = (hashlib.blake2b(said, digest_size=16).digest(), kind, parts, unpacks)
        done = self._kept.get(wanted)
        if done is None:
            done = _made(said, kind, parts, unpacks=unpacks)
            if len(done.body) <= _LARGEST_KEPT:
                self._kept[wanted] = done
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(wanted)
        if parts is not None:
            headers.add_vary_header("X-Parts")
        if done.worth_packing:
            headers.add_vary_header("Accept-Encoding")
        return done


def _made(said: bytes, kind: str, parts: str | None, *, unpacks: bool) -> _Finished:
    body = said
    if _SHOWN.match(kind):
        text = masked(body.decode("utf-8", "replace"))
        body = (text if parts is None else parts_of(text, wanted_parts(parts))).encode()
    tag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    worth = len(body) >= _WORTH_PACKING and _PACKED.match(kind) is not None
    packed = worth and unpacks
    return _Finished(tag, gzip.compress(body, _LEVEL, mtime=0) if packed else body, worth, packed)


def _is_whole(headers: Headers) -> bool:
    """Whether an answer is finished here, and not sent on piece by piece as it comes."""
    if headers.get("content-disposition", "").startswith("attachment"):
        return False
    return _PACKED.match(headers.get("content-type", "")) is not None
