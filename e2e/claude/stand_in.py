"""Who answers Claude Code in place of a model?

An HTTP server on this machine that speaks as much of the Messages API as the client needs and asks a
script what the model says. Requests without tools (a title, a summary) get a fixed word.
"""

import json
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, TypeAlias

from turns import Playing, Reply, Say, Script, Turn, Use

Body: TypeAlias = dict[str, Any]
MODEL = "claude-opus-5-5"
_STOPPED = "The script has failed; the run ends here."


class StandIn:
    """One conversation's model."""

    def __init__(self, script: Script) -> None:
        """Play this script."""
        self._script = script
        self._playing: Playing | None = None
        self._turn = threading.Lock()
        self._numbers = count(1)
        self.failure: BaseException | None = None
        """What the script raised, once it did."""
        self.finished = False
        """Whether the script came to its end, which its last words are too."""

    def reply(self, turn: Turn) -> Reply:
        """What the model says to this; never raises."""
        with self._turn:
            if self.failure is not None or self.finished:
                return Say(_STOPPED)
            try:
                reply = self._next(turn)
            except StopIteration:
                self.finished = True
                return Say("Done.")
            except BaseException as failure:  # noqa: BLE001 - told to the scenario by the runner
                self.failure = failure
                return Say(_STOPPED)
            self.finished = isinstance(reply, Say)
            return reply

    def _next(self, turn: Turn) -> Reply:
        if self._playing is not None:
            return self._playing.send(turn)
        self._playing = self._script(turn)
        return next(self._playing)

    def answer(self, body: Mapping[str, Any]) -> Body:
        """The message that answers a request."""
        reply = self.reply(Turn(body)) if body.get("tools") else Say("ok")
        number = next(self._numbers)
        usage = {"input_tokens": 1, "output_tokens": 1}
        return {
            "id": f"msg_{number:08}",
            "type": "message",
            "role": "assistant",
            "model": body.get("model", MODEL),
            "content": [_block(reply, number)],
            "stop_reason": "tool_use" if isinstance(reply, Use) else "end_turn",
            "stop_sequence": None,
            "usage": usage,
        }


def _block(reply: Reply, number: int) -> Body:
    match reply:
        case Say(text):
            return {"type": "text", "text": text}
        case Use(tool, arguments):
            call = f"toolu_{number:020}"
            return {"type": "tool_use", "id": call, "name": tool, "input": dict(arguments)}


def as_stream(message: Mapping[str, Any]) -> Iterator[bytes]:
    """A message as the events of a streamed answer; it has one block of content."""
    (block,) = message["content"]
    is_text = block["type"] == "text"
    empty: Body = {**block, "text": ""} if is_text else {**block, "input": {}}
    delta: Body = (
        {"type": "text_delta", "text": block["text"]}
        if is_text
        else {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    )
    start: Body = {**message, "content": [], "stop_reason": None}
    end = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    events: tuple[Body, ...] = (
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": empty},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": end, "usage": message["usage"]},
        {"type": "message_stop"},
    )
    for event in events:
        yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


@contextmanager
def serving(stand_in: StandIn) -> Generator[str]:
    """The address under which it answers, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        """One request."""

        def do_HEAD(self) -> None:
            """The client looks whether anyone is there."""
            self._send(200, "application/json", b"")

        def do_GET(self) -> None:
            """Nothing is needed of what can be got."""
            self._send(404, "application/json", b"{}")

        def do_POST(self) -> None:
            """A request to the model, or to count its tokens."""
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if self.path.partition("?")[0].endswith("/count_tokens"):
                self._send(200, "application/json", b'{"input_tokens": 1}')
                return
            message = stand_in.answer(body)
            if body.get("stream"):
                self._send(200, "text/event-stream", b"".join(as_stream(message)))
            else:
                self._send(200, "application/json", json.dumps(message).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
            """Say nothing."""

        def _send(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
