"""Who answers in place of a model's provider?

A server on this machine that speaks the Messages API as far as its clients use it: streamed answers,
failures with and without `Retry-After`, streams that are slow, break off or hang. It keeps every
request, so that a test can look at what was sent. Whole answers only, or as server-sent events, just
as the API does it.
"""

import json
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Final, NamedTuple, TypeAlias

from workrail_daemon.testing.model_messages import Answer, Json, events_of, message_of

_NAMES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


@dataclass(frozen=True)
class Failing:
    """The request is answered with a failure."""

    status: int
    retry_after: str | None = None
    message: str = "The stand-in was told to fail."
    body: str | None = None
    """Sent in place of the JSON of the API."""


@dataclass(frozen=True)
class Broken:
    """The stream begins, and does not end well."""

    answer: Answer = field(default_factory=lambda: Answer(text="half of what was meant"))
    after: int = 3
    """Events that are sent."""
    then: str = "cut"
    """`cut`: the connection is closed; `end`: the stream ends early, without a word; `hang`: nothing
    comes any more; `pings`: nothing but signs of life; `garbage`: what is no event; `error`: the
    API's own event of an overload."""


@dataclass(frozen=True)
class Slow:
    """The answer comes, an event at a time, with a pause before each."""

    answer: Answer
    seconds: float


Deed: TypeAlias = Answer | Failing | Broken | Slow
Script: TypeAlias = Iterable[Deed] | Callable[["Heard"], Deed]


@dataclass(frozen=True)
class Heard:
    """A request."""

    path: str
    headers: Mapping[str, str]
    """With names in lower case."""
    body: Json


class Times(NamedTuple):
    """When a request was where, on this process's clock."""

    came: float
    """Its head was there."""
    read: float
    """All of it was."""
    sent: float
    """Its answer was sent."""


class ModelServer:
    """A provider that does what a script says."""

    def __init__(self, script: Script) -> None:
        """Follow a script.

        Args:
            script: what is done for one request after the other, or decides it by the request.
        """
        self._decide: Callable[[Heard], Deed] | None = script if callable(script) else None
        self._deeds: Iterator[Deed] = iter(()) if callable(script) else iter(script)
        self._lock = threading.Lock()
        self.closing = threading.Event()
        self.heard: list[Heard] = []
        """Every request, in the order they came."""
        self.times: list[Times] = []
        """Of each request."""
        self.address = ""
        """Where it listens: `http://127.0.0.1:port`."""
        self.left = threading.Event()
        """Set when a client went away in the middle of an answer."""
        self.streaming = threading.Event()
        """Set when the first event of an answer was sent."""
        self.stuck = threading.Event()
        """Set when all was sent of an answer that hangs, and a sign of life or two after it."""

    def deed_for(self, heard: Heard) -> Deed:
        """What is done for a request; a script at its end fails with HTTP 400."""
        with self._lock:
            self.heard.append(heard)
            if self._decide is not None:
                return self._decide(heard)
            return next(self._deeds, Failing(400, message="The stand-in's script is at its end."))


class _Listener(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that is killed in the middle of a request is no fault of the server."""


@contextmanager
def serving(script: Script) -> Generator[ModelServer]:
    """A provider that listens until the end of the block."""
    server = ModelServer(script)

    class Handler(_Handler):
        """Requests of this server."""

        model = server

    with _Listener(("127.0.0.1", 0), Handler) as listener:
        listener.daemon_threads = True
        server.address = f"http://127.0.0.1:{listener.server_port}"
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            listener.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    model: ModelServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each event would wait for the one before to be confirmed

    def do_POST(self) -> None:
        """A question to the model."""
        size = int(self.headers["content-length"] or 0)
        came = monotonic()
        content = self.rfile.read(size)
        read = monotonic()
        body = json.loads(content)
        headers = {name.lower(): value for name, value in self.headers.items()}
        heard = Heard(self.path, headers, body)
        deed = self.model.deed_for(heard)
        try:
            self._do(deed, body)
            self.model.times.append(Times(came, read, monotonic()))
        except (BrokenPipeError, ConnectionError):
            self.model.left.set()
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
        """Say nothing."""

    def _do(self, deed: Deed, body: Json) -> None:
        match deed:
            case Failing():
                self._fail(deed)
            case Answer():
                self._answer(deed, body, 0.0)
            case Slow(answer, seconds):
                self._answer(answer, body, seconds)
            case Broken():
                self._break(deed, body)

    def _fail(self, deed: Failing) -> None:
        said = {
            "type": "error",
            "error": {"type": _NAMES.get(deed.status, "api_error"), "message": deed.message},
        }
        content = (json.dumps(said) if deed.body is None else deed.body).encode()
        self.send_response(deed.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        if deed.retry_after is not None:
            self.send_header("retry-after", deed.retry_after)
        self.end_headers()
        self.wfile.write(content)

    def _answer(self, answer: Answer, body: Json, pause: float) -> None:
        message = message_of(answer, body.get("model", ""), len(self.model.heard))
        if not body.get("stream"):
            content = json.dumps(message).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            return
        self._begin()
        for event in events_of(message):
            if pause and self.model.closing.wait(pause):
                return
            self._event(event)
        self._chunk(b"")

    def _break(self, deed: Broken, body: Json) -> None:
        message = message_of(deed.answer, body.get("model", ""), len(self.model.heard))
        self._begin()
        for event, _ in zip(events_of(message), range(deed.after), strict=False):
            self._event(event)
        self.close_connection = True
        match deed.then:
            case "hang":
                self.model.stuck.set()
                self.model.closing.wait()
            case "pings":
                pings = 0
                while not self.model.closing.wait(0.02):
                    self._event({"type": "ping"})
                    pings += 1
                    if pings > 1:
                        self.model.stuck.set()
            case "end":
                self._chunk(b"")
            case "garbage":
                self._chunk(b"event: content_block_delta\ndata: {this is no JSON\n\n")
                self._chunk(b"")
            case "error":
                said = {"type": "overloaded_error", "message": "Overloaded"}
                self._event({"type": "error", "error": said})
                self._chunk(b"")
            case _:
                pass

    def _begin(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def _event(self, event: Json) -> None:
        self._chunk(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
        self.model.streaming.set()

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()
