"""The bridge the conformance suites go through changes nothing of what the server says."""

import json
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import httpx2 as httpx
import pytest

ROOT = Path(__file__).parents[1]
BRIDGE = ROOT / "e2e" / "conformance" / "bridge.py"
WORKRAIL = (str(Path(sys.executable).with_name("workrail")), "start")
STATELESS = "2026-07-28"
BOUND = 60
ECHO = """
import json, sys
def say(message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if asked["method"] == "die":
        sys.exit(3)
    if "id" not in asked:
        continue
    if asked["method"] == "slow":
        say({"method": "notifications/progress", "params": {"progress": 1}})
    if asked["method"] == "curious":
        say({"id": 1, "method": "roots/list"})
    if asked["method"] == "unknown":
        say({"id": asked["id"], "error": {"code": -32601, "message": "No such method"}})
        continue
    say({"id": asked["id"], "result": {"heard": asked["params"]}})
"""


@contextmanager
def bridge_to(command: tuple[str, ...], home: Path) -> Generator[httpx.Client]:
    process = subprocess.Popen(
        (sys.executable, str(BRIDGE), "--", *command),
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": "", "HOME": str(home), "WORKRAIL_HOME": str(home)},
    )
    with process:
        address = cast("IO[str]", process.stdout).readline().strip()
        try:
            with httpx.Client(base_url=address.removesuffix("/mcp"), timeout=BOUND) as client:
                yield client
        finally:
            process.send_signal(signal.SIGINT)
            try:
                assert process.wait(BOUND) == 0
            finally:
                process.kill()  # else leaving this block waits for good


@pytest.fixture(name="echo", scope="module")
def bridge_to_an_echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with bridge_to((sys.executable, "-c", ECHO), tmp_path_factory.mktemp("home")) as client:
        yield client


def request(method: str, number: int = 1, **params: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def stateless(method: str, number: int = 1, **params: object) -> dict[str, object]:
    meta: dict[str, object] = {
        "io.modelcontextprotocol/protocolVersion": STATELESS,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    return request(method, number, _meta=meta, **params)


def post(client: httpx.Client, message: object, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/mcp", json=message, headers=named)


def test_the_older_era_reaches_the_real_server_through_a_session(tmp_path: Path) -> None:
    hello: dict[str, Any] = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }
    with bridge_to(WORKRAIL, tmp_path) as client:
        begun = post(client, request("initialize", **hello))
        session = begun.headers["mcp-session-id"]
        told = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        noted = post(client, told, mcp_session_id=session)
        listed = post(client, request("tools/list", 2), mcp_session_id=session)

    assert begun.json()["result"]["protocolVersion"] == "2025-11-25"
    assert noted.status_code == 202
    assert listed.json()["id"] == 2
    assert listed.json()["result"]["tools"]


def test_the_stateless_era_reaches_the_real_server_without_a_session(tmp_path: Path) -> None:
    with bridge_to(WORKRAIL, tmp_path) as client:
        listed = post(client, stateless("tools/list", 7), mcp_protocol_version=STATELESS)

    assert listed.headers.get("mcp-session-id") is None
    assert listed.json()["id"] == 7
    assert listed.json()["result"]["tools"]


def test_clients_who_chose_the_same_number_each_get_their_own_answer(echo: httpx.Client) -> None:
    for word in ("first", "second"):
        answer = post(echo, stateless("echo", 1, word=word), mcp_protocol_version=STATELESS)
        assert answer.json()["id"] == 1
        assert answer.json()["result"]["heard"]["word"] == word


def test_what_is_written_meanwhile_goes_out_before_the_answer(echo: httpx.Client) -> None:
    answer = post(echo, stateless("slow", 5), mcp_protocol_version=STATELESS)
    told: list[dict[str, Any]] = [
        json.loads(line.removeprefix("data: "))
        for line in answer.text.splitlines()
        if line.startswith("data: ")
    ]

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [one.get("method", "answer") for one in told] == ["notifications/progress", "answer"]
    assert told[1]["id"] == 5


def test_a_question_to_the_client_is_not_taken_for_an_answer(echo: httpx.Client) -> None:
    answer = post(echo, stateless("curious", 3), mcp_protocol_version=STATELESS)

    assert answer.json()["id"] == 3
    assert "heard" in answer.json()["result"]


def test_an_unknown_method_is_not_found_in_the_stateless_era_alone(echo: httpx.Client) -> None:
    session = post(echo, request("initialize")).headers["mcp-session-id"]

    newer = post(echo, stateless("unknown"), mcp_protocol_version=STATELESS)
    older = post(echo, request("unknown"), mcp_session_id=session)

    assert (newer.status_code, older.status_code) == (404, 200)
    assert newer.json()["error"] == older.json()["error"]


def test_a_server_that_dies_is_told_and_replaced(echo: httpx.Client) -> None:
    died = post(echo, stateless("die"), mcp_protocol_version=STATELESS)
    after = post(echo, stateless("echo"), mcp_protocol_version=STATELESS)

    assert died.status_code == 502
    assert after.status_code == 200


def test_a_session_ends_once(echo: httpx.Client) -> None:
    session = post(echo, request("initialize")).headers["mcp-session-id"]
    ended = [
        echo.request("DELETE", "/mcp", headers={"mcp-session-id": session}).status_code
        for _ in range(2)
    ]

    assert ended == [200, 404]
    assert post(echo, request("echo"), mcp_session_id=session).status_code == 404


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"{", {}, 400, -32700),
        (json.dumps(request("echo")).encode(), {}, 400, -32600),
        (json.dumps(stateless("echo")).encode(), {"mcp-protocol-version": "1"}, 400, -32020),
    ],
    ids=["no JSON", "no session", "two versions"],
)
def test_what_http_itself_forbids_is_refused_by_the_bridge(
    echo: httpx.Client, content: bytes, headers: dict[str, str], status: int, code: int
) -> None:
    answer = echo.post("/mcp", content=content, headers=headers)

    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
