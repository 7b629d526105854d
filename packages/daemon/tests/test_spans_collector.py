"""Does a collector of OpenTelemetry get one trace a session, and does no run wait for it?"""

import json
import socket
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, cast

import pytest

from workrail_daemon.spans.sending import SpanSender
from workrail_daemon.spans.shapes import span_id, trace_id
from workrail_daemon.spans.telling import Spans
from workrail_daemon.testing.worksite import call, complete, step, worksite
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import RunView
from workrail_engine.system import SystemClock

Span = dict[str, Any]


class Collector(ThreadingHTTPServer):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.answer = 200

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def spans(self) -> list[Span]:
        return [
            span
            for _, body in self.requests
            for resource in body["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        collector = cast("Collector", self.server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        collector.requests.append((self.path, json.loads(body)))
        self.send_response(collector.answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (named so by the library)
        """Say nothing."""


@pytest.fixture(name="collector")
def collector_on_this_machine() -> Iterator[Collector]:
    with Collector() as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def facts(span: Span) -> dict[str, object]:
    return {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}


def unseen(_session: SessionId) -> RunView | None:
    return None


@contextmanager
def sending(address: str, said: list[str] | None = None) -> Generator[SpanSender]:
    told = (said if said is not None else []).append
    sender = SpanSender(address, {"service.name": "worktrain"}, told)
    try:
        yield sender
    finally:
        sender.close()


@pytest.mark.rule("SPAN-1")
def test_a_run_is_one_trace_with_a_span_for_each_turn_and_tool_and_children_are_linked(
    tmp_path: Path, collector: Collector
) -> None:
    with worksite(tmp_path) as site, sending(collector.address) as sender:
        spans = Spans(sender, SystemClock().now, site.engine.runs.view)
        site.watch = spans.tell
        child = site.workflow([step("small")])
        script = {
            "scenes": [
                {"when": {"step": "Small"}, "turns": [complete()]},
                {
                    "turns": [
                        call("spawn_agent", workflowId=child, goal="A part"),
                        call("Read", file_path="missing.py"),
                        complete(),
                    ]
                },
            ]
        }
        view = site.run([step("big")], script)
        assert view.state == "parked"
        with site.working():
            view = site.settled(view.session_id, "ended")
        (below,) = site.engine.runs.below(view.session_id)

    found = collector.spans
    assert {path for path, _ in collector.requests} == {"/v1/traces"}
    assert {span["traceId"] for span in found} == {
        trace_id(view.session_id),
        trace_id(below.session_id),
    }
    mine = [span for span in found if span["traceId"] == trace_id(view.session_id)]
    names = [span["name"] for span in mine]
    assert names.count("chat test") == 3
    assert {"execute_tool spawn_agent", "execute_tool Read", "invoke_agent worktrain"} <= {*names}
    root = next(span for span in mine if "parentSpanId" not in span)
    assert all(span["parentSpanId"] == root["spanId"] for span in mine if span is not root)
    assert int(root["startTimeUnixNano"]) <= min(int(span["startTimeUnixNano"]) for span in mine)

    turn = facts(next(span for span in mine if span["name"] == "chat test"))
    assert (turn["gen_ai.provider.name"], turn["gen_ai.request.model"]) == ("scripted", "test")
    assert int(str(turn["gen_ai.usage.input_tokens"])) > 0
    failed = next(span for span in mine if span["name"] == "execute_tool Read")
    assert failed["status"]["code"] == 2
    assert facts(failed)["error.type"] == "error"

    (child_root,) = (
        span
        for span in found
        if span["traceId"] == trace_id(below.session_id) and "parentSpanId" not in span
    )
    link = {"traceId": trace_id(view.session_id), "spanId": span_id(view.session_id)}
    assert child_root["links"] == [link]


@pytest.mark.rule("SPAN-2")
@pytest.mark.parametrize("content", [False, True])
def test_words_and_arguments_are_told_only_when_that_is_switched_on(
    tmp_path: Path, collector: Collector, content: bool
) -> None:
    with worksite(tmp_path) as site, sending(collector.address) as sender:
        spans = Spans(sender, SystemClock().now, unseen, content=content)
        site.watch = spans.tell
        turn = {"say": "the blue word", **call("Bash", command="echo a green argument")}
        site.run([step("one")], [turn, complete()], sandbox="off")
    text = json.dumps(collector.spans)
    assert ("the blue word" in text, "a green argument" in text) == (content, content)


@pytest.mark.rule("SPAN-3")
def test_a_collector_that_is_not_there_is_said_once_and_costs_no_run_anything(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with worksite(tmp_path) as site, sending(address, said) as sender:
            spans = Spans(sender, SystemClock().now, unseen)
            site.watch = spans.tell
            assert site.run([step("one")], [complete()]).outcome == "completed"
    assert sender.dropped == 3
    assert len(said) == 1
    assert address in said[0]


@pytest.mark.rule("SPAN-3")
def test_what_a_slow_collector_does_not_take_is_dropped_and_nobody_waits(
    collector: Collector,
) -> None:
    collector.answer = 503
    said: list[str] = []
    with sending(collector.address, said) as sender:
        for number in range(6000):
            sender.send({"name": str(number)})
    assert sender.dropped == 6000
    assert len(said) == 1
