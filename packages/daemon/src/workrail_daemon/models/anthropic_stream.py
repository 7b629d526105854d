"""How is one request made through the `anthropic` SDK?

This module imports the SDK, which takes a second: it is imported when a model is first asked. The
SDK makes one request and no second one; who asks again, and when, is decided elsewhere.
"""

import contextlib
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, Final, Protocol, cast

import anthropic
from anthropic.types import Message as ApiMessage

from workrail_daemon.config.model_settings import Provider
from workrail_daemon.config.secret_values import headers_of, key_of
from workrail_daemon.errors import ModelRefusedError
from workrail_daemon.models.failures import ModelNotServedError
from workrail_engine.agent_events import Usage

OWN_ADDRESS: Final = "https://api.anthropic.com"
_CONNECT_SECONDS: Final = 15.0
_NO_KEY: Final = "none"  # never sent
_NO_STREAM: Final = ("application/json", "text/html", "text/plain")


class Sdk(Protocol):
    """What is used of the clients of the SDK."""

    @property
    def messages(self) -> Any:
        """Where messages are made."""
        ...

    def close(self) -> None:
        """Let go of all connections."""
        ...


def connect(provider: Provider, environ: Mapping[str, str], stall_seconds: float) -> Sdk:
    """A client of the SDK for a provider; nothing is sent yet.

    Raises:
        ModelRefusedError: the key is missing, or what the provider needs is not installed.
    """
    timeout = anthropic.Timeout(stall_seconds, connect=min(_CONNECT_SECONDS, stall_seconds))
    headers = headers_of(provider, environ)
    match provider.kind:
        case "bedrock":
            return _bedrock(provider, headers, timeout)
        case "vertex":
            return _vertex(provider, headers, timeout)
        case "anthropic" | "scripted":
            key = key_of(provider, environ)
            return anthropic.Anthropic(
                api_key=key or _NO_KEY,  # explicit, or the SDK would look for one by itself
                base_url=provider.base_url or OWN_ADDRESS,
                default_headers=cast(
                    "Mapping[str, str]", {**headers, **_key_headers(provider, key)}
                ),
                timeout=timeout,
                max_retries=0,
                open_telemetry=False,  # the daemon has spans of its own
            )


def _key_headers(provider: Provider, key: str | None) -> dict[str, str | anthropic.Omit]:
    """What replaces the SDK's own way to send a key, `Authorization: Bearer`."""
    if key is None:
        return {"Authorization": anthropic.Omit()}
    if provider.auth == "x-api-key":
        return {"Authorization": anthropic.Omit(), "X-Api-Key": key}
    return {}


def _bedrock(provider: Provider, headers: dict[str, str], timeout: anthropic.Timeout) -> Sdk:
    if not _is_installed("boto3"):
        raise ModelRefusedError(_not_installed("bedrock"))
    from anthropic.lib.bedrock import AnthropicBedrock  # noqa: PLC0415 - few need it

    return AnthropicBedrock(
        aws_region=provider.region,
        aws_profile=provider.profile,
        base_url=provider.base_url,
        default_headers=headers,
        timeout=timeout,
        max_retries=0,
        open_telemetry=False,
    )


def _vertex(provider: Provider, headers: dict[str, str], timeout: anthropic.Timeout) -> Sdk:
    if not _is_installed("google.auth"):
        raise ModelRefusedError(_not_installed("vertex"))
    from anthropic.lib.vertex import AnthropicVertex  # noqa: PLC0415 - few need it

    return AnthropicVertex(
        region=provider.region or "",
        project_id=provider.project or "",
        base_url=provider.base_url,
        default_headers=headers,
        timeout=timeout,
        max_retries=0,
        open_telemetry=False,
    )


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # a package around it is missing, or its import is blocked
        return False


def _not_installed(extra: str) -> str:
    return (
        f"Providers of the kind {extra} need packages that are not installed. "
        f"Install them with: pip install 'anthropic[{extra}]'"
    )


@dataclass
class Streaming:
    """One request, made in a thread of its own, so that whoever waits for it can leave."""

    sdk: Sdk
    body: dict[str, Any]
    usage: Usage = field(default_factory=Usage)
    """As far as it was told."""
    _given_up: bool = False
    _socket: socket.socket | None = None

    def run(self, heard: Callable[[], None]) -> ApiMessage:
        """The whole answer.

        Args:
            heard: called at each event of the stream.

        Raises:
            Exception: whatever the SDK raises; `failure_of` says what it means.
        """
        whole = False
        with self.sdk.messages.stream(**self.body) as stream:
            self._socket = _socket_of(stream.response)
            _insist_on_a_stream(stream.response)
            for event in stream:
                if self._given_up:
                    break
                heard()
                match event.type:
                    case "message_start":
                        self.usage = _usage(event.message.usage)
                    case "message_delta":
                        self.usage = _usage(stream.current_message_snapshot.usage)
                    case "message_stop":
                        whole = True
                    case _:
                        pass
            if not whole:
                message = "the stream of the answer broke off"
                raise ConnectionError(message)
            return cast("ApiMessage", stream.get_final_message())

    def give_up(self) -> None:
        """End it from another thread: the provider writes no further."""
        self._given_up = True
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it may have ended by itself
                # Below TLS: what another thread reads through is not taken from under it.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _usage(usage: Any) -> Usage:
    return Usage(
        input=usage.input_tokens or 0,
        output=usage.output_tokens or 0,
        cache_read=usage.cache_read_input_tokens or 0,
        cache_write=usage.cache_creation_input_tokens or 0,
    )


def _insist_on_a_stream(response: Any) -> None:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _NO_STREAM:
        message = (
            f"{response.url} answered with {kind} in place of a stream, so it does not speak the "
            "Messages API. Check base_url of the provider."
        )
        raise ModelNotServedError(message)


def _socket_of(response: Any) -> socket.socket | None:
    stream = response.extensions.get("network_stream")
    found = None if stream is None else stream.get_extra_info("socket")
    return found if isinstance(found, socket.socket) else None
