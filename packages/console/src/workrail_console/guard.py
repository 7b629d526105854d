"""Which requests are answered at all, and under which rules does a browser show the answer?

The console listens on this machine only. What is left are other web pages in the same browser: the
Host check stops names that are made to point here, the checks of origin and fetch metadata stop their
scripts and frames, and the headers stop anything a session's text might still try. On a machine that
several people use, a token keeps the others out.
"""

import hmac
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ("GET", "HEAD")
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
OPEN_TO_ALL = frozenset({"/healthz"})
"""Answered without the token: it says that a console is here, and nothing of what it shows."""
_NAMES = ("127.0.0.1", "localhost", "[::1]")


def allowed_hosts(port: int) -> frozenset[str]:
    """The Host header values that mean this console, when it listens on `port`."""
    return frozenset(f"{name}:{port}" for name in _NAMES)


@dataclass(frozen=True)
class Door:
    """What a request must bring."""

    hosts: frozenset[str]
    token: str | None
    """Who does not know it sees nothing; None: everyone on this machine may look."""
    cookie: str
    """The cookie that carries the token; browsers share cookies between ports, so it names ours."""


def door_of(port: int, token: str | None) -> Door:
    """The door of the console that listens on a port."""
    return Door(allowed_hosts(port), token, f"worktrain_console_{port}")


class Guard:
    """Lets through what may be answered, and puts the rules on every answer."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def harmless(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(SECURITY_HEADERS)
                headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        refused = refusal(Request(scope), self._door)
        await (refused or self._app)(scope, receive, harmless)


def refusal(request: Request, door: Door) -> Response | None:
    """The answer to a request that must not be served; None when it may be."""
    host = request.headers.get("host", "").lower()
    if host not in door.hosts:
        known = ", ".join(sorted(door.hosts))
        return PlainTextResponse(
            f"This console answers only to {known}. Open it under one of these.\n", 421
        )
    if request.method not in METHODS:
        return PlainTextResponse(
            "This console only shows sessions; it changes nothing. Use GET or HEAD.\n",
            405,
            headers={"Allow": ", ".join(METHODS)},
        )
    if _comes_from_another_page(request.headers, host):
        return PlainTextResponse(
            "Another web page asked for this. Open the console in a tab of its own.\n", 403
        )
    if door.token is not None and request.url.path not in OPEN_TO_ALL:
        return _without_token(request, door.cookie, door.token)
    return None


def _comes_from_another_page(headers: Headers, host: str) -> bool:
    """Whether another site's script or frame asks; following a link from there is allowed."""
    origin = headers.get("origin")
    if origin is not None and origin.lower() != f"http://{host}":
        return True
    site = headers.get("sec-fetch-site", "none")
    if site in ("none", "same-origin"):
        return False
    navigates = headers.get("sec-fetch-mode") == "navigate"
    return not (navigates and headers.get("sec-fetch-dest") == "document")


def _without_token(request: Request, cookie: str, token: str) -> Response | None:
    """The answer to who does not bring the token yet; None when they do."""
    pairs = parse_qsl(request.url.query, keep_blank_values=True)
    brought = [value for name, value in pairs if name == "token"]
    if any(_same(value, token) for value in brought):
        rest = urlencode([pair for pair in pairs if pair[0] != "token"])
        # The address must not begin with two slashes: a browser would take what follows for a host.
        path = "/" + request.url.path.lstrip("/")
        answer = RedirectResponse(f"{path}?{rest}" if rest else path, 303)
        answer.set_cookie(cookie, token, httponly=True, samesite="strict", path="/")
        return answer
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and _same(bearer, token):
        return None
    if _same(request.cookies.get(cookie, ""), token):
        return None
    return PlainTextResponse(
        "This console was started with a token. Open the address that its terminal shows.\n", 401
    )


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
