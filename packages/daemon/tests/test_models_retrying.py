"""Second tries and models that stand in, through the real SDK and a stand-in provider."""

from collections.abc import Generator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest

from workrail_daemon.config.settings import Settings
from workrail_daemon.errors import ModelBusyError, ModelRefusedError, StoppedError
from workrail_daemon.models.failures import TriesUsedUpError
from workrail_daemon.models.protocol import (
    ModelRequest,
    Reply,
    Retried,
    Text,
    UserMessage,
)
from workrail_daemon.models.registry import Models
from workrail_daemon.options import RunOptions
from workrail_daemon.stopping import Stop
from workrail_daemon.testing.model_messages import Answer
from workrail_daemon.testing.model_server import (
    Broken,
    Deed,
    Failing,
    Heard,
    ModelServer,
    Script,
    serving,
)
from workrail_engine.agent_events import Usage

HELLO = ModelRequest("Be brief.", (UserMessage((Text("Hello"),)),), (), 1024)
PRICES = {"input": 1, "output": 2, "since": "2026-11-01"}
QUICK: dict[str, Any] = {"first_wait": 0.001, "longest_wait": 0.01}


@contextmanager
def models_at(
    script: Script, retries: dict[str, Any] | None = None, stall: float = 5.0
) -> Generator[tuple[Models, ModelServer]]:
    with serving(script) as server:
        settings = Settings.model_validate(
            {
                "models": {
                    "providers": {"local": {"base_url": server.address}},
                    "always": "local/first",
                    "fallbacks": {"local/first": ["local/second", "local/third"]},
                    "prices": {"local/first": PRICES, "local/second": PRICES},
                    "retries": {**QUICK, **(retries or {})},
                },
                "agent": {"stall_seconds": stall},
            }
        )
        models = Models(settings, {}, chance=lambda: 1.0)
        try:
            yield models, server
        finally:
            models.close()


def ask(models: Models, told: list[Retried], stop: Stop | None = None) -> Reply:
    return models.resolve(RunOptions()).ask(HELLO, stop or Stop(), told.append)


def asked(server: ModelServer) -> list[str]:
    return [heard.body["model"] for heard in server.heard]


@pytest.mark.rule("AGENT-101")
def test_a_rate_limit_twice_and_then_an_answer_is_an_answer_with_its_tries_told() -> None:
    told: list[Retried] = []
    with models_at([Failing(429), Failing(429), Answer("Hi.")]) as (models, server):
        reply = ask(models, told)
    assert reply.blocks == (Text("Hi."),)
    assert reply.tries == 3
    assert [(each.model, each.replaced) for each in told] == [("local/first", False)] * 2
    assert all("429" in each.why for each in told)
    assert [each.wait for each in told] == [0.001, 0.002]
    assert asked(server) == ["first"] * 3


def test_a_wait_is_as_long_as_the_provider_asks_for() -> None:
    told: list[Retried] = []
    with models_at([Failing(529, retry_after="0.009"), Answer("Hi.")]) as (models, _):
        ask(models, told)
    assert [each.wait for each in told] == [0.009]


def test_a_provider_that_asks_for_too_much_patience_is_not_waited_for() -> None:
    told: list[Retried] = []
    with models_at([Failing(429, retry_after="1"), Answer("Hi.")]) as (models, server):
        reply = ask(models, told)
    assert asked(server) == ["first", "second"]
    assert reply.tries == 2
    assert [(each.model, each.replaced) for each in told] == [("local/second", True)]


def test_a_stream_that_breaks_off_is_asked_for_again_and_its_tokens_are_paid() -> None:
    half = Answer("half", usage={"input_tokens": 100, "output_tokens": 40})
    whole = Answer("whole", usage={"input_tokens": 100, "output_tokens": 30})
    told: list[Retried] = []
    with models_at([Broken(half), whole]) as (models, _):
        reply = ask(models, told)
    assert reply.blocks == (Text("whole"),)
    assert reply.usage == Usage(input=200, output=31)
    assert reply.cost == 200 * 1 + 31 * 2
    assert "broke off" in told[0].why


def test_a_stream_that_hangs_is_asked_for_again() -> None:
    hung: list[Heard] = []

    def decide(heard: Heard) -> Deed:
        if hung:
            return Answer("Hi.")
        hung.append(heard)
        return Broken(then="hang")

    with models_at(decide, {"tries": 50}, stall=0.2) as (models, _):
        reply = ask(models, [])
    assert reply.blocks == (Text("Hi."),)
    assert reply.tries > 1


def test_a_model_that_never_answers_is_replaced_and_passed_over_for_a_while() -> None:
    def decide(heard: Heard) -> Deed:
        return Failing(500) if heard.body["model"] == "first" else Answer("Hi.")

    told: list[Retried] = []
    with models_at(decide, {"tries": 2}) as (models, server):
        client = models.resolve(RunOptions())
        reply = client.ask(HELLO, Stop(), told.append)
        assert asked(server) == ["first", "first", "second"]
        assert (reply.model, reply.tries) == ("second", 3)
        assert [each.replaced for each in told] == [False, True]
        told.clear()
        client.ask(HELLO, Stop(), told.append)
        assert asked(server)[3:] == ["second"]
        assert told == [], "what is known is not told again"
        ask(models, told)
        assert asked(server)[4:] == ["second"]
        assert [(each.model, each.replaced) for each in told] == [("local/second", True)]


def test_a_model_that_was_replaced_is_asked_again_after_its_rest() -> None:
    deeds = [Failing(401), Answer("Second."), Answer("First.")]
    told: list[Retried] = []
    with models_at(deeds, {"rest_seconds": 0}) as (models, server):
        client = models.resolve(RunOptions())
        client.ask(HELLO, Stop(), told.append)
        client.ask(HELLO, Stop(), told.append)
    assert asked(server) == ["first", "second", "first"]
    assert [each.model for each in told] == ["local/second", "local/first"]


@pytest.mark.parametrize("status", [401, 404])
def test_a_model_that_is_not_served_is_replaced_at_once(status: int) -> None:
    def decide(heard: Heard) -> Deed:
        return Failing(status) if heard.body["model"] == "first" else Answer("Hi.")

    with models_at(decide) as (models, server):
        ask(models, [])
        assert asked(server) == ["first", "second"]


def test_a_request_that_is_refused_is_not_made_again() -> None:
    with (
        models_at([Failing(400, message="max_tokens is too large")]) as (models, server),
        pytest.raises(ModelRefusedError, match="max_tokens is too large"),
    ):
        ask(models, [])
    assert len(server.heard) == 1


def test_the_failure_after_all_tries_says_what_was_paid_and_how_long_to_wait() -> None:
    half = Answer("half", usage={"input_tokens": 100, "output_tokens": 40})
    deeds = [Broken(half), Failing(500), Failing(429, retry_after="90")]
    with (
        models_at(deeds, {"tries": 1}) as (models, _),
        pytest.raises(TriesUsedUpError) as caught,
    ):
        ask(models, [])
    found = caught.value
    assert isinstance(found, ModelBusyError)
    assert (found.tries, found.retry_after) == (3, 90)
    assert (found.usage, found.cost) == (Usage(input=100, output=1), 102)
    assert "local/first and local/second and local/third" in str(found)


def test_a_stop_between_two_tries_is_heard_at_once() -> None:
    stop = Stop()

    def told(_: Retried) -> None:
        Thread(target=stop.give, args=("cancelled",)).start()

    retries = {"first_wait": 60, "longest_wait": 60}
    with (
        models_at([Failing(500)], retries) as (models, _),
        pytest.raises(StoppedError, match="cancelled"),
    ):
        models.resolve(RunOptions()).ask(HELLO, stop, told)


def test_no_more_is_tried_when_the_time_is_used_up() -> None:
    told: list[Retried] = []
    with (
        models_at([Failing(500)] * 9, {"seconds": 0, "tries": 9}) as (models, server),
        pytest.raises(TriesUsedUpError),
    ):
        ask(models, told)
    assert asked(server) == ["first", "second", "third"]
