"""How is a model asked that speaks the Messages API?

The request runs in a thread of its own, and the run waits for it beside its `Stop`: a stop is heard
at once, whatever the network does. Silence ends a request, length does not: every byte of the
stream, pings too, shows that the provider is at work, and only a stream that brings nothing but
pings for a long time counts as hung.
"""

import gc
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from workrail_daemon.config.model_settings import Price, Provider
from workrail_daemon.config.secret_values import secrets_of
from workrail_daemon.errors import ModelError, StoppedError
from workrail_daemon.models.failures import TryFailedError
from workrail_daemon.models.messages_json import body_of, holds_thinking, said_of, stop_of
from workrail_daemon.models.pricing import cost_of
from workrail_daemon.models.protocol import ModelRequest, Reply, Retried, nothing
from workrail_daemon.stopping import Stop

if TYPE_CHECKING:
    from anthropic.types import Message as ApiMessage

    from workrail_daemon.models.anthropic_stream import Sdk, Streaming

_PINGS_ONLY: Final = 5
"""Times `stall_seconds` for which a stream may bring nothing but signs of life."""


_HEAD_START: Final = 0.01
"""Seconds in which a request is made and sent before anything else is done beside it."""


@dataclass(frozen=True)
class _Whole:
    answer: "ApiMessage"


_News: TypeAlias = _Whole | BaseException | Literal["heard", "stopped"]


class Connection:
    """The client of the SDK for one provider, made when it is first used, and shared."""

    def __init__(
        self, provider: Provider, environ: Mapping[str, str], stall_seconds: float
    ) -> None:
        self.provider = provider
        self.stall_seconds = stall_seconds
        self._environ = environ
        self._lock = Lock()
        self._sdk: Sdk | None = None

    def sdk(self) -> "Sdk":
        """The client.

        Raises:
            ModelRefusedError: it cannot be made: the key or a package is missing.
        """
        from workrail_daemon.models.anthropic_stream import connect  # noqa: PLC0415 - loads the SDK

        with self._lock:
            if self._sdk is None:
                self._sdk = connect(self.provider, self._environ, self.stall_seconds)
                # The SDK is more than a hundred thousand objects that stay: looking at them again and
                # again would hold up every run for tens of milliseconds.
                gc.freeze()
            return self._sdk

    def masked(self, failure: ModelError) -> ModelError:
        """The failure without the provider's secrets, should a server have repeated them."""
        message = str(failure)
        for secret in secrets_of(self.provider, self._environ):
            message = message.replace(secret, "***")
        failure.args = (message,)
        return failure

    def close(self) -> None:
        """Let go of all connections."""
        with self._lock:
            if self._sdk is not None:
                self._sdk.close()
                self._sdk = None


class AnthropicClient:
    """One model of one provider. It makes one try; `RetryingClient` makes more."""

    def __init__(
        self,
        name: str,
        connection: Connection,
        price: Price | None,
        parameters: Mapping[str, Any],
    ) -> None:
        self._name = name
        self._connection = connection
        self._price = price
        self._parameters = dict(parameters)
        self._thinking = True

    @property
    def model(self) -> str:
        """`provider/model`."""
        return self._name

    def ask(
        self,
        request: ModelRequest,
        stop: Stop,
        told: Callable[[Retried], None],
        meanwhile: Callable[[], None] = nothing,
    ) -> Reply:
        """The answer, once it is whole; see `ModelClient`.

        A conversation that was shortened makes the thinking in it unreadable to some models, and
        they refuse it. Then it is asked once more without.
        """
        from workrail_daemon.models.anthropic_failures import (  # noqa: PLC0415 - loads the SDK
            is_about_thinking,
        )

        tries = 0
        while True:
            tries += 1
            streaming = self._streaming(request)
            with _begun(streaming, stop) as news:
                stop.wait(_HEAD_START)
                meanwhile()
                try:
                    answer = _wait_for(news, stop, self._connection.stall_seconds * _PINGS_ONLY)
                except StoppedError:
                    raise
                except Exception as error:
                    if not (
                        self._thinking and holds_thinking(request) and is_about_thinking(error)
                    ):
                        raise self._failure(error, streaming) from error
                else:
                    return self._reply(answer, streaming, tries)
            self._thinking = False
            told(Retried("its earlier thinking is left out", 0.0, self._name, replaced=False))

    def _failure(self, error: Exception, streaming: "Streaming") -> ModelError:
        from workrail_daemon.models.anthropic_failures import (  # noqa: PLC0415 - loads the SDK
            failure_of,
        )

        failure = failure_of(error, self._name, self._connection.provider)
        if isinstance(failure, TryFailedError):
            failure.usage = streaming.usage
            failure.cost = cost_of(streaming.usage, self._price)
        return self._connection.masked(failure)

    def _streaming(self, request: ModelRequest) -> "Streaming":
        from workrail_daemon.models.anthropic_stream import Streaming  # noqa: PLC0415 - loads the SDK

        body = body_of(request, self._name, thinking=self._thinking)
        body["model"] = self._name.partition("/")[2]
        if self._parameters:
            body["extra_body"] = self._parameters
        return Streaming(self._connection.sdk(), body)

    def _reply(self, answer: "ApiMessage", streaming: "Streaming", tries: int) -> Reply:
        content = [block.to_dict() for block in answer.content]
        stop = stop_of(answer.stop_reason, content)
        return Reply(
            model=answer.model or self._name,
            stop=stop,
            blocks=said_of(content, stop, self._name),
            usage=streaming.usage,
            cost=cost_of(streaming.usage, self._price),
            tries=tries,
        )


@contextmanager
def _begun(streaming: "Streaming", stop: Stop) -> "Generator[SimpleQueue[_News]]":
    """A request on its way, in a thread of its own; whoever leaves before its answer is there ends it."""
    news: SimpleQueue[_News] = SimpleQueue()

    def run() -> None:
        try:
            news.put(_Whole(streaming.run(lambda: news.put("heard"))))
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            news.put(error)

    with stop.ending(lambda: news.put("stopped")):
        if not stop.given:
            Thread(target=run, name="asking a model", daemon=True).start()
        try:
            yield news
        except BaseException:
            streaming.give_up()
            raise


def _wait_for(news: "SimpleQueue[_News]", stop: Stop, longest_silence: float) -> "ApiMessage":
    """The answer a request brings.

    Raises:
        StoppedError: `stop` was given.
        TryFailedError: nothing but signs of life came for too long.
        Exception: what the request raised.
    """
    while True:
        try:
            item = news.get(timeout=longest_silence)
        except Empty:
            message = f"the stream brought nothing but pings for {longest_silence:.0f} s"
            raise TryFailedError(message) from None
        match item:
            case _Whole(answer):
                return answer
            case BaseException():
                raise item
            case "stopped":
                raise StoppedError(stop.reason)
            case "heard":
                pass
