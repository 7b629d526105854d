"""What does a signed statement claim?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.errors import InvalidProofError
from workrail_engine.projections.statement import PREDICATE_TYPE, STATEMENT_TYPE, Seal
from workrail_engine.proofs.public_key import PublicKey

_FIELDS: Final = {"_type", "subject", "predicateType", "predicate"}


@dataclass(frozen=True)
class Claim:
    """A statement, read."""

    digest: str
    """Of its envelope: the id of the proof."""
    key: PublicKey
    """What signed it."""
    kind: str
    outcome: str
    session_id: str
    workflow_id: str
    workflow_hash: str
    step: str | None
    at: str
    tree: str | None
    base: str | None
    event: int
    before: Seal
    after: Seal
    unproved: int
    order: int
    previous: str | None
    detail: JsonObject

    @property
    def name(self) -> str:
        """What people are told of it by."""
        return f"proof {self.order} ({self.kind}, {short(self.digest)})"


def short(digest: str) -> str:
    """The beginning of a digest, enough to find a proof by."""
    return digest.removeprefix("sha256:")[:12]


def claim_of(statement: JsonObject, digest: str, key: PublicKey) -> Claim:
    """What a statement claims.

    Raises:
        InvalidProofError: it is of another type, or claims nothing this version knows.
    """
    if (
        set(statement) != _FIELDS
        or statement["_type"] != STATEMENT_TYPE
        or statement["predicateType"] != PREDICATE_TYPE
    ):
        message = "it is signed, and is no statement of ours"
        raise InvalidProofError(message)
    try:
        said = _object(statement["predicate"])
        workflow, files, log = (_object(said[name]) for name in ("workflow", "files", "log"))
        return Claim(
            digest=digest,
            key=key,
            kind=_text(said["kind"]),
            outcome=_text(said["outcome"]),
            session_id=_text(said["session"]),
            workflow_id=_text(workflow["id"]),
            workflow_hash=_text(workflow["hash"]),
            step=_maybe(said["step"]),
            at=_text(said["at"]),
            tree=_maybe(files["tree"]),
            base=_maybe(files["base"]),
            event=_number(log["event"]),
            before=_seal(log["before"]),
            after=_seal(log["after"]),
            unproved=_number(log["unproved"]),
            order=_number(said["order"]),
            previous=_maybe(said["previous"]),
            detail=_object(said["detail"]),
        )
    except (KeyError, TypeError) as error:
        message = "it is signed, and says something this version of workrail does not know"
        raise InvalidProofError(message) from error


def _seal(value: JsonValue) -> Seal:
    fields = _object(value)
    return Seal(_number(fields["events"]), _text(fields["head"]))


def _object(value: JsonValue) -> JsonObject:
    if not isinstance(value, Mapping):
        raise TypeError
    return cast("JsonObject", value)


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _maybe(value: JsonValue) -> str | None:
    return None if value is None else _text(value)


def _number(value: JsonValue) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value
