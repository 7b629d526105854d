"""What the real process makes of every kind of line, in both eras: one answer, and it goes on."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from workrail_mcp_server.testing_process import ERAS, Era, Peer, serving

PARSE_ERROR, INVALID_REQUEST, NO_METHOD, BAD_PARAMS = -32700, -32600, -32601, -32602
OTHER_ERA: Mapping[Era, Era] = {"2025-11-25": "2026-07-28", "2026-07-28": "2025-11-25"}

NO_MESSAGES = {
    "no JSON": (b"garbage", None, PARSE_ERROR),
    "half a message": (b'{"jsonrpc":"2.0","id":5,', None, PARSE_ERROR),
    "two messages on a line": (
        b'{"jsonrpc":"2.0","id":5,"method":"ping"}{"jsonrpc":"2.0","id":6,"method":"ping"}',
        None,
        PARSE_ERROR,
    ),
    "bytes that are no UTF-8": (b"\x00\xff\xfe\x80", None, PARSE_ERROR),
    "NaN": (
        b'{"jsonrpc":"2.0","id":5,"method":"tools/list","params":{"a":NaN}}',
        None,
        PARSE_ERROR,
    ),
    "Infinity": (
        b'{"jsonrpc":"2.0","id":5,"method":"tools/list","params":{"a":-Infinity}}',
        None,
        PARSE_ERROR,
    ),
    "a number of thousands of digits": (
        b'{"jsonrpc":"2.0","id":5,"method":"tools/list","params":{"a":%b}}' % (b"9" * 6_000),
        None,
        PARSE_ERROR,
    ),
    "nested without end": (b"[" * 100_000, None, PARSE_ERROR),
    "a batch": (b'[{"jsonrpc":"2.0","id":5,"method":"ping"}]', None, INVALID_REQUEST),
    "an empty batch": (b"[]", None, INVALID_REQUEST),
    "a string": (b'"ping"', None, INVALID_REQUEST),
    "null": (b"null", None, INVALID_REQUEST),
    "an empty object": (b"{}", None, INVALID_REQUEST),
    "another version": (b'{"jsonrpc":"1.0","id":5,"method":"ping"}', 5, INVALID_REQUEST),
    "no version": (b'{"id":"five","method":"ping"}', "five", INVALID_REQUEST),
    "no method": (b'{"jsonrpc":"2.0","id":5}', 5, INVALID_REQUEST),
    "a method that is a number": (b'{"jsonrpc":"2.0","id":5,"method":7}', 5, INVALID_REQUEST),
    "params that are a list": (
        b'{"jsonrpc":"2.0","id":5,"method":"ping","params":[1]}',
        5,
        INVALID_REQUEST,
    ),
    "an id that is null": (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', None, INVALID_REQUEST),
    "an id that is a fraction": (
        b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
        None,
        INVALID_REQUEST,
    ),
    "an id that is true": (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', None, INVALID_REQUEST),
    "an id that is a list": (b'{"jsonrpc":"2.0","id":[1],"method":"ping"}', None, INVALID_REQUEST),
}


@pytest.mark.rule("MCP-33")
def test_each_line_that_is_no_message_is_answered_and_the_server_goes_on(peer: Peer) -> None:
    for kind, (line, number, code) in NO_MESSAGES.items():
        peer.write(line + b"\n")
        answer = peer.next()
        assert (kind, answer["id"], answer["error"]["code"]) == (kind, number, code)
    peer.ping()


@pytest.mark.rule("MCP-33")
@pytest.mark.parametrize("era", ERAS)
def test_lines_that_are_no_messages_may_come_before_the_first_request(
    environment: dict[str, str], era: Era
) -> None:
    with serving(environment, era) as peer:
        for line, _, code in NO_MESSAGES.values():
            peer.write(line + b"\n")
            assert peer.next()["error"]["code"] == code
        peer.open()
        peer.ping()


@pytest.mark.rule("MCP-34")
def test_a_message_is_read_however_its_bytes_are_cut_and_ended(peer: Peer) -> None:
    def asked(number: int) -> bytes:
        return peer.frame("tools/list", number)

    peer.write(b"\r\n \t\r\n\n" + asked(11).replace(b"\n", b"\r\n"))
    assert peer.next()["id"] == 11
    peer.write(b"\xef\xbb\xbf" + asked(12))
    assert peer.next()["id"] == 12
    for byte in asked(13):
        peer.write(bytes([byte]))
    assert peer.next()["id"] == 13
    peer.write(asked(14) + asked(15) + asked(16)[:20])
    assert {peer.next()["id"], peer.next()["id"]} == {14, 15}
    peer.write(asked(16)[20:])
    assert peer.next()["id"] == 16


@pytest.mark.rule("MCP-34")
def test_an_answer_carries_the_very_id_of_its_request(peer: Peer) -> None:
    for number in (0, -1, 2**63, "", "1", 1, "null", "ein Ü und ein 😀"):
        peer.write(peer.frame("tools/list", number))
        answer = peer.next()
        assert (answer["id"], type(answer["id"])) == (number, type(number))
        assert "tools" in answer["result"]


@pytest.mark.rule("MCP-34")
def test_each_of_two_requests_with_one_id_is_answered(peer: Peer) -> None:
    peer.write(peer.frame("tools/list", 7) * 2)
    assert [peer.next()["id"], peer.next()["id"]] == [7, 7]


@pytest.mark.rule("MCP-13")
def test_half_characters_come_back_replaced(peer: Peer) -> None:
    peer.write(peer.frame("tools/call", 7, name="odd \ud800", arguments={"\udfff": "\ud83d"}))
    assert "odd \ufffd" in peer.text(7)
    peer.write(peer.frame("tools/call", 8, name="x-BYTES", arguments={}).replace(b"BYTES", b"\xff"))
    assert "x-\ufffd" in peer.text(8)


@pytest.mark.rule("MCP-35")
def test_requests_the_server_cannot_serve_are_refused_by_their_codes(peer: Peer) -> None:
    def code(method: str, **params: object) -> int | None:
        answer = peer.answer(peer.ask(method, **params))
        return answer["error"]["code"] if "error" in answer else None

    assert code("no/such/method") == NO_METHOD
    assert code("tools/call") == BAD_PARAMS
    assert code("tools/call", name=7, arguments={}) == BAD_PARAMS
    assert code("tools/call", name="list_workflows", arguments=[]) == BAD_PARAMS
    assert peer.call("no_such_tool").startswith("There is no tool 'no_such_tool'.")
    assert "There is no field `no_such_field`" in peer.call("list_workflows", no_such_field=1)
    peer.ping()


@pytest.mark.rule("MCP-35")
def test_numbers_too_large_to_be_any_fail_their_own_call(peer: Peer) -> None:
    frame = peer.frame(
        "tools/call",
        7,
        name="start_workflow",
        arguments={"workflowId": "two-steps", "goal": "g", "context": {"a": "LARGE"}},
    )
    peer.write(frame.replace(b'"LARGE"', b"1e999"))
    answer = peer.answer(7)
    assert answer["result"]["isError"]
    assert "internal error" not in answer["result"]["content"][0]["text"]
    peer.ping()


@pytest.mark.rule("MCP-35")
def test_the_other_era_is_refused_on_an_open_connection(peer: Peer) -> None:
    other = Peer(peer.process, OTHER_ERA[peer.era])
    method = "server/discover" if peer.era == "2025-11-25" else "initialize"
    handshake: dict[str, Any] = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "0"},
    }
    peer.write(other.frame(method, "other", **({} if method != "initialize" else handshake)))
    assert "error" in peer.answer("other")
    peer.ping()


@pytest.mark.rule("MCP-35")
def test_notifications_and_answers_nobody_asked_for_change_nothing(peer: Peer) -> None:
    peer.tell("notifications/no/such")
    peer.tell("notifications/initialized")
    peer.tell("notifications/cancelled", requestId=4_711)
    peer.tell("notifications/cancelled", requestId={"no": "id"})
    peer.tell("notifications/cancelled")
    peer.write(b'{"jsonrpc":"2.0","id":99,"result":{}}\n')
    peer.write(b'{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}\n')
    peer.ping()


@pytest.mark.rule("MCP-35")
def test_requests_before_the_handshake_are_refused_and_the_handshake_may_follow(
    environment: dict[str, str],
) -> None:
    with serving(environment, "2025-11-25") as peer:
        for method in ("tools/list", "tools/call"):
            assert "error" in peer.answer(peer.ask(method, name="list_workflows"))
        peer.open()
        peer.ping()


@pytest.mark.rule("MCP-35")
def test_a_second_handshake_is_answered_like_the_first(environment: dict[str, str]) -> None:
    with serving(environment, "2025-11-25") as peer:
        assert peer.open() == peer.open()
        peer.ping()


@pytest.mark.rule("MCP-35")
def test_a_handshake_for_a_version_nobody_knows_is_answered_with_one_we_speak(
    environment: dict[str, str],
) -> None:
    for version in ("1999-01-01", "2026-07-28", ""):
        with serving(environment, "2025-11-25") as peer:
            number = peer.ask(
                "initialize",
                protocolVersion=version,
                capabilities={},
                clientInfo={"name": "test", "version": "0"},
            )
            assert peer.answer(number)["result"]["protocolVersion"] == "2025-11-25"


@pytest.mark.rule("MCP-35")
def test_an_envelope_for_a_version_nobody_knows_is_told_the_ones_we_speak(
    environment: dict[str, str],
) -> None:
    with serving(environment, "2026-07-28") as peer:
        frame = peer.frame("server/discover", 1).replace(b"2026-07-28", b"2199-01-01")
        peer.write(frame)
        assert "2026-07-28" in json.dumps(peer.answer(1)["error"])
        peer.open()
        peer.ping()
