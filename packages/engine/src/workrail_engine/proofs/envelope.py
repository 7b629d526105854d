"""How is a statement signed, and how is it known that nothing of it was changed?

An envelope is DSSE: payload, type and one Ed25519 signature. It is written in one form only, so a
change of any of its bytes is a change of what it says, and shows.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from workrail_engine.canonical import JsonObject, JsonValue, canonical_bytes, digest_bytes
from workrail_engine.errors import InvalidProofError
from workrail_engine.projections.statement import PAYLOAD_TYPE
from workrail_engine.proofs.public_key import PublicKey

if TYPE_CHECKING:
    from workrail_engine.proofs.signing import Signer

_FIELDS: Final = {"payload", "payloadType", "signatures"}
_SIGNATURE_FIELDS: Final = {"keyid", "sig"}


@dataclass(frozen=True)
class Opened:
    """What an envelope holds, its signature being good."""

    statement: JsonObject
    key: PublicKey


def sign(statement: JsonObject, signer: "Signer") -> str:
    """A statement in its envelope, as canonical JSON."""
    from workrail_engine.proofs.signing import enveloped  # noqa: PLC0415 (heavy, and few need it)

    return canonical_bytes(enveloped(canonical_bytes(statement), PAYLOAD_TYPE, signer)).decode()


def digest_of(envelope: str) -> str:
    """What an envelope is known by."""
    return digest_bytes(envelope.encode("utf-8", "surrogateescape"))


def opened(envelope: str, keys: Mapping[str, PublicKey]) -> Opened:
    """What an envelope holds, if one of some keys signed just this.

    Args:
        envelope: its text.
        keys: by their id.

    Raises:
        InvalidProofError: as said; the message is a clause that tells why.
    """
    payload, key_id, signature = _parts(envelope)
    key = keys.get(key_id)
    if key is None:
        message = f"it is signed by another key ({key_id[:16]})"
        raise InvalidProofError(message)
    _verified(payload, signature, key)
    statement = _parsed(payload.decode("utf-8"), "its payload")
    return Opened(statement, key)


def key_id_of(envelope: str) -> str:
    """The key an envelope says it is signed by.

    Raises:
        InvalidProofError: it is no envelope.
    """
    return _parts(envelope)[1]


def unverified(envelope: str) -> JsonObject:
    """What an envelope holds, whoever signed it: to be shown, never to be relied on.

    Raises:
        InvalidProofError: it is no envelope.
    """
    return _parsed(_parts(envelope)[0].decode("utf-8", "replace"), "its payload")


def _verified(payload: bytes, signature: bytes, key: PublicKey) -> None:
    from workrail_engine.proofs.signing import is_signed  # noqa: PLC0415 (heavy, and few need it)

    if not is_signed(payload, PAYLOAD_TYPE, signature, key):
        message = "its signature does not fit: it was changed after it was signed"
        raise InvalidProofError(message)


def _parts(envelope: str) -> tuple[bytes, str, bytes]:
    """The payload, the id of the key and the signature, each in its one form."""
    fields = _parsed(envelope, "it")
    signatures = fields.get("signatures")
    if (
        set(fields) != _FIELDS
        or fields["payloadType"] != PAYLOAD_TYPE
        or not isinstance(signatures, list)
        or len(signatures) != 1
    ):
        message = "it is no envelope with one signature"
        raise InvalidProofError(message)
    signature = signatures[0]
    if not isinstance(signature, dict) or set(cast("JsonObject", signature)) != _SIGNATURE_FIELDS:
        message = "it is no envelope with one signature"
        raise InvalidProofError(message)
    named = cast("JsonObject", signature)
    payload, signed = _bytes(fields["payload"]), _bytes(named["sig"])
    return payload, str(named["keyid"]), signed


def _bytes(value: JsonValue) -> bytes:
    try:
        content = base64.b64decode(str(value), validate=True)
    except (binascii.Error, ValueError):
        content = None
    if content is None or base64.b64encode(content).decode("ascii") != value:
        message = "its payload or signature is not base64 as it was written"
        raise InvalidProofError(message)
    return content


def _parsed(text: str, what: str) -> JsonObject:
    """An object from its canonical text."""
    try:
        value: object = json.loads(text)
        same = canonical_bytes(cast("JsonValue", value)) == text.encode("utf-8")
    except (ValueError, RecursionError):
        value, same = None, False
    if not isinstance(value, dict) or not same:
        message = f"{what} is not canonical JSON: it was changed after it was written"
        raise InvalidProofError(message)
    return cast("JsonObject", value)
