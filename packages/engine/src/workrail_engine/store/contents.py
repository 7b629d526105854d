"""Where does content lie that the log only names: blobs, pinned workflows, the store's own key?

Content is kept under its digest, once, compressed where that saves space, and never changed.
"""

import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Table, TextClause, bindparam, delete, select, text

from workrail_engine.canonical import digest_bytes
from workrail_engine.errors import StoreUnavailableError
from workrail_engine.ids import Digest, WorkflowHash
from workrail_engine.ports import Entropy, NewBlob, TokenKey
from workrail_engine.store import schema
from workrail_engine.store.chain import raw, spelled

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_SECRET_BYTES: Final = 32
_TAG_BYTES: Final = 2
_KEY_NAME: Final = "token_key"
_FAST: Final = 1


def unless_there(table: Table) -> TextClause:
    """An insert that leaves a row with the same key as it is; both databases read this alike."""
    names = [column.name for column in table.columns]
    values = ", ".join(f":{name}" for name in names)
    return text(
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({values}) ON CONFLICT DO NOTHING"  # noqa: S608 (names of ours)
    )


_WHICH = (
    select(schema.blobs.c.digest)
    .where(schema.blobs.c.digest.in_(bindparam("digests", expanding=True)))
    .with_for_update(read=True, key_share=True)
)
"""Where rows can be locked, what is relied on stays until the change that names it is kept."""
_READ = select(schema.blobs).where(schema.blobs.c.digest.in_(bindparam("digests", expanding=True)))
_DROP = delete(schema.blobs).where(schema.blobs.c.digest == bindparam("digest"))
_KEEP = unless_there(schema.blobs)
_PIN = unless_there(schema.workflows)
_PINNED = select(schema.workflows.c.packed, schema.workflows.c.document).where(
    schema.workflows.c.workflow_hash == bindparam("hash")
)
_IS_PINNED = (
    select(schema.workflows.c.packed)
    .where(schema.workflows.c.workflow_hash == bindparam("hash"))
    .with_for_update(read=True, key_share=True)
)
_SET_ONCE = unless_there(schema.settings)
_UNSET = delete(schema.settings).where(schema.settings.c.name == bindparam("name"))
_ANY_SESSION = select(schema.sessions.c.number).limit(1)
_LOST_KEY: Final = (
    "The session store has lost the key its tokens are made with. No session is lost, and nothing was "
    "recorded. Restore the store from a backup; or give it a new key with `workrail session repair "
    "--new-key`: tokens made before are refused then, and resume_session gives new ones."
)
_SETTING = select(schema.settings.c.value).where(schema.settings.c.name == bindparam("name"))


@dataclass(frozen=True)
class PackedBlob:
    """A blob as it will be stored."""

    digest: bytes
    packed: int
    data: bytes


def packed_blob(data: bytes) -> PackedBlob:
    """Bytes made ready to be kept while no transaction waits for it.

    Packed fast: what runs leave is long, is written once, and is seldom read.
    """
    packed, kept = _pack(data, _FAST)
    return PackedBlob(raw(digest_bytes(data)), packed, kept)


def keep_packed(connection: Connection, blobs: Sequence[PackedBlob]) -> None:
    """Keep the blobs that are not there yet."""
    by_digest = {blob.digest: blob for blob in blobs}
    known = there(connection, list(by_digest))
    rows = [vars(blob) for digest, blob in sorted(by_digest.items()) if digest not in known]
    if rows:
        connection.execute(_KEEP, rows)


def there(connection: Connection, digests: Sequence[bytes]) -> set[bytes]:
    """Those of some digests that are kept; they then stay so until the transaction ends."""
    return set(connection.execute(_WHICH, {"digests": [*digests]}).scalars())


def keep_blobs(connection: Connection, blobs: Sequence[NewBlob]) -> None:
    """Keep the blobs that are not there yet."""
    by_digest = {raw(blob.digest): blob.data for blob in blobs}
    if not by_digest:
        return
    known = there(connection, list(by_digest))
    rows = [
        {"digest": digest, "packed": packed, "data": kept}
        for digest, data in sorted(by_digest.items())  # one order for all, or two could deadlock
        if digest not in known
        for packed, kept in [_pack(data)]
    ]
    if rows:
        connection.execute(_KEEP, rows)


def drop_damaged(connection: Connection, digests: Sequence[Digest]) -> None:
    """Make room for content that is not what its digest says, so that it can be kept anew."""
    for digest in digests:
        try:
            content = read_blobs(connection, [digest]).get(digest)
        except zlib.error:
            content = None
        if content is None or digest_bytes(content) != digest:
            connection.execute(_DROP, {"digest": raw(digest)})


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


def is_pinned(connection: Connection, workflow_hash: WorkflowHash) -> bool:
    """Whether a workflow is pinned; it then stays so until the transaction ends."""
    return connection.execute(_IS_PINNED, {"hash": raw(workflow_hash)}).first() is not None


def token_key(connection: Connection) -> TokenKey | None:
    """The store's key; None before the first use.

    Raises:
        StoreUnavailableError: there are sessions, and the key of their tokens is gone or damaged.
    """
    value = connection.execute(_SETTING, {"name": _KEY_NAME}).scalar_one_or_none()
    if value is None and connection.execute(_ANY_SESSION).first() is None:
        return None
    if value is None or len(value) != _SECRET_BYTES + _TAG_BYTES:
        raise StoreUnavailableError(_LOST_KEY)
    return TokenKey(value[:_SECRET_BYTES], value[_SECRET_BYTES:])


def make_token_key(connection: Connection, entropy: Entropy) -> None:
    """Give the store a key, unless another process just did."""
    value = entropy.bytes(_SECRET_BYTES) + entropy.bytes(_TAG_BYTES)
    connection.execute(_SET_ONCE, {"name": _KEY_NAME, "value": value})


def replace_token_key(connection: Connection, entropy: Entropy) -> None:
    """Give the store another key; tokens made with the old one are refused from then on."""
    connection.execute(_UNSET, {"name": _KEY_NAME})
    make_token_key(connection, entropy)


def unpack(packed: int, data: bytes) -> bytes:
    """Stored bytes as they were given."""
    return zlib.decompress(data) if packed else data


def _pack(data: bytes, level: int = zlib.Z_DEFAULT_COMPRESSION) -> tuple[int, bytes]:
    smaller = zlib.compress(data, level)
    return (1, smaller) if len(smaller) < len(data) else (0, data)


def _name_in(document: bytes) -> str:
    """The name lists show: the pinned document's, for the row of a workflow holds no other field."""
    match json.loads(document):
        case {"workflow": {"name": str() as name}} | {"name": str() as name}:
            return name
        case _:
            return ""
