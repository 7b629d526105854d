"""What a tool may do without harm to the server and its other calls, in both eras."""

import os
import re
from collections.abc import Generator

import pytest

from workrail_mcp_server.testing_process import ERAS, SERVE, Era, Peer, opened

# A tool's work is replaced by what its `query` says.
UNRULY = f"""
import asyncio, os, sys, threading
from workrail_mcp_server.tools import choosing, desk, listing
from workrail_mcp_server.present_text import within_reply

def deeper():
    return deeper() + deeper()

def out_of_memory():
    return bytearray(1 << 62)

def speak():
    print("a print")
    print("an error", file=sys.stderr)
    sys.stdout.flush()
    os.system("echo a child; echo its error >&2")
    os.write(1, b"bytes")
    return repr(sys.stdin.read()) + repr(os.read(0, 1))

class Strange(BaseException):
    def __str__(self):
        raise ValueError("not even this")

def throw(error):
    raise error

ACTS = {{
    "SystemExit": lambda: sys.exit(7),
    "KeyboardInterrupt": lambda: throw(KeyboardInterrupt()),
    "GeneratorExit": lambda: throw(GeneratorExit()),
    "CancelledError": lambda: throw(asyncio.CancelledError()),
    "StopIteration": lambda: throw(StopIteration()),
    "StopAsyncIteration": lambda: throw(StopAsyncIteration()),
    "RecursionError": deeper,
    "MemoryError": out_of_memory,
    "BaseException": lambda: throw(BaseException("bare")),
    "an exception that cannot be shown": lambda: throw(Strange()),
    "an exception with half a character": lambda: throw(ValueError("odd \\udcff")),
    "a group": lambda: throw(BaseExceptionGroup("g", [KeyboardInterrupt(), SystemExit(1)])),
    "a long exception": lambda: throw(ValueError("x" * 20_000)),
    "speak": speak,
    "shout": lambda: print("x" * 1_000_000) or "done",
    "half a character": lambda: "a name like \\udcff",
    "much": lambda: "x" * 49_000 + "\\u2028\\n\\r\\x00",
    "hang": lambda: threading.Event().wait(),
}}

def work(engine, arguments, *rest):
    return ACTS[arguments.text("query")]()

desk._WORK = {{**desk._WORK, "list_workflows": work}}
{SERVE}
"""
ENDINGS_OF_A_CALL = [
    "SystemExit",
    "KeyboardInterrupt",
    "GeneratorExit",
    "CancelledError",
    "StopIteration",
    "StopAsyncIteration",
    "RecursionError",
    "MemoryError",
    "BaseException",
    "an exception that cannot be shown",
    "an exception with half a character",
    "a group",
]


@pytest.fixture(name="peer", params=ERAS)
def unruly_server(request: pytest.FixtureRequest, environment: dict[str, str]) -> Generator[Peer]:
    with opened(environment, request.param, UNRULY) as peer:
        yield peer


@pytest.mark.rule("MCP-10")
def test_whatever_a_tool_raises_is_the_end_of_its_call_alone(peer: Peer) -> None:
    for ending in ENDINGS_OF_A_CALL:
        answer = peer.answer(ask(peer, ending))
        assert answer["result"]["isError"], ending
        assert answer["result"]["content"][0]["text"].startswith("list_workflows: internal error")
    assert "Step 1" in peer.call("start_workflow", workflowId="two-steps", goal="Go on")
    peer.end_input()
    assert peer.code() == 0
    errors = peer.errors()
    assert all(kind in errors for kind in ENDINGS_OF_A_CALL[:9])


@pytest.mark.rule("MCP-19")
def test_whatever_a_tool_prints_is_no_part_of_the_protocol(peer: Peer) -> None:
    assert peer.text(ask(peer, "speak")) == "''b''"
    peer.end_input()
    assert peer.rest() == []
    assert peer.code() == 0
    said = set(re.split(r"\n", peer.errors()))
    assert {"a print", "an error", "a child", "its error", "bytes"} <= said


@pytest.mark.rule("MCP-13")
def test_what_no_client_could_read_is_replaced_in_an_answer(peer: Peer) -> None:
    assert peer.text(ask(peer, "half a character")) == "a name like \ufffd"
    assert peer.text(ask(peer, "much")) == "x" * 49_000 + "\u2028\n\r\x00"


@pytest.mark.rule("MCP-36")
def test_a_cancelled_call_is_not_answered_and_blocks_no_other(peer: Peer) -> None:
    number = ask(peer, "hang")
    peer.ping()
    peer.tell("notifications/cancelled", requestId=number, reason="enough")
    assert "Step 1" in peer.call("start_workflow", workflowId="two-steps", goal="Go on")
    peer.end_input()
    assert peer.code(1.0) == 0  # it would be waited for 1.5 seconds if it counted as in work
    assert peer.rest() == []


@pytest.mark.rule("MCP-37")
@pytest.mark.parametrize("era", ERAS)
def test_a_stderr_nobody_reads_stops_no_call(environment: dict[str, str], era: Era) -> None:
    reading, writing = os.pipe()
    try:
        with opened(environment, era, UNRULY, stderr=writing) as peer:
            for _ in range(8):  # each is 20 kB for the log, and a pipe holds 64 KiB
                peer.text(ask(peer, "a long exception"))
            assert "Step 1" in peer.call("start_workflow", workflowId="two-steps", goal="Go on")
            peer.end_input()
            assert peer.code() == 0
    finally:
        os.close(reading)
        os.close(writing)


def ask(peer: Peer, act: str) -> int:
    return peer.ask("tools/call", name="list_workflows", arguments={"query": act})
