"""What are the secrets that the settings name?

A secret is read when it is needed and held by whoever sends it; it is never part of the settings,
of a message or of a log.
"""

from collections.abc import Mapping
from contextlib import suppress

from workrail_daemon.config.model_settings import Provider
from workrail_daemon.errors import ModelRefusedError


def key_of(provider: Provider, environ: Mapping[str, str]) -> str | None:
    """The key of a provider; None where it needs none.

    Raises:
        ModelRefusedError: the key is named, and not there.
    """
    if provider.api_key_env is not None:
        value = environ.get(provider.api_key_env, "").strip()
        if not value:
            message = (
                f"The variable {provider.api_key_env} is not set, and the key is to be in it. "
                "Set it where the daemon is started, or name a file in api_key_file."
            )
            raise ModelRefusedError(message)
        return value
    if provider.api_key_file is not None:
        return _in_file(provider)
    return None


def headers_of(provider: Provider, environ: Mapping[str, str]) -> dict[str, str]:
    """The further headers of a provider, with the values that lie in variables.

    Raises:
        ModelRefusedError: a variable that is named is not set.
    """
    headers = dict(provider.headers)
    for name, variable in provider.headers_env.items():
        value = environ.get(variable, "").strip()
        if not value:
            message = (
                f"The variable {variable} is not set, and the header {name} is to be in it. "
                "Set it where the daemon is started."
            )
            raise ModelRefusedError(message)
        headers[name] = value
    return headers


def secrets_of(provider: Provider, environ: Mapping[str, str]) -> list[str]:
    """Every secret of a provider that is there, to be kept out of messages."""
    named = [environ.get(variable, "").strip() for variable in provider.headers_env.values()]
    with suppress(ModelRefusedError):
        named.append(key_of(provider, environ) or "")
    return [secret for secret in named if secret]


def key_shown(provider: Provider, environ: Mapping[str, str]) -> str:
    """Where the key of a provider is, and whether it is there, in words without the key."""
    if provider.api_key_env is None and provider.api_key_file is None:
        match provider.kind:
            case "anthropic" | "scripted":
                return "not needed"
            case "bedrock":
                return "by AWS"
            case "vertex":
                return "by Google Cloud"
    named = provider.api_key_env or str(provider.api_key_file)
    try:
        key_of(provider, environ)
    except ModelRefusedError:
        return f"missing: {named}"
    return f"in {named}"


def _in_file(provider: Provider) -> str:
    path = provider.api_key_file
    try:
        value = "" if path is None else path.expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not text"
        message = f"The file {path} is to hold the key, and cannot be read: {said}."
        raise ModelRefusedError(message) from error
    if not value:
        message = f"The file {path} is to hold the key, and is empty."
        raise ModelRefusedError(message)
    return value
