"""What happens to every answer on its way out?

Texts that look like secrets are masked, only the parts that were asked for are kept, an answer the
browser has already is not sent again, and the rest is sent small. Downloads and streams go out as
they are: a log whose bytes were changed would not match its hashes.
"""

import gzip
import hashlib
import re
import time
from typing import Final

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


class Answers:
    """Finishes the answers of an app."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self._app = app
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        answer = _Answer(scope, send)
        # Addresses are there to get; HEAD is the same answer without its body.
        inner = {**scope, "method": "GET"}
        try:
            await self._app(inner, receive, answer.take)
        finally:
            route = getattr(inner.get("route"), "path", "elsewhere")
            self._traffic.answered(route, answer.status, time.perf_counter() - began)


class _Answer:
    """One answer: held until it is whole, unless it is a stream or a download."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.status = 500
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

    async def _finish(self, start: Message, body: bytes) -> None:
        headers = MutableHeaders(scope=start)
        kind = headers.get("content-type", "")
        if _SHOWN.match(kind):
            body = self._shown(body.decode("utf-8", "replace"), kind, headers).encode()
        if self.status == 200:
            tag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
            headers["ETag"] = tag
            if tag in self._asked.get("if-none-match", ""):
                start["status"] = self.status = 304
                del headers["content-length"]
                await self._send(start)
                await self._send({"type": "http.response.body", "body": b""})
                return
        if len(body) >= _WORTH_PACKING and _PACKED.match(kind):
            headers.add_vary_header("Accept-Encoding")
            if "gzip" in self._asked.get("accept-encoding", ""):
                body = gzip.compress(body, _LEVEL, mtime=0)
                headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": b"" if self._head else body})

    def _shown(self, text: str, kind: str, headers: MutableHeaders) -> str:
        text = masked(text)
        asked = self._asked.get("x-parts")
        if kind.startswith("text/html") and asked is not None:
            headers.add_vary_header("X-Parts")
            return parts_of(text, wanted_parts(asked))
        return text


def _is_whole(headers: Headers) -> bool:
    """Whether an answer is finished here, and not sent on piece by piece as it comes."""
    if headers.get("content-disposition", "").startswith("attachment"):
        return False
    return _PACKED.match(headers.get("content-type", "")) is not None
