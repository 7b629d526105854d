"""Where does content lie that the log only names: blobs, pinned workflows, the store's own key?

Content is kept under its digest, once, compressed where that saves space, and never changed.
"""

import json
import re
import zlib
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert

from workrail_engine.ids import Digest, WorkflowHash
from workrail_engine.ports import Entropy, NewBlob, TokenKey
from workrail_engine.store import schema
from workrail_engine.store.chain import raw, spelled

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_SECRET_BYTES: Final = 32
_TAG_BYTES: Final = 2
_KEY_NAME: Final = "token_key"

_WHICH = select(schema.blobs.c.digest).where(
    schema.blobs.c.digest.in_(bindparam("digests", expanding=True))
)
_READ = select(schema.blobs).where(schema.blobs.c.digest.in_(bindparam("digests", expanding=True)))
_KEEP = insert(schema.blobs).on_conflict_do_nothing()
_PIN = insert(schema.workflows).on_conflict_do_nothing()
_PINNED = select(schema.workflows.c.packed, schema.workflows.c.document).where(
    schema.workflows.c.workflow_hash == bindparam("hash")
)
_SET_ONCE = insert(schema.settings).on_conflict_do_nothing()
_SETTING = select(schema.settings.c.value).where(schema.settings.c.name == bindparam("name"))


def keep_blobs(connection: Connection, blobs: Sequence[NewBlob]) -> None:
    """Keep the blobs that are not there yet."""
    by_digest = {raw(blob.digest): blob.data for blob in blobs}
    if not by_digest:
        return
    known = set(connection.execute(_WHICH, {"digests": list(by_digest)}).scalars())
    rows = [
        {"digest": digest, "packed": packed, "data": kept}
        for digest, data in by_digest.items()
        if digest not in known
        for packed, kept in [_pack(data)]
    ]
    if rows:
        connection.execute(_KEEP, rows)


def read_blobs(connection: Connection, digests: Sequence[Digest]) -> dict[Digest, bytes]:
    """The content of some blobs; unknown ones are left out."""
    wanted = [raw(digest) for digest in digests if _DIGEST.fullmatch(digest)]
    rows = connection.execute(_READ, {"digests": wanted})
    return {Digest(spelled(row.digest)): unpack(row.packed, row.data) for row in rows}


def pin(connection: Connection, workflow_hash: WorkflowHash, document: bytes) -> None:
    """Keep a pinned workflow; nothing happens when it is there."""
    packed, kept = _pack(document)
    row = {
        "workflow_hash": raw(workflow_hash),
        "name": _name_in(document),
        "packed": packed,
        "document": kept,
    }
    connection.execute(_PIN, row)


def pinned(connection: Connection, workflow_hash: WorkflowHash) -> bytes | None:
    """A pinned workflow's canonical JSON."""
    row = connection.execute(_PINNED, {"hash": raw(workflow_hash)}).one_or_none()
    return None if row is None else unpack(row.packed, row.document)


def token_key(connection: Connection) -> TokenKey | None:
    """The store's key; None before the first use."""
    value = connection.execute(_SETTING, {"name": _KEY_NAME}).scalar_one_or_none()
    return None if value is None else TokenKey(value[:_SECRET_BYTES], value[_SECRET_BYTES:])


def make_token_key(connection: Connection, entropy: Entropy) -> None:
    """Give the store a key, unless another process just did."""
    value = entropy.bytes(_SECRET_BYTES) + entropy.bytes(_TAG_BYTES)
    connection.execute(_SET_ONCE, {"name": _KEY_NAME, "value": value})


def unpack(packed: int, data: bytes) -> bytes:
    """Stored bytes as they were given."""
    return zlib.decompress(data) if packed else data


def _pack(data: bytes) -> tuple[int, bytes]:
    smaller = zlib.compress(data)
    return (1, smaller) if len(smaller) < len(data) else (0, data)


def _name_in(document: bytes) -> str:
    """The name lists show: the pinned document's, for the row of a workflow holds no other field."""
    match json.loads(document):
        case {"workflow": {"name": str() as name}} | {"name": str() as name}:
            return name
        case _:
            return ""
