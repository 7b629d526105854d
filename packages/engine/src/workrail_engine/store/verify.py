"""Is what is stored of a session whole, and does it agree with itself?

Four questions: does every event vouch for the one before it up to the sealed head; does folding the
log give the nodes and the state in the rows; was every attempt used for what the log says; is all
content there that the log names, and is it what its digest says? Nothing stored is trusted on the
way, and nothing is repaired.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from workrail_engine.canonical import digest_bytes
from workrail_engine.errors import CorruptSessionError, StoreDamagedError
from workrail_engine.ids import Digest, SessionId
from workrail_engine.ports import SessionHead
from workrail_engine.projections.verification import Verification
from workrail_engine.session.events import (
    ApprovalAsked,
    AttemptBlocked,
    Event,
    StepCompleted,
    artifacts_of,
)
from workrail_engine.session.state import Node, SessionState, fold
from workrail_engine.store import schema
from workrail_engine.store.chain import NO_HASH, Link, raw, spelled
from workrail_engine.store.codec import decode, node_of
from workrail_engine.store.contents import pinned, unpack
from workrail_engine.store.positions import head
from workrail_engine.store.record import DamagedRecordError
from workrail_engine.store.refusals import noticing_damage
from workrail_engine.store.rows import HEAD_COLUMNS, NODE_COLUMNS
from workrail_engine.store.rows import node_of as stored_node
from workrail_engine.store.stored_bytes import stored_bytes
from workrail_engine.store.verify_journal import journal_problems, names_of

_s, _e, _n, _a, _b = (
    schema.sessions,
    schema.events,
    schema.nodes,
    schema.attempts,
    schema.blobs,
)
_BLOBS_AT_ONCE = 50
"""What runs leave is long."""


@dataclass(frozen=True)
class _Log:
    events: tuple[Event, ...]
    """Those that could be read."""
    rows: int
    head: bytes
    """The hash of the last one, computed."""
    problems: tuple[str, ...]


def verify(connection: Connection, session_id: SessionId) -> Verification:
    """Check one session.

    Raises:
        SessionNotFoundError: no such session.
    """
    where = head(connection, session_id)
    try:
        with noticing_damage():
            return _verified(connection, where)
    except StoreDamagedError as damage:
        problem = f"the file is damaged where this session lies: {damage}"
        return Verification(session_id, where.event_count, where.head_hash, (problem,))


def logged(connection: Connection, number: int, only: int | None = None) -> Iterator[Link]:
    """The rows of a log, in order, whatever they hold; or only the one at a place."""
    payload = stored_bytes(_e.c.payload).label("payload")
    columns = (_e.c.seq, _e.c.kind, _e.c.node, _e.c.at, _e.c.prev_hash, payload)
    statement = select(*columns).where(_e.c.session == number).order_by(_e.c.seq)
    if only is not None:
        statement = statement.where(_e.c.seq == only)
    for row in connection.execute(statement):
        text = bytes(row.payload).decode("utf-8", errors="surrogateescape")
        yield Link(row.seq, row.kind, row.node, row.at, row.prev_hash, text)


def logged_of(connection: Connection, session_id: SessionId) -> Iterator[Link]:
    """The rows of a session's log, in order, whatever they hold."""
    number = connection.execute(select(_s.c.number).where(_s.c.session_id == session_id))
    return logged(connection, number.scalar_one())


def decoded(link: Link) -> Event:
    """The event a row holds.

    Raises:
        DamagedRecordError: it holds none, or one of another node.
    """
    event = decode(link.kind, link.payload)
    if node_of(event) != link.node:
        message = f"its row says node {link.node} and its content says node {node_of(event)}"
        raise DamagedRecordError(message)
    return event


def _verified(connection: Connection, where: SessionHead) -> Verification:
    session_id = where.session_id
    number = connection.execute(
        select(HEAD_COLUMNS[0]).where(_s.c.session_id == session_id)
    ).scalar_one()
    log = _read(connection, number)
    problems = [*log.problems, *_sealed(log, where)]
    if not problems:
        state = fold(log.events)
        nodes = _nodes(connection, session_id, number)
        problems = [
            *_row_problems(state, where),
            *_node_problems(state, nodes),
            *_attempt_problems(connection, log.events),
            *_open_problems(connection, number, where),
            *_content_problems(connection, log.events, state),
            *journal_problems(connection, number, log.events),
            *_pin_problems(connection, where),
        ]
    return Verification(
        session_id=session_id,
        events=log.rows,
        head_hash=where.head_hash,
        problems=tuple(problems),
    )


def _read(connection: Connection, number: int) -> _Log:
    events: list[Event] = []
    problems: list[str] = []
    before, expected, rows = NO_HASH, 1, 0
    for link in logged(connection, number):
        rows += 1
        if link.seq != expected:
            problems.append(f"event {expected} is missing: event {link.seq} comes next")
        elif link.prev_hash != before:
            problems.append(_broken(link.seq))
        try:
            events.append(decoded(link))
        except DamagedRecordError as error:
            problems.append(f"event {link.seq} ({link.kind}) cannot be read: {error}")
        before, expected = link.hash(), link.seq + 1
    return _Log(tuple(events), rows, before, tuple(problems))


def _broken(seq: int) -> str:
    if seq == 1:
        return "event 1 does not begin a log: its link to an earlier event is not empty"
    return f"event {seq - 1} was changed: event {seq} recorded another hash of it"


def _sealed(log: _Log, where: SessionHead) -> Iterator[str]:
    if log.rows != where.event_count:
        yield f"there are {log.rows} events, and the session's row says {where.event_count}"
    elif spelled(log.head) != where.head_hash:
        yield f"event {log.rows} was changed: the session's row recorded another hash of it"


def _row_problems(state: SessionState, where: SessionHead) -> Iterator[str]:
    started = state.started
    if started is None:
        yield "event 1 is not the start of a session"
        return
    pairs = (
        ("id", started.session_id, where.session_id),
        ("workflow", started.workflow_id, where.workflow_id),
        ("workflow hash", started.workflow_hash, where.workflow_hash),
        ("goal", started.goal, where.goal),
        ("parent", started.parent_session_id, where.parent_session_id),
        ("workspace", started.workspace.path, where.workspace_path),
        ("status", state.status, where.status),
        ("tip", state.tip, where.tip),
        ("last node", state.last_node, where.last_node),
    )
    for name, logged, stored in pairs:
        if logged != stored:
            yield f"the session's row says {name} {stored!r}, and the log says {logged!r}"


def _nodes(connection: Connection, session_id: SessionId, number: int) -> dict[int, Node | str]:
    """Each node, or what is wrong with its row."""
    statement = select(*NODE_COLUMNS).where(_n.c.session == number).order_by(_n.c.node)
    nodes: dict[int, Node | str] = {}
    for row in connection.execute(statement):
        try:
            nodes[row.node] = stored_node(row, session_id)
        except CorruptSessionError as error:
            nodes[row.node] = str(error.__cause__)
    return nodes


def _node_problems(state: SessionState, stored: dict[int, Node | str]) -> Iterator[str]:
    for node_id, node in state.nodes.items():
        found = stored.get(node_id)
        if found is None:
            yield f"node {node_id} is in the log and has no row"
        elif isinstance(found, str):
            yield f"the row of node {node_id} cannot be read: {found}"
        elif found != node:
            yield f"the row of node {node_id} differs from the log in {_difference(found, node)}"
    for node_id in stored.keys() - state.nodes.keys():
        yield f"node {node_id} has a row and is not in the log"


def _difference(stored: Node, logged: Node) -> str:
    fields = vars(logged)
    return ", ".join(name for name, value in vars(stored).items() if value != fields[name])


def _attempt_problems(connection: Connection, events: Sequence[Event]) -> Iterator[str]:
    uses = [
        (seq, event)
        for seq, event in enumerate(events, start=1)
        if isinstance(event, StepCompleted | AttemptBlocked | ApprovalAsked)
    ]
    for seq, event in uses:
        used = connection.execute(
            select(_a.c.payload_digest).where(_a.c.handle == bytes.fromhex(event.attempt))
        ).scalar_one_or_none()
        if used != raw(event.payload_digest):
            yield f"event {seq} used an attempt whose row does not say so"


def _open_problems(connection: Connection, number: int, where: SessionHead) -> Iterator[str]:
    """Where a session stands there must be an attempt to go on with."""
    here = (_a.c.session == number, _a.c.node == where.tip, _a.c.outcome_node.is_(None))
    ended = where.status == "completed"
    if not ended and connection.execute(select(_a.c.number).where(*here).limit(1)).first() is None:
        yield f"node {where.tip} has no unused attempt to go on with"


def _content_problems(
    connection: Connection, events: Sequence[Event], state: SessionState
) -> Iterator[str]:
    wanted = {node.context_ref: f"the context of node {n}" for n, node in state.nodes.items()}
    for seq, event in enumerate(events, start=1):
        wanted |= {ref.digest: f"artifact {ref.kind} of event {seq}" for ref in artifacts_of(event)}
        wanted |= dict.fromkeys(names_of(event), f"what event {seq} names")
    digests = list(wanted)
    for start in range(0, len(digests), _BLOBS_AT_ONCE):
        some = digests[start : start + _BLOBS_AT_ONCE]
        found = _contents(connection, some)
        for digest in some:
            if digest not in found:
                yield f"{wanted[digest]} is missing ({digest})"
            elif found[digest] != digest:
                yield f"{wanted[digest]} is not what its digest says ({digest})"


def _contents(connection: Connection, digests: Sequence[Digest]) -> dict[Digest, str]:
    """The digest that each stored content really has."""
    statement = select(_b).where(_b.c.digest.in_([raw(digest) for digest in digests]))
    return {
        Digest(spelled(row.digest)): _real_digest(row.packed, row.data)
        for row in connection.execute(statement)
    }


def _real_digest(packed: int, data: bytes) -> str:
    try:
        return digest_bytes(unpack(packed, data))
    except zlib.error:
        return "unreadable"


def _pin_problems(connection: Connection, where: SessionHead) -> Iterator[str]:
    try:
        document = pinned(connection, where.workflow_hash)
    except zlib.error:
        document = b""
    if document is None:
        yield f"the pinned workflow is missing ({where.workflow_hash})"
    elif digest_bytes(document) != where.workflow_hash:
        yield f"the pinned workflow is not what its hash says ({where.workflow_hash})"
