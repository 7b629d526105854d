"""What of a damaged session can be proven, and how does it become a session of its own?

An event is proven when the one after it, or the session's row after the last, holds its hash. The
longest proven beginning of the log is kept; rows and contexts are worked out again from it. The
damaged session is read and never written.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from workrail_engine.canonical import digest_bytes
from workrail_engine.errors import CorruptSessionError, StoreDamagedError
from workrail_engine.ids import Digest, Handle, NodeId, SessionId, WorkflowHash
from workrail_engine.ports import AttemptUse, SessionHead
from workrail_engine.projections.repair import WholeCommand, copied, whole_commands
from workrail_engine.session import tokens
from workrail_engine.session.decide import Decision
from workrail_engine.session.events import (
    ApprovalAsked,
    ArtifactRef,
    AttemptBlocked,
    CheckpointTaken,
    Event,
    SessionStarted,
    StepCompleted,
    artifacts_of,
)
from workrail_engine.store import commits, contents, schema
from workrail_engine.store.chain import NO_HASH, Link, raw, spelled
from workrail_engine.store.change import Write, change_of
from workrail_engine.store.leavings import leave_again, lost_leavings, sound_leavings
from workrail_engine.store.positions import head
from workrail_engine.store.record import DamagedRecordError
from workrail_engine.store.refusals import noticing_damage
from workrail_engine.store.rows import moment
from workrail_engine.store.verify import decoded, logged

_s, _e, _n = schema.sessions, schema.events, schema.nodes
_UNREADABLE = "(this part of the file is damaged)"


@dataclass(frozen=True)
class Salvage:
    """What is left of a session, ready to be written somewhere."""

    session_id: SessionId
    commands: tuple[WholeCommand, ...]
    times: tuple[int, ...]
    """When each event was recorded, in microseconds since 1970."""
    titles: Mapping[NodeId, str]
    artifacts: Mapping[Digest, bytes]
    """Content that is what its digest says."""
    workflow_hash: WorkflowHash
    document: bytes | None
    """The pinned workflow; None when it is lost."""
    found: int
    dropped: tuple[str, ...]
    left: Mapping[bytes, contents.PackedBlob]
    """What unattended runs left, as far as it is what its digest says."""

    @property
    def begun(self) -> SessionStarted:
        """How the session began."""
        first = self.commands[0].events[0]
        if not isinstance(first, SessionStarted):
            raise TypeError(first)
        return first

    @property
    def kept(self) -> int:
        """How many events are kept."""
        return sum(len(command.events) + len(command.facts) for command in self.commands)


def salvage(connection: Connection, session_id: SessionId, *, runs: bool = True) -> Salvage:
    """Everything of a session that can be proven.

    Args:
        connection: to its store.
        session_id: of the session.
        runs: whether what unattended runs left is wanted too.

    Raises:
        SessionNotFoundError: no such session.
        CorruptSessionError: not even its start can be proven.
    """
    where = head(connection, session_id)
    number = connection.execute(
        select(_s.c.number).where(_s.c.session_id == session_id)
    ).scalar_one()
    links = _links(connection, number, where.event_count)
    events, broken = _proven(links, where)
    commands = tuple(whole_commands(events))
    kept = commands[-1].last if commands else 0
    if not commands or not isinstance(events[0], SessionStarted):
        reason = broken or "event 1 is not the start of a session"
        message = (
            f"Nothing of session {session_id} can be proven: {reason}. It was left as it is. Restore "
            "the store from a backup to have it back."
        )
        raise CorruptSessionError(message)
    names = {ref.digest: ref for ref in _artifacts(commands)}
    artifacts = dict(_sound_contents(connection, list(names)))
    lost = [
        f"the content of artifact {ref.kind} ({digest}) is lost"
        for digest, ref in names.items()
        if digest not in artifacts
    ]
    if not runs:
        commands = tuple(replace(command, facts=()) for command in commands)
    left = dict(sound_leavings(connection, commands))
    lost += lost_leavings(commands, left)
    workflow_hash = events[0].workflow_hash
    document = _pinned(connection, workflow_hash)
    if document is None:
        lost.append(f"the pinned workflow ({workflow_hash}) is lost: the copy cannot be continued")
    return Salvage(
        session_id=session_id,
        commands=commands,
        times=tuple(link.at for link in links),
        titles=_titles(connection, number),
        artifacts=artifacts,
        workflow_hash=workflow_hash,
        document=document,
        found=len(links),
        dropped=(*_left_out(kept, len(links), broken), *lost),
        left=left,
    )


def keep(connection: Connection, found: Salvage, begun: SessionStarted, first: Handle) -> None:
    """Write what was salvaged as a session of its own, within a transaction that has begun."""
    if found.document is not None:
        contents.pin(connection, found.workflow_hash, found.document)
    contexts = [command.reached.context_ref for command in found.commands]
    leavings = [Digest(spelled(digest)) for digest in found.left]
    contents.drop_damaged(connection, [*contexts, *found.artifacts, *leavings])
    handles: dict[NodeId, Handle] = {}
    written = 0
    for command in found.commands:
        write = replace(_write(found, command, begun, handles, first), expected_events=written)
        commits.write(connection, change_of(write))
        leave_again(connection, begun.session_id, command, found.times, found.left)
        handles |= {node: handle for handle, node in write.handles}
        written += len(command.events) + len(command.facts)


def _write(
    found: Salvage,
    command: WholeCommand,
    begun: SessionStarted,
    handles: Mapping[NodeId, Handle],
    first: Handle,
) -> Write:
    """One command as the copy has it, with attempts derived as the engine derives them."""
    reached, parent = command.reached, command.reached.parent
    mover = next(
        (
            e
            for e in command.events
            if isinstance(e, StepCompleted | AttemptBlocked | ApprovalAsked)
        ),
        None,
    )
    used: Handle | None = None
    new: tuple[tuple[Handle, NodeId], ...]
    if parent is None:
        new = ((first, reached.node_id),)
    elif mover is None:
        taken = next(e for e in command.events if isinstance(e, CheckpointTaken))
        handle = tokens.checkpoint_handle(handles[parent], taken.payload_digest)
        new = ((handle, reached.node_id),)
    else:
        used = handles[parent]
        new = (
            (tokens.next_handle(used), reached.node_id),
            (tokens.spare_handle(used), parent),
        )
    attempt = used.hex() if used is not None else ""
    events = tuple(copied(event, begun, attempt) for event in command.events)
    sent = tuple(
        (ref, found.artifacts[ref.digest])
        for ref in _artifacts([command])
        if ref.digest in found.artifacts
    )
    return Write(
        session_id=begun.session_id,
        expected_events=command.first - 1,
        at=moment(found.times[command.first - 1]),
        decision=Decision(events, command.context, sent),
        after=command.after,
        reached=reached,
        handles=new,
        node_title=found.titles.get(reached.node_id),
        step_title=found.titles.get(command.after.tip or reached.node_id),
        used=used,
        payload=None if mover is None else AttemptUse(mover.payload_digest, reached.node_id),
    )


def _links(connection: Connection, number: int, count: int) -> list[Link]:
    """The rows of a log as far as the file gives them."""
    try:
        with noticing_damage():
            return list(logged(connection, number))
    except StoreDamagedError:
        rows = (_row(connection, number, seq) for seq in range(1, count + 1))
        return [link for link in rows if link is not None]


def _row(connection: Connection, number: int, seq: int) -> Link | None:
    """One row of a damaged file: whole, else without its payload, else nothing."""
    try:
        with noticing_damage():
            return next(logged(connection, number, seq), None)
    except StoreDamagedError:
        pass
    columns = (_e.c.seq, _e.c.kind, _e.c.node, _e.c.at, _e.c.prev_hash)
    try:
        with noticing_damage():
            found = connection.execute(
                select(*columns).where(_e.c.session == number, _e.c.seq == seq)
            ).one_or_none()
    except StoreDamagedError:
        return None
    if found is None:
        return None
    return Link(found.seq, found.kind, found.node, found.at, found.prev_hash, _UNREADABLE)


def _proven(links: Sequence[Link], where: SessionHead) -> tuple[list[Event], str | None]:
    """The longest beginning whose hashes hold, and what is wrong with the event after it."""
    events: list[Event] = []
    before = NO_HASH
    vouched = [*(link.prev_hash for link in links[1:]), raw(where.head_hash)]
    for place, link in enumerate(links, start=1):
        if link.seq != place:
            return events, f"event {place} is missing"
        if link.prev_hash != before:
            return events, f"event {place} does not follow the one before it"
        try:
            event = decoded(link)
        except DamagedRecordError as error:
            return events, f"event {place} ({link.kind}) cannot be read: {error}"
        before = link.hash()
        if vouched[place - 1] != before:
            return events, f"event {place} was changed, or what vouches for it is missing"
        events.append(event)
    if len(links) < where.event_count:
        return events, f"event {len(links) + 1} is missing"
    return events, None


def _left_out(kept: int, found: int, reason: str | None) -> Iterator[str]:
    if reason is not None:
        yield reason
    if kept < found:
        which = f"event {found}" if kept + 1 == found else f"events {kept + 1} to {found}"
        yield f"{which} left out: not proven, or part of a step that is not whole"


def _artifacts(commands: Sequence[WholeCommand]) -> Iterator[ArtifactRef]:
    for event in (event for command in commands for event in command.events):
        yield from artifacts_of(event)


def _sound_contents(
    connection: Connection, digests: Sequence[Digest]
) -> Iterator[tuple[Digest, bytes]]:
    for digest in digests:
        try:
            with noticing_damage():
                content = contents.read_blobs(connection, [digest]).get(digest)
        except (zlib.error, StoreDamagedError):
            continue
        if content is not None and digest_bytes(content) == digest:
            yield digest, content


def _pinned(connection: Connection, workflow_hash: WorkflowHash) -> bytes | None:
    try:
        with noticing_damage():
            document = contents.pinned(connection, workflow_hash)
    except (zlib.error, StoreDamagedError):
        return None
    return document if document and digest_bytes(document) == workflow_hash else None


def _titles(connection: Connection, number: int) -> dict[NodeId, str]:
    """Titles for lists; they are in no event, so they are taken as they are."""
    statement = select(_n.c.node, _n.c.title).where(_n.c.session == number)
    try:
        with noticing_damage():
            rows = connection.execute(statement).all()
    except StoreDamagedError:
        return {}
    return {NodeId(row.node): row.title for row in rows if row.title is not None}
