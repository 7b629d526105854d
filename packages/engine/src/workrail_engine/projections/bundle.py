"""What is in a file of proofs that stands for itself?

One session: a first line that says what follows, the workflow it ran, its events as they are stored,
its proofs in their envelopes. Every line is canonical JSON, so a file has one form only.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from workrail_engine.canonical import JsonObject, JsonValue, canonical_bytes
from workrail_engine.errors import InvalidProofError
from workrail_engine.projections.link import Link

FORMAT: Final = "workrail-proofs"
_VERSION: Final = 1
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_HEADER: Final = {"record", "format", "version", "session", "head", "events", "proofs", "keys"}
_EVENT: Final = {"record", "seq", "kind", "node", "at", "prev", "payload"}


@dataclass(frozen=True)
class Bundle:
    """A session's log and the proofs of it."""

    session_id: str
    head: str
    """The hash of the last event, as the store has it."""
    keys: tuple[str, ...]
    """The public keys the proofs are signed with, as texts."""
    workflow: str | None
    """The pinned workflow's canonical JSON."""
    links: tuple[Link, ...]
    envelopes: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """A bundle as far as it can be read, and what is wrong with its lines."""

    bundle: Bundle
    problems: tuple[str, ...]


def lines_of(bundle: Bundle) -> Iterator[str]:
    """A bundle, line by line, without line ends."""
    yield _line(
        {
            "record": "bundle",
            "format": FORMAT,
            "version": _VERSION,
            "session": bundle.session_id,
            "head": bundle.head,
            "events": len(bundle.links),
            "proofs": len(bundle.envelopes),
            "keys": list(bundle.keys),
        }
    )
    if bundle.workflow is not None:
        yield _line({"record": "workflow", "document": bundle.workflow})
    for link in bundle.links:
        yield _line(
            {
                "record": "event",
                "seq": link.seq,
                "kind": link.kind,
                "node": link.node,
                "at": link.at,
                "prev": link.prev_hash.hex(),
                "payload": link.payload,
            }
        )
    for envelope in bundle.envelopes:
        yield _line({"record": "proof", "envelope": envelope})


def read_bundle(data: bytes) -> Reading:
    """A bundle from the bytes of a file.

    Raises:
        InvalidProofError: the file is no bundle, or one of a later version.
    """
    lines = data.split(b"\n")
    header = _header(lines[0])
    problems: list[str] = []
    if lines[-1] != b"":
        problems.append("the file does not end with the end of a line: it was cut or added to")
    found = _Found([], [], [])
    for number, line in enumerate(lines[1:-1] if lines[-1] == b"" else lines[1:], start=2):
        try:
            found.take(_record(line))
        except InvalidProofError as error:
            problems.append(f"line {number}: {error}")
    counts = (("events", header["events"], found.links), ("proofs", header["proofs"], found.proofs))
    for name, said, there in counts:
        if said != len(there):
            problems.append(f"the first line says {said} {name}, and there are {len(there)}")
    if len(found.workflows) > 1:
        problems.append("there is more than one workflow")
    bundle = Bundle(
        session_id=str(header["session"]),
        head=str(header["head"]),
        keys=tuple(str(key) for key in cast("Sequence[JsonValue]", header["keys"])),
        workflow=found.workflows[0] if found.workflows else None,
        links=tuple(found.links),
        envelopes=tuple(found.proofs),
    )
    return Reading(bundle, tuple(problems))


@dataclass
class _Found:
    links: list[Link]
    proofs: list[str]
    workflows: list[str]

    def take(self, record: JsonObject) -> None:
        match record:
            case {"record": "event", "seq": int(), "at": int(), "kind": str(), "payload": str()}:
                self.links.append(_link(record))
            case {"record": "proof", "envelope": str() as envelope, **rest} if not rest:
                self.proofs.append(envelope)
            case {"record": "workflow", "document": str() as document, **rest} if not rest:
                self.workflows.append(document)
            case _:
                message = "it is no record of a bundle"
                raise InvalidProofError(message)


def _link(record: JsonObject) -> Link:
    node, prev = record.get("node"), record.get("prev")
    well_formed = (node is None or isinstance(node, int)) and isinstance(prev, str)
    if set(record) != _EVENT or not well_formed:
        message = "it is no event as it is stored"
        raise InvalidProofError(message)
    if _HASH.fullmatch(str(prev)) is None:  # one spelling only, or a change of case went unseen
        message = "what it says of the event before is no hash"
        raise InvalidProofError(message)
    before = bytes.fromhex(str(prev))
    return Link(
        seq=cast("int", record["seq"]),
        kind=cast("str", record["kind"]),
        node=node if isinstance(node, int) else None,
        at=cast("int", record["at"]),
        prev_hash=before,
        payload=cast("str", record["payload"]),
    )


def _header(line: bytes) -> Mapping[str, JsonValue]:
    try:
        header = _record(line)
    except InvalidProofError as error:
        message = (
            f"This is no file of proofs: its first line is not what one begins with ({error}). "
            "`workrail proof export` writes one."
        )
        raise InvalidProofError(message) from error
    known = set(header) == _HEADER and isinstance(header["keys"], list)
    said = tuple(header.get(name) for name in ("record", "format", "version"))
    if not known or said != ("bundle", FORMAT, _VERSION):
        message = (
            "This is no file of proofs that this version of workrail reads: its first line was "
            "changed, or a later version wrote it."
        )
        raise InvalidProofError(message)
    return header


def _record(line: bytes) -> JsonObject:
    try:
        value: object = json.loads(line)
        same = canonical_bytes(cast("JsonValue", value)) == line
    except (ValueError, RecursionError):
        value, same = None, False
    if not isinstance(value, dict) or not same:
        message = "it was changed after it was written: it is not canonical JSON"
        raise InvalidProofError(message)
    return cast("JsonObject", value)


def _line(record: JsonObject) -> str:
    return canonical_bytes(record).decode("utf-8")
