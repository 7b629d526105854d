"""What does a failure of the `anthropic` SDK mean?

Imports the SDK, as the module that makes the requests does.
"""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

import anthropic

from workrail_daemon.config.model_settings import Provider
from workrail_daemon.errors import ModelError, ModelRefusedError
from workrail_daemon.models.failures import ModelNotServedError, TryFailedError

_BUSY_KINDS: Final = ("overloaded_error", "api_error", "rate_limit_error", "timeout_error")
_MOST_SAID: Final = 300
_CLOUDS: Final = ("botocore.", "boto3.", "google.auth.")
_BROKEN: Final = ("RemoteProtocolError", "LocalProtocolError", "ReadError", "WriteError")
"""What the HTTP library under the SDK raises once a stream has begun."""


def failure_of(error: BaseException, name: str, provider: Provider) -> ModelError:
    """What a failure of the SDK means; the message holds no secret.

    Args:
        error: what it raised.
        name: `provider/model` that was asked.
        provider: who was asked.
    """
    if isinstance(error, ModelError):
        return error
    if isinstance(error, anthropic.APIStatusError):
        return _status_failure(error, name, provider)
    if isinstance(error, anthropic.APITimeoutError) or "timeout" in type(error).__name__.lower():
        return TryFailedError(f"{name} gave no sign of life within the time limit")
    if isinstance(error, anthropic.APIConnectionError):
        cause = error.__cause__
        said = f": {_short(str(cause))}" if cause is not None and str(cause) else ""
        where = provider.base_url or "its provider"
        return TryFailedError(f"{name} could not be reached at {where}{said}")
    if isinstance(error, OSError) or type(error).__name__ in _BROKEN:
        return TryFailedError(f"{name}: the stream of the answer broke off")
    if type(error).__module__.startswith(_CLOUDS):
        return ModelNotServedError(f"{name} could not be asked: {_short(str(error))}")
    if isinstance(error, anthropic.AnthropicError):
        return ModelRefusedError(f"{name} could not be asked: {_short(str(error))}")
    return TryFailedError(f"{name} gave an answer that could not be read: {_short(str(error))}")


def is_about_thinking(error: BaseException) -> bool:
    """Whether a request was refused because of thinking that was handed back with it."""
    if not isinstance(error, anthropic.BadRequestError):
        return False
    said = str(error.api_message or "")
    return "thinking" in said and ("signature" in said or "cannot be modified" in said)


def _status_failure(error: anthropic.APIStatusError, name: str, provider: Provider) -> ModelError:
    status = error.status_code
    said = _short(error.api_message or "")
    within = status < 400  # the stream had begun, and then told of a failure
    what = str(error.type or "a failure") if within else f"HTTP {status}"
    told = f"{what}: {said}" if said else what
    if status in (408, 409, 429) or status >= 500 or (within and error.type in _BUSY_KINDS):
        wait = _retry_after(error.response.headers)
        return TryFailedError(f"{name} answered {told}", retry_after=wait)
    refused = f"{name} refused the request ({told})."
    key = provider.api_key_env or provider.api_key_file
    match status:
        case 401:
            hint = f"Check the key in {key}." if key else "It wants a key: name it in api_key_env."
            return ModelNotServedError(f"{refused} {hint}")
        case 402 | 403:
            hint = f" of the key in {key}" if key else ""
            return ModelNotServedError(f"{refused} Check what the account{hint} may use.")
        case 404:
            hint = "Check the name of the model, and base_url of the provider."
            return ModelNotServedError(f"{refused} {hint}")
        case _ if status == 413 or "too long" in said:
            return ModelRefusedError(f"{refused} Lower agent.context_tokens.")
        case _:
            return ModelRefusedError(f"{refused} Check the request and [models.parameters].")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait; a time is taken against the provider's own clock."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    try:
        until = parsedate_to_datetime(headers.get("retry-after", ""))
        return max(0.0, (until - parsedate_to_datetime(headers.get("date", ""))).total_seconds())
    except (ValueError, TypeError):
        return None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST_SAID else f"{line[:_MOST_SAID]}…"
