"""What did the unattended runs of a damaged session leave, and how does its copy get it?"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from sqlalchemy import Connection, select

from workrail_engine.agent_events import contents_of
from workrail_engine.canonical import digest_bytes
from workrail_engine.errors import StoreDamagedError
from workrail_engine.ids import SessionId
from workrail_engine.projections.repair import WholeCommand
from workrail_engine.store import schema
from workrail_engine.store.chain import raw, spelled
from workrail_engine.store.codec import kind_of
from workrail_engine.store.contents import PackedBlob, unpack
from workrail_engine.store.journal import Facts, locked, record
from workrail_engine.store.refusals import noticing_damage
from workrail_engine.store.rows import moment

_b = schema.blobs.c


def sound_leavings(
    connection: Connection, commands: Sequence[WholeCommand]
) -> Iterator[tuple[bytes, PackedBlob]]:
    """What the facts behind some commands name, by digest, as far as it is what its digest says."""
    for digest in _named(commands):
        try:
            with noticing_damage():
                statement = select(_b.digest, _b.packed, _b.data).where(_b.digest == digest)
                row = connection.execute(statement).one_or_none()
            if row is None or digest_bytes(unpack(row.packed, row.data)) != spelled(digest):
                continue
        except (zlib.error, StoreDamagedError):
            continue
        yield digest, PackedBlob(row.digest, row.packed, row.data)


def lost_leavings(commands: Sequence[WholeCommand], sound: Mapping[bytes, PackedBlob]) -> list[str]:
    """What is lost of it, a sentence each."""
    return [
        f"what a fact ({kind}) names is lost ({spelled(digest)})"
        for digest, kind in _named(commands).items()
        if digest not in sound
    ]


def leave_again(
    connection: Connection,
    session_id: SessionId,
    command: WholeCommand,
    times: Sequence[int],
    sound: Mapping[bytes, PackedBlob],
) -> None:
    """Write the facts behind a command into a copy's log, at the times they have.

    Args:
        connection: that writes.
        session_id: of the copy, whose log ends with the command.
        command: as the damaged session has it.
        times: when each event of the damaged session was recorded, in microseconds since 1970.
        sound: what the facts name, as far as it is left.
    """
    dated = zip(times[command.last - len(command.facts) :], command.facts, strict=False)
    for at, some in groupby(dated, key=lambda pair: pair[0]):
        facts = Facts(tuple(fact for _, fact in some), sound, lost=True)
        record(connection, locked(connection, session_id), facts, moment(at))


def _named(commands: Sequence[WholeCommand]) -> dict[bytes, str]:
    """Digests, each with the kind of a fact that names it."""
    return {
        raw(content.digest): kind_of(fact)
        for command in commands
        for fact in command.facts
        for content in contents_of(fact)
    }
