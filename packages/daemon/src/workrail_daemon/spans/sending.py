"""How do spans reach a collector without any run waiting for it?

They are put into a queue of limited length and sent from a thread of its own. What does not fit, or is
refused twice, is dropped and counted: watching must never cost a run anything.
"""

import json
from collections.abc import Callable, Mapping
from http.client import HTTPException
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from time import monotonic
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from workrail_daemon.spans.shapes import request_of
from workrail_engine.canonical import JsonObject, JsonValue

_LONGEST_QUEUE: Final = 4096
_MOST_AT_ONCE: Final = 256
_EVERY: Final = 2.0
_TIMEOUT: Final = 5.0
_FAREWELL: Final = 3.0
_TRIES: Final = 2


class SpanSender:
    """Sends spans to one collector, by OTLP over HTTP, as JSON. Safe to use from several threads."""

    def __init__(
        self,
        endpoint: str,
        resource: Mapping[str, JsonValue],
        trouble: Callable[[str], None] | None = None,
    ) -> None:
        """Begin to send.

        Args:
            endpoint: of the collector; its path `/v1/traces` is added when it has none.
            resource: what is told of the sender.
            trouble: told once, in a sentence, when the collector does not take spans.
        """
        path = "" if endpoint.rstrip("/").endswith("/v1/traces") else "/v1/traces"
        self._url = endpoint.rstrip("/") + path
        self._resource = resource
        self._trouble = trouble
        self._waiting: Queue[JsonObject] = Queue(_LONGEST_QUEUE)
        self._closing = Event()
        self._lock = Lock()
        self.dropped = 0
        """How many spans were not sent."""
        self._thread = Thread(target=self._send_all, name="spans", daemon=True)
        self._thread.start()

    def send(self, span: JsonObject) -> None:
        """Send a span soon; returns at once."""
        try:
            self._waiting.put_nowait(span)
        except Full:
            self._drop(1)

    def close(self) -> None:
        """Send what waits, for some seconds at most, and end."""
        self._closing.set()
        self._thread.join(_FAREWELL)

    def _send_all(self) -> None:
        while not self._closing.is_set():
            self._send_batch(self._batch(_EVERY))
        while not self._waiting.empty():
            self._send_batch(self._batch(0.0))

    def _batch(self, seconds: float) -> list[JsonObject]:
        """What waits, or comes within some seconds."""
        batch: list[JsonObject] = []
        until = monotonic() + seconds
        while len(batch) < _MOST_AT_ONCE and not (self._closing.is_set() and self._waiting.empty()):
            try:
                batch.append(self._waiting.get(timeout=max(0.01, min(0.1, until - monotonic()))))
            except Empty:
                if monotonic() >= until:
                    break
        return batch

    def _send_batch(self, batch: list[JsonObject]) -> None:
        if not batch:
            return
        body = json.dumps(request_of(batch, self._resource), default=str).encode()
        request = Request(self._url, body, {"Content-Type": "application/json"})  # noqa: S310 (http(s): the settings say so)
        error: Exception | None = None
        for _ in range(_TRIES):
            try:
                with urlopen(request, timeout=_TIMEOUT):  # noqa: S310 (as above)
                    return
            except HTTPError as refused:
                refused.close()
                error = refused
            except (URLError, HTTPException, OSError) as refused:
                error = refused
        self._drop(len(batch), error)

    def _drop(self, number: int, error: Exception | None = None) -> None:
        with self._lock:
            first = self.dropped == 0
            self.dropped += number
        if first and self._trouble is not None:
            why = error or "it takes them too slowly"
            self._trouble(
                f"Spans cannot be sent to {self._url}: {why}. Runs go on; spans are lost."
            )
