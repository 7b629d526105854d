"""Models that speak the Messages API, asked through the real SDK over HTTP."""

import json
import sys
from collections.abc import Iterator
from threading import Thread
from time import monotonic
from typing import Any

import pytest

from workrail_daemon.config.model_settings import Price, Provider
from workrail_daemon.errors import ModelBusyError, ModelRefusedError, StoppedError
from workrail_daemon.models.anthropic_client import AnthropicClient, Connection
from workrail_daemon.models.failures import ModelNotServedError, TryFailedError
from workrail_daemon.models.protocol import (
    ModelMessage,
    ModelRequest,
    Opaque,
    Reply,
    Retried,
    Text,
    ToolResult,
    ToolSpec,
    ToolUse,
    UserMessage,
)
from workrail_daemon.stopping import Stop
from workrail_daemon.testing.model_messages import Answer
from workrail_daemon.testing.model_server import (
    Broken,
    Deed,
    Failing,
    ModelServer,
    Slow,
    serving,
)
from workrail_engine.agent_events import Usage
from workrail_engine.errors import LeaseLostError

KEY = "sk-of-this-test-and-nowhere-else"
NAME = "local/claude-opus-5-5"
PRICE = Price.model_validate(
    {"input": 4, "output": 20, "cache_read": 0.2, "cache_write": 5, "since": "2026-11-01"}
)
TOOLS = (
    ToolSpec("Bash", "Runs a command.", {"type": "object", "properties": {}}),
    ToolSpec("Read", "Reads a file.", {"type": "object", "properties": {}}),
)
HELLO = ModelRequest("Be brief.", (UserMessage((Text("Hello"),)),), TOOLS, 1024)


OPENED: list[Connection] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    for connection in OPENED:
        connection.close()
    OPENED.clear()


def connected(provider: Provider, environ: dict[str, str], stall: float) -> Connection:
    OPENED.append(Connection(provider, environ, stall))
    return OPENED[-1]


def provider_at(server: ModelServer, **more: Any) -> Provider:
    return Provider.model_validate({"base_url": server.address, "api_key_env": "THE_KEY", **more})


def client_of(server: ModelServer, stall: float = 5.0, **more: Any) -> AnthropicClient:
    connection = connected(provider_at(server, **more), {"THE_KEY": KEY, "OTHER": "extra"}, stall)
    return AnthropicClient(NAME, connection, PRICE, {})


def ask(client: AnthropicClient, request: ModelRequest = HELLO) -> Reply:
    return client.ask(request, Stop(), lambda _: None)


def failure(deed: Deed, **more: Any) -> Exception:
    with serving([deed]) as server, pytest.raises(Exception) as caught:  # noqa: PT011 - looked at by each test
        ask(client_of(server, **more))
    return caught.value


def test_an_answer_is_what_was_streamed_with_its_usage_and_cost() -> None:
    usage = {
        "input_tokens": 100,
        "output_tokens": 50,
        "cache_read_input_tokens": 2_000,
        "cache_creation_input_tokens": 300,
    }
    answer = Answer("I look. " * 20, [("Bash", {"command": "ls -l", "lines": [1, 2]})], usage=usage)
    with serving([answer]) as server:
        reply = ask(client_of(server))
    assert reply.stop == "tool_use"
    assert reply.model == "claude-opus-5-5"
    words, call = reply.blocks
    assert words == Text("I look. " * 20)
    assert isinstance(call, ToolUse)
    assert (call.name, call.input) == ("Bash", {"command": "ls -l", "lines": [1, 2]})
    assert reply.usage == Usage(input=100, output=50, cache_read=2_000, cache_write=300)
    assert reply.cost == 100 * 4 + 50 * 20 + 400 + 300 * 5


def test_system_last_tool_and_last_message_are_marked_for_the_cache_and_nothing_else() -> None:
    conversation = (
        UserMessage((Text("Hello"),)),
        ModelMessage((Text("I look."), ToolUse("t1", "Bash", {"command": "ls"}))),
        UserMessage((ToolResult("t1", "a.py"), Text("Go on."))),
    )
    with serving([Answer("Done.")]) as server:
        ask(client_of(server), ModelRequest("Be brief.", conversation, TOOLS, 1024))
    (heard,) = server.heard
    mark = {"type": "ephemeral"}
    assert heard.body["system"] == [{"type": "text", "text": "Be brief.", "cache_control": mark}]
    assert [tool.get("cache_control") for tool in heard.body["tools"]] == [None, mark]
    blocks = [block for message in heard.body["messages"] for block in message["content"]]
    assert [block.get("cache_control") for block in blocks] == [None, None, None, None, mark]
    assert blocks[3] == {"type": "tool_result", "tool_use_id": "t1", "content": "a.py"}
    assert heard.body["stream"] is True
    assert heard.body["model"] == "claude-opus-5-5"


def test_the_key_is_sent_in_its_header_and_is_nowhere_else() -> None:
    with serving([Answer("Hi."), Answer("Hi.")]) as server:
        ask(client_of(server))
        ask(client_of(server, auth="x-api-key", headers_env={"X-Extra": "OTHER"}))
    bearer, plain = server.heard
    assert bearer.headers["authorization"] == f"Bearer {KEY}"
    assert "x-api-key" not in bearer.headers
    assert plain.headers["x-api-key"] == KEY
    assert plain.headers["x-extra"] == "extra"
    assert "authorization" not in plain.headers
    assert KEY not in json.dumps([plain.body, bearer.body])


def test_a_provider_without_a_key_is_not_sent_one_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", KEY)
    with serving([Answer("Hi.")]) as server:
        ask(client_of(server, api_key_env=None))
    assert KEY not in json.dumps(dict(server.heard[0].headers))
    assert "authorization" not in server.heard[0].headers


def test_a_missing_key_is_refused_with_the_name_of_its_variable() -> None:
    with serving([]) as server:
        connection = connected(provider_at(server), {}, 5.0)
        with pytest.raises(ModelRefusedError, match="THE_KEY is not set"):
            ask(AnthropicClient(NAME, connection, PRICE, {}))
    assert server.heard == []


def test_thinking_is_handed_back_to_the_model_that_thought_and_to_no_other() -> None:
    with serving([Answer("Hm.", thinking="Let me see."), Answer("So."), Answer("So.")]) as server:
        client = client_of(server)
        reply = ask(client)
        thought = reply.blocks[0]
        assert isinstance(thought, Opaque)
        conversation = (
            UserMessage((Text("Hello"),)),
            ModelMessage(reply.blocks),
            UserMessage((Text("And?"),)),
        )
        request = ModelRequest("", conversation, (), 1024)
        ask(client, request)
        connection = connected(provider_at(server), {"THE_KEY": KEY}, 5.0)
        ask(AnthropicClient("local/another", connection, PRICE, {}), request)
    own, others = (heard.body["messages"][1]["content"] for heard in server.heard[1:])
    assert own[0] == {"type": "thinking", "thinking": "Let me see.", "signature": "signed-1"}
    assert [block["type"] for block in own] == ["thinking", "text"]
    assert [block["type"] for block in others] == ["text"]


def test_thinking_that_is_refused_is_left_out_from_then_on() -> None:
    refusal = "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to"
    thought = Opaque({"type": "thinking", "thinking": "Hm", "signature": "old"})
    conversation = (
        UserMessage((Text("Hello"),)),
        ModelMessage((thought,)),
        UserMessage((Text("And?"),)),
    )
    told: list[Retried] = []
    with serving([Failing(400, message=refusal), Answer("So."), Answer("So.")]) as server:
        client = client_of(server)
        request = ModelRequest("", conversation, (), 1024)
        first = client.ask(request, Stop(), told.append)
        second = client.ask(request, Stop(), told.append)
    assert (first.tries, second.tries, len(told)) == (2, 1, 1)
    sent = [heard.body["messages"][1]["content"][0]["type"] for heard in server.heard]
    assert sent == ["thinking", "text", "text"]


@pytest.mark.parametrize("status", [429, 500, 529])
def test_what_may_pass_is_a_failure_that_may_be_tried_again(status: int) -> None:
    found = failure(Failing(status, retry_after="7"))
    assert isinstance(found, TryFailedError)
    assert found.retry_after == 7
    assert str(status) in str(found)


@pytest.mark.parametrize(
    ("status", "hint"), [(400, "request"), (401, "THE_KEY"), (403, "account"), (404, "name of")]
)
def test_what_will_not_pass_is_refused_with_a_hint_and_without_the_key(
    status: int, hint: str
) -> None:
    found = failure(Failing(status, message="No."))
    assert isinstance(found, ModelRefusedError)
    assert hint in str(found)
    assert NAME in str(found)
    assert KEY not in str(found)


def test_a_key_that_a_server_repeats_is_not_in_the_message() -> None:
    found = failure(Failing(401, message=f"the key {KEY} is not known"))
    assert "the key *** is not known" in str(found)
    assert KEY not in str(found)


def test_a_server_that_speaks_something_else_is_told_of() -> None:
    found = failure(Failing(200, body="<html>Welcome</html>"))
    assert isinstance(found, ModelNotServedError)
    assert "does not speak the Messages API. Check base_url" in str(found)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Fri, 31 Dec 2100 23:59:59 GMT", 10**9),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0),
        ("soon", None),
    ],
)
def test_a_time_to_wait_until_is_understood(header: str, seconds: float | None) -> None:
    found = failure(Failing(429, retry_after=header))
    assert isinstance(found, TryFailedError)
    if seconds:
        assert found.retry_after is not None
        assert found.retry_after > seconds
    else:
        assert found.retry_after == seconds


@pytest.mark.parametrize("then", ["cut", "end", "error", "garbage"])
def test_a_stream_that_does_not_end_well_may_be_tried_again_and_is_charged(then: str) -> None:
    answer = Answer("half of it", usage={"input_tokens": 1_000, "output_tokens": 70})
    found = failure(Broken(answer, after=4, then=then))
    assert isinstance(found, TryFailedError)
    assert found.usage == Usage(input=1_000, output=1)
    assert found.cost == 1_000 * 4 + 20


@pytest.mark.parametrize("then", ["hang", "pings"])
def test_a_stream_that_hangs_is_given_up_after_a_time_without_news(then: str) -> None:
    found = failure(Broken(then=then), stall=0.1)
    assert isinstance(found, ModelBusyError)
    assert "s" in str(found)


def test_a_long_answer_that_goes_on_is_not_given_up() -> None:
    with serving([Slow(Answer("word " * 100), seconds=0.06)]) as server:
        begun = monotonic()
        reply = ask(client_of(server, stall=0.9))
        assert monotonic() - begun > 0.9, "it must have taken longer than a silence may"
    assert reply.blocks == (Text("word " * 100),)


def test_a_server_that_is_not_there_may_be_tried_again() -> None:
    with serving([]) as server:
        pass
    with pytest.raises(TryFailedError, match="could not be reached"):
        ask(client_of(server))


def test_a_stop_in_the_middle_of_a_stream_ends_it_at_once_and_hangs_up() -> None:
    with serving([Broken(then="pings")]) as server:
        stop = Stop()

        def give() -> None:
            assert server.stuck.wait(5)
            stop.give("the operator cancelled")

        giver = Thread(target=give)
        giver.start()
        with pytest.raises(StoppedError, match="the operator cancelled"):
            client_of(server, stall=60.0).ask(HELLO, stop, lambda _: None)
        giver.join()
        assert server.left.wait(1), "the provider must see that nobody listens any more"


@pytest.mark.rule("AGENT-22")
def test_there_is_time_for_something_else_while_a_model_answers() -> None:
    with serving([Slow(Answer("At last."), 0.05)]) as server:
        done: list[bool] = []

        def meanwhile() -> None:
            assert server.streaming.wait(5)
            done.append(True)

        reply = client_of(server).ask(HELLO, Stop(), lambda _: None, meanwhile)
    assert done == [True]
    assert reply.blocks == (Text("At last."),)


@pytest.mark.rule("AGENT-22")
def test_a_request_ends_when_what_is_done_meanwhile_fails() -> None:
    with serving([Broken(then="pings")]) as server:

        def meanwhile() -> None:
            assert server.stuck.wait(5)
            message = "the store is gone"
            raise LeaseLostError(message)

        with pytest.raises(LeaseLostError, match="the store is gone"):
            client_of(server, stall=60.0).ask(HELLO, Stop(), lambda _: None, meanwhile)
        assert server.left.wait(1), "the provider must see that nobody listens any more"


def test_a_stop_that_was_given_before_asks_nothing() -> None:
    with serving([]) as server:
        stop = Stop()
        stop.give("too late")
        with pytest.raises(StoppedError):
            client_of(server).ask(HELLO, stop, lambda _: None)
    assert server.heard == []


def test_a_call_that_was_cut_off_by_the_limit_of_output_is_not_a_call() -> None:
    answer = Answer("I write.", [("Write", {"path": "a", "text": "half"})], stop="max_tokens")
    with serving([answer]) as server:
        reply = ask(client_of(server))
    assert reply.stop == "max_tokens"
    assert reply.blocks == (
        Text("I write."),
        Text("[The call of Write was cut off, and was not made.]"),
    )


@pytest.mark.parametrize(("kind", "module"), [("bedrock", "boto3"), ("vertex", "google.auth")])
def test_a_kind_whose_packages_are_missing_says_what_to_install(
    kind: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    provider = Provider.model_validate({"kind": kind, "region": "r", "project": "p"})
    with pytest.raises(ModelRefusedError, match=rf"anthropic\[{kind}\]"):
        ask(AnthropicClient("cloud/x", connected(provider, {}, 5.0), None, {}))
