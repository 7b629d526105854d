"""Positions as opaque strings: what a token is, and what is wrong with one that is not.

A token is `ct_`, `cp_` or `rs_` and 24 base64url characters: the 12 bytes of an attempt's handle and
the first 6 bytes of HMAC-SHA256(secret, kind byte + handle). The first 2 bytes of a handle are the
store's tag. The check is there for copying mistakes, not for attackers: whoever can read a token may
use it.

Handles are derived, so that an answer given twice names the same token: the attempt after this one,
another attempt at the same node, a checkpoint of a payload.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum

from workrail_engine.errors import InvalidTokenError, TokenFault
from workrail_engine.ids import HANDLE_BYTES, Digest, Handle

TAG_BYTES = 2
_MAC_BYTES = 6
_BODY = 24
_LENGTH = 3 + _BODY
_TOKEN = re.compile(r"(ct|cp|rs)_([A-Za-z0-9_-]{24})")
_START = re.compile(r"(?:ct|cp|rs)_")


class TokenKind(StrEnum):
    """What a token may be used for."""

    CONTINUE = "ct"
    """Completes a step; also brings its position back."""
    CHECKPOINT = "cp"
    """Brings back a checkpoint."""
    RESUME = "rs"
    """Brings back where a session stands."""


_KIND_BYTE = {TokenKind.CONTINUE: b"\x01", TokenKind.CHECKPOINT: b"\x02", TokenKind.RESUME: b"\x03"}


@dataclass(frozen=True)
class Token:
    """A token that was made by this store."""

    kind: TokenKind
    handle: Handle


def mint(kind: TokenKind, handle: Handle, secret: bytes) -> str:
    """The text of a token."""
    body = base64.urlsafe_b64encode(handle + _mac(kind, handle, secret)).decode("ascii")
    return f"{kind.value}_{body}"


def read(text: str, secret: bytes, store_tag: bytes) -> Token:
    """The token a text stands for.

    Raises:
        InvalidTokenError: it is not a token of this store; `fault` and the message say how.
    """
    cleaned = text.strip().strip("\"'`<>")
    match = _TOKEN.fullmatch(cleaned)
    if match is None:
        raise _unreadable(cleaned)
    kind = TokenKind(match[1])
    raw = base64.urlsafe_b64decode(match[2])
    handle, mac = Handle(raw[:HANDLE_BYTES]), raw[HANDLE_BYTES:]
    if hmac.compare_digest(mac, _mac(kind, handle, secret)):
        return Token(kind, handle)
    raise _unauthentic(kind, handle, mac, secret, store_tag)


def first_handle(entropy: bytes, store_tag: bytes) -> Handle:
    """The handle of a session's first attempt, from 10 random bytes."""
    return Handle(store_tag + entropy)


def seed_of_call(call: Digest, secret: bytes) -> bytes:
    """26 bytes that name the session a call begins: the same for the same call, known to nobody else."""
    return hmac.new(secret, b"workrail:start:" + call.encode("ascii"), hashlib.sha256).digest()[:26]


def next_handle(handle: Handle) -> Handle:
    """The handle of the attempt that follows this one."""
    return _derive(b"next", handle)


def spare_handle(handle: Handle) -> Handle:
    """The handle of a further attempt at the same node, for when this one is used."""
    return _derive(b"spare", handle)


def checkpoint_handle(handle: Handle, payload: Digest) -> Handle:
    """The handle of a checkpoint taken with an attempt's token and this payload."""
    return _derive(b"checkpoint:" + payload.encode("ascii"), handle)


def wrong_kind(kind: TokenKind) -> InvalidTokenError:
    """The refusal of a token that brings a position back where one that completes is needed."""
    message = (
        f"This is a {kind.value}_ token: it only brings a position back. Call continue_workflow with "
        "it; the answer holds the ct_ token that completes the step."
    )
    return InvalidTokenError(TokenFault.WRONG_KIND, message)


def unknown() -> InvalidTokenError:
    """The refusal of a genuine token whose session is gone."""
    message = (
        "This token was made by this store, but its session is no longer in it. Call resume_session "
        "to find the session you mean, or start_workflow to begin anew."
    )
    return InvalidTokenError(TokenFault.UNKNOWN, message)


def _derive(purpose: bytes, handle: Handle) -> Handle:
    made = hashlib.sha256(b"workrail:" + purpose + b":" + handle).digest()
    return Handle(handle[:TAG_BYTES] + made[: HANDLE_BYTES - TAG_BYTES])


def _mac(kind: TokenKind, handle: Handle, secret: bytes) -> bytes:
    return hmac.new(secret, _KIND_BYTE[kind] + handle, hashlib.sha256).digest()[:_MAC_BYTES]


def _unreadable(text: str) -> InvalidTokenError:
    if not text:
        message = (
            "No token was given. Copy it from the last answer (ct_ and 24 characters), or call "
            "resume_session to get one."
        )
        return InvalidTokenError(TokenFault.EMPTY, message)
    tokens = _TOKEN.findall(text)
    if len(text) > _LENGTH and _START.match(text):
        count = "several tokens" if len(tokens) > 1 else "a token with other text attached"
        message = (
            f"This is {count} ({len(text)} characters). A token is exactly {_LENGTH} characters long; "
            "send only the one from the last answer."
        )
        return InvalidTokenError(TokenFault.CONCATENATED, message)
    if _START.match(text) and re.fullmatch(r"[A-Za-z0-9_-]+", text):
        message = (
            f"This token is cut short: {len(text)} of {_LENGTH} characters. Copy the whole token from "
            "the last answer, or call resume_session to get a new one."
        )
        return InvalidTokenError(TokenFault.TRUNCATED, message)
    message = (
        "This is not a token. A token is ct_, cp_ or rs_ and 24 letters, digits, - or _. Copy it from "
        "the last answer, or call resume_session to get one."
    )
    return InvalidTokenError(TokenFault.MALFORMED, message)


def _unauthentic(
    kind: TokenKind, handle: Handle, mac: bytes, secret: bytes, store_tag: bytes
) -> InvalidTokenError:
    for other in TokenKind:
        if other is not kind and hmac.compare_digest(mac, _mac(other, handle, secret)):
            message = (
                f"This token was given as {other.value}_ and came back as {kind.value}_. "
                "Send it exactly as it was given."
            )
            return InvalidTokenError(TokenFault.WRONG_KIND, message)
    if handle[:TAG_BYTES] != store_tag:
        message = (
            "This token was not made by this store: it comes from another machine or another "
            "WORKRAIL_HOME, or its first characters were miscopied. Copy it again, or call "
            "resume_session to find the session here."
        )
        return InvalidTokenError(TokenFault.FOREIGN_STORE, message)
    message = (
        "This token was changed: a character was miscopied. Copy it exactly from the last answer, or "
        "call resume_session to get a new one."
    )
    return InvalidTokenError(TokenFault.TAMPERED, message)
