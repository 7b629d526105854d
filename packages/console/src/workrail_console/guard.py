"""Which requests are answered at all, and under which rules does a browser show the answer?

The console has no log-in, because it listens on this machine only. What is left are other web pages
in the same browser: the Host check stops names that are made to point here, the fetch metadata check
stops their scripts and frames, and the headers stop anything a session's text might still try.
"""

from fastapi import Request
from fastapi.responses import PlainTextResponse, Response

METHODS = ("GET", "HEAD")
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_NAMES = ("127.0.0.1", "localhost", "[::1]")


def allowed_hosts(port: int) -> frozenset[str]:
    """The Host header values that mean this console, when it listens on `port`."""
    return frozenset(f"{name}:{port}" for name in _NAMES)


def refusal(request: Request, hosts: frozenset[str]) -> Response | None:
    """The answer to a request that must not be served; None when it may be."""
    host = request.headers.get("host", "")
    if host.lower() not in hosts:
        known = ", ".join(sorted(hosts))
        return PlainTextResponse(
            f"This console answers only to {known}. Open it under one of these.\n", 421
        )
    if request.method not in METHODS:
        return PlainTextResponse(
            "This console only shows sessions; it changes nothing. Use GET or HEAD.\n",
            405,
            headers={"Allow": ", ".join(METHODS)},
        )
    if _comes_from_another_page(request):
        return PlainTextResponse(
            "Another web page asked for this. Open the console in a tab of its own.\n", 403
        )
    return None


def _comes_from_another_page(request: Request) -> bool:
    """Whether another site's script or frame asks; following a link from there is allowed."""
    site = request.headers.get("sec-fetch-site", "none")
    if site in ("none", "same-origin"):
        return False
    navigates = request.headers.get("sec-fetch-mode") == "navigate"
    return not (navigates and request.headers.get("sec-fetch-dest") == "document")
