"""What message does a line from the client hold, and how is a message written as a line?

A line that holds no message becomes the JSON-RPC error that answers it. Half a character (a lone
surrogate) is replaced in either direction: JSON allows it, UTF-8 does not.
"""

import json
from typing import NoReturn, cast

import mcp_types as types
from pydantic import ValidationError

from workrail_engine.canonical import JsonValue

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PARSE_ERROR = -32700
_INVALID_REQUEST = -32600
_NO_JSON = (
    "Parse error: the line cannot be read as JSON, is nested too deep, or holds NaN, Infinity or a "
    "number of thousands of digits. Send one JSON-RPC 2.0 message a line."
)
_NO_MESSAGE = (
    "Invalid Request: not a JSON-RPC 2.0 message. Send one object a line, not a batch, with "
    '"jsonrpc": "2.0".'
)
_NO_ID = "Invalid Request: the id of a request is a string or a whole number."


def read_message(line: bytes) -> types.JSONRPCMessage | bytes:
    """The message a line holds, or the error frame that answers it."""
    text = line.removeprefix(_BYTE_ORDER_MARK).decode("utf-8", "replace")
    # Pydantic reads NaN and Infinity as numbers; the other reader can be told that they are none.
    if "NaN" in text or "Infinity" in text:
        return _read_leniently(text)
    try:
        message = types.jsonrpc_message_adapter.validate_json(text, by_name=False)
    except ValidationError:
        return _read_leniently(text)
    if isinstance(message, types.JSONRPCNotification) and '"id"' in text:
        return _read_leniently(text)  # perhaps a request whose id is none: somebody waits for it
    return message


def write_message(message: types.JSONRPCMessage) -> bytes:
    """A message as one line of JSON, UTF-8, without the line end."""
    try:
        return message.model_dump_json(by_alias=True, exclude_unset=True).encode()
    except ValueError:  # a lone surrogate somewhere inside
        raw = cast(
            "JsonValue", message.model_dump(mode="python", by_alias=True, exclude_unset=True)
        )
        return json.dumps(_mended(raw), ensure_ascii=False, default=str).encode()


def _read_leniently(text: str) -> types.JSONRPCMessage | bytes:
    """Try again with half characters replaced, and find out what is wrong."""
    try:
        mended = _mended(cast("JsonValue", json.loads(text, parse_constant=_refuse)))
    except (ValueError, RecursionError):
        return _error_frame(None, _PARSE_ERROR, _NO_JSON)
    request = mended.get("id") if isinstance(mended, dict) else None
    known = request if isinstance(request, str | int) and not isinstance(request, bool) else None
    try:
        message = types.jsonrpc_message_adapter.validate_python(mended, by_name=False)
    except ValidationError:
        return _error_frame(known, _INVALID_REQUEST, _NO_MESSAGE)
    if isinstance(message, types.JSONRPCNotification) and isinstance(mended, dict):
        return _error_frame(None, _INVALID_REQUEST, _NO_ID) if "id" in mended else message
    return message


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _error_frame(request: str | int | None, code: int, message: str) -> bytes:
    error = {"code": code, "message": message}
    return json.dumps({"jsonrpc": "2.0", "id": request, "error": error}).encode()


def _mended(value: JsonValue) -> JsonValue:
    """A value with every lone surrogate replaced by U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {cast("str", _mended(name)): _mended(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_mended(item) for item in value]
    return value
