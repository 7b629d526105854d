"""Who signs and who compares: the library for DSSE and Ed25519, behind four plain functions.

It takes a tenth of a second to load, so this module is imported by the first signature only.
"""

from dataclasses import dataclass
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import (
    CryptoSigner,  # pyright: ignore[reportPrivateImportUsage] (the package's public name)
    Signature,  # pyright: ignore[reportPrivateImportUsage] (as above)
    SSlibKey,  # pyright: ignore[reportPrivateImportUsage] (as above)
)

from workrail_engine.proofs.public_key import PublicKey

_KEY_TYPE = "ed25519"


@dataclass(frozen=True)
class Signer:
    """A key pair that signs."""

    public: PublicKey
    pair: CryptoSigner


def new_private_key() -> bytes:
    """A new private key, as the text of a PEM file."""
    return CryptoSigner.generate_ed25519().private_bytes


def signer_of(private_key: bytes) -> Signer:
    """What signs with a private key.

    Raises:
        ValueError: the bytes are no unencrypted Ed25519 key in PEM.
    """
    try:
        loaded = load_pem_private_key(private_key, None)
    except TypeError as error:
        message = "it is encrypted"
        raise ValueError(message) from error
    if not isinstance(loaded, Ed25519PrivateKey):
        message = "it is not an Ed25519 key"
        raise ValueError(message)  # noqa: TRY004 (a file's content, not a type of ours)
    public = PublicKey(loaded.public_key().public_bytes_raw().hex())
    return Signer(public, CryptoSigner(loaded, _known(public)))


def enveloped(payload: bytes, payload_type: str, signer: Signer) -> dict[str, Any]:
    """A payload in a signed DSSE envelope."""
    envelope = Envelope(payload, payload_type, {})
    envelope.sign(signer.pair)
    return cast("dict[str, Any]", envelope.to_dict())  # pyright: ignore[reportUnknownMemberType] (the library says no more)


def is_signed(payload: bytes, payload_type: str, signature: bytes, key: PublicKey) -> bool:
    """Whether a key signed just this."""
    signed = Signature(key.key_id, signature.hex())
    try:
        Envelope(payload, payload_type, {key.key_id: signed}).verify([_known(key)], 1)
    except (VerificationError, UnverifiedSignatureError):
        return False
    return True


def _known(public: PublicKey) -> SSlibKey:
    return SSlibKey(public.key_id, _KEY_TYPE, _KEY_TYPE, {"public": public.hex})
