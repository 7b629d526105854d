"""What happens to lines on stdin and messages to stdout, without a process."""

import json
import os
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import mcp_types as types
import pytest
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage

from workrail_mcp_server.frames import read_message, write_message
from workrail_mcp_server.transport import Moments, Traffic, Wire, stdio_streams

BOUND = 10.0


def recording(moments: list[str]) -> Traffic:
    def told(moment: str) -> Callable[[], None]:
        return lambda: moments.append(moment)

    return Traffic(Moments(told("quiet"), told("listed"), told("input ended")))


class Ends:
    """The two pipes a transport stands between, seen from the client."""

    def __init__(self) -> None:
        self.source, self._to_source = os.pipe()
        self._from_sink, self.sink = os.pipe()
        self.gone: list[str] = []
        self.moments: list[str] = []
        self.traffic = recording(self.moments)
        self.wire = Wire(self.sink, lambda: self.gone.append("gone"))

    def send(self, text: str | bytes) -> None:
        os.write(self._to_source, text if isinstance(text, bytes) else text.encode())

    def end_input(self) -> None:
        os.close(self._to_source)

    def stop_reading(self) -> None:
        os.close(self._from_sink)

    def next_line(self) -> bytes:
        with os.fdopen(self._from_sink, "rb", closefd=False) as stream:
            return stream.readline()

    def received(self) -> list[Any]:
        os.close(self.sink)
        with os.fdopen(self._from_sink, "rb") as stream:
            return [json.loads(line) for line in stream]


@asynccontextmanager
async def transporting(
    ends: Ends,
) -> AsyncGenerator[tuple[MemoryObjectReceiveStream[Any], MemoryObjectSendStream[SessionMessage]]]:
    with anyio.fail_after(BOUND):
        async with stdio_streams(ends.source, ends.wire, ends.traffic) as streams:
            yield streams
    os.close(ends.source)


def request(number: int | str) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": "ping"}) + "\n"


def answer(number: int | str, **result: object) -> SessionMessage:
    return SessionMessage(types.JSONRPCResponse(jsonrpc="2.0", id=number, result=result))


def run(scene: Callable[[Ends], Any]) -> Ends:
    ends = Ends()
    anyio.run(scene, ends)
    return ends


async def answer_everything(ends: Ends) -> None:
    async with transporting(ends) as (incoming, outgoing):
        async for item in incoming:
            if isinstance(item.message, types.JSONRPCRequest):
                await outgoing.send(answer(item.message.id))


@pytest.mark.rule("MCP-11")
def test_everything_received_before_the_end_of_input_is_answered() -> None:
    async def scene(ends: Ends) -> None:
        ends.send("".join(request(number) for number in range(200)))
        ends.end_input()
        await answer_everything(ends)

    assert [frame["id"] for frame in run(scene).received()] == list(range(200))


@pytest.mark.rule("MCP-11")
def test_a_last_line_without_its_line_end_still_counts() -> None:
    async def scene(ends: Ends) -> None:
        ends.send(request(1).rstrip("\n"))
        ends.end_input()
        await answer_everything(ends)

    assert [frame["id"] for frame in run(scene).received()] == [1]


def test_the_end_of_input_is_told_while_a_request_is_still_in_work() -> None:
    async def scene(ends: Ends) -> None:
        ends.send(request(1))
        ends.end_input()
        async with transporting(ends) as (incoming, outgoing):
            item = await anext(incoming)
            while ends.moments != ["input ended"]:
                await anyio.lowlevel.checkpoint()
            await outgoing.send(answer(item.message.id))
            assert [item async for item in incoming] == []

    assert [frame["id"] for frame in run(scene).received()] == [1]


def test_a_cancelled_request_is_not_waited_for() -> None:
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}

    async def scene(ends: Ends) -> None:
        ends.send(request(1) + json.dumps(cancel) + "\n")
        ends.end_input()
        async with transporting(ends) as (incoming, _):
            assert len([item async for item in incoming]) == 2
        assert ends.traffic.quiet

    assert run(scene).received() == []


@pytest.mark.rule("MCP-12")
def test_lines_that_are_no_messages_are_answered_and_the_next_request_is_served() -> None:
    bad = ["not json", "[]", '{"jsonrpc":"1.0","id":7,"method":"x"}', '{"id":true}', "\xff", "   "]

    async def scene(ends: Ends) -> None:
        ends.send("\n".join(bad).encode("latin-1") + b"\n" + request(9).encode())
        ends.end_input()
        await answer_everything(ends)

    frames = run(scene).received()

    assert [(frame["id"], frame.get("error", {}).get("code")) for frame in frames] == [
        (None, -32700),
        (None, -32600),
        (7, -32600),
        (None, -32600),
        (None, -32700),
        (9, None),
    ]


def test_a_line_nested_without_end_is_answered() -> None:
    frame = read_message(b"[" * 100_000)

    assert isinstance(frame, bytes)
    assert json.loads(frame)["error"]["code"] == -32700


@pytest.mark.parametrize("depth", [100, 300, 600, 900, 5_000])
def test_a_request_nested_however_deep_never_raises(depth: int) -> None:
    nested = "[" * depth + "]" * depth
    line = f'{{"jsonrpc":"2.0","id":1,"method":"x","params":{{"a":{nested}}}}}'.encode()

    read = read_message(line)

    if isinstance(read, bytes):
        assert json.loads(read)["error"]["code"] == -32700
    else:
        assert isinstance(read, types.JSONRPCRequest)


@pytest.mark.rule("MCP-13")
def test_half_a_character_in_a_request_is_replaced() -> None:
    line = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a\\ud83d","b":"\\ud83d\\ude00"}}'

    message = read_message(line)

    assert isinstance(message, types.JSONRPCRequest)
    assert message.params == {"name": "a\ufffd", "b": "😀"}


@pytest.mark.rule("MCP-13")
def test_half_a_character_in_an_answer_is_replaced() -> None:
    message = answer(1, text="odd \udcff name", keys={"\ud800": ["\udfff"]}).message

    assert json.loads(write_message(message)) == {
        "jsonrpc": "2.0",
        "id": 1,
        "result": {"text": "odd \ufffd name", "keys": {"\ufffd": ["\ufffd"]}},
    }


def test_a_frame_is_one_line_whatever_it_holds() -> None:
    frame = write_message(answer(1, text="a\nb\u2028c\r").message)

    assert b"\n" not in frame
    assert json.loads(frame)["result"]["text"] == "a\nb\u2028c\r"


def test_a_frame_larger_than_a_pipe_arrives_whole() -> None:
    ends = Ends()
    frame = write_message(answer(1, text="x" * 3_000_000).message)

    with ThreadPoolExecutor() as pool:
        writing = pool.submit(ends.wire.write, frame)
        line = ends.next_line()
        writing.result(BOUND)

    assert line == frame + b"\n"
    assert ends.gone == []


@pytest.mark.rule("MCP-14")
def test_a_client_that_stops_reading_is_found_out_once_at_the_next_write() -> None:
    async def scene(ends: Ends) -> None:
        ends.stop_reading()
        ends.send(request(1) + request(2))
        ends.end_input()
        await answer_everything(ends)

    assert run(scene).gone == ["gone"]


def test_quiet_and_listed_are_told_when_requests_are_answered() -> None:
    moments = list[str]()
    traffic = recording(moments)
    first = types.JSONRPCRequest(jsonrpc="2.0", id=1, method="tools/list")
    second = types.JSONRPCRequest(jsonrpc="2.0", id="b", method="ping")

    traffic.received(first)
    traffic.received(second)
    traffic.sent(answer("b").message)
    assert moments == []
    assert not traffic.quiet
    traffic.sent(answer(1).message)

    assert moments == ["quiet", "listed"]
    assert traffic.quiet
    assert traffic.moved == 4


def test_two_requests_with_one_id_are_two_requests() -> None:
    traffic = recording([])
    twin = types.JSONRPCRequest(jsonrpc="2.0", id=1, method="ping")

    traffic.received(twin)
    traffic.received(twin)
    traffic.sent(answer(1).message)
    assert not traffic.quiet
    traffic.sent(answer(1).message)

    assert traffic.quiet
