"""Where do proofs lie, and how are they found again?

They are written with the change they speak of. A list walks an index newest first and stops when it
has enough; `proof_paths` says which proofs speak of a path.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from sqlalchemy import (
    Connection,
    Select,
    bindparam,
    delete,
    insert,
    select,
)

from workrail_engine.errors import InvalidInputError, ProofNotFoundError
from workrail_engine.ids import Digest, SessionId
from workrail_engine.ports import Change
from workrail_engine.projections.proofs import (
    ProofAsk,
    ProofLine,
    ProofTrail,
    StoredProof,
)
from workrail_engine.session.provable import provable
from workrail_engine.store import schema
from workrail_engine.store.chain import raw, spelled
from workrail_engine.store.proof_paths import conditions, numbers_of, paths_named
from workrail_engine.store.rows import AnyRow, microseconds, rfc3339
from workrail_engine.store.stored_bytes import stored_bytes

_s, _p, _m, _u = schema.sessions, schema.proofs, schema.proof_modules, schema.unproved
_KEEP: Final = insert(_p).returning(_p.c.number)
_DIGESTS: Final = (
    select(_p.c.digest)
    .join(_s, _s.c.number == _p.c.session)
    .where(_s.c.session_id == bindparam("session_id"))
    .order_by(_p.c.number)
)
_UNPROVED: Final = (
    select(_u.c.events)
    .join(_s, _s.c.number == _u.c.session)
    .where(_s.c.session_id == bindparam("session_id"))
)
_LINE: Final = (
    _p.c.number,
    _p.c.digest,
    _p.c.kind,
    _p.c.outcome,
    _p.c.seq,
    _p.c.node,
    _p.c.at,
    _s.c.session_id,
    _s.c.workflow_id,
    _s.c.goal,
)
_SHORTEST_ID: Final = 8


def keep_proofs(connection: Connection, session: int, at: int, change: Change) -> None:
    """Write the proofs of a change, within its transaction, or note that it has none."""
    for proof in change.proofs:
        row = {
            "session": session,
            "seq": proof.seq,
            "node": proof.node_id,
            "kind": proof.kind,
            "outcome": proof.outcome,
            "at": at,
            "digest": raw(proof.digest),
            "envelope": proof.envelope,
        }
        number = connection.execute(_KEEP, row).scalar_one()
        modules = [{"module": name, "at": at, "proof": number} for name in set(proof.modules)]
        if modules:
            connection.execute(insert(_m), sorted(modules, key=lambda one: str(one["module"])))
    if not change.proofs and any(provable(event) is not None for event in change.events):
        _without(connection, session, change.expected_events + len(change.events))


def _without(connection: Connection, session: int, events: int) -> None:
    """Note that the first events of a session have no proofs: a copy of another one, for instance."""
    connection.execute(delete(_u).where(_u.c.session == session))
    connection.execute(insert(_u).values(session=session, events=events))


def trail(connection: Connection, session_id: SessionId) -> ProofTrail:
    """What the next proof of a session has to name."""
    of = {"session_id": session_id}
    digests = connection.execute(_DIGESTS, of).scalars().all()
    unproved = connection.execute(_UNPROVED, of).scalar_one_or_none()
    return ProofTrail(tuple(spelled(digest) for digest in digests), unproved or 0)


def proofs_of(connection: Connection, session_id: SessionId) -> tuple[StoredProof, ...]:
    """The proofs of a session in their order, as they are stored, whatever they hold."""
    envelope = stored_bytes(_p.c.envelope).label("envelope")
    rows = connection.execute(
        select(_p.c.seq, _p.c.kind, _p.c.outcome, _p.c.digest, envelope)
        .join(_s, _s.c.number == _p.c.session)
        .where(_s.c.session_id == session_id)
        .order_by(_p.c.number)
    )
    return tuple(_stored(row) for row in rows)


def found(connection: Connection, ask: ProofAsk) -> tuple[ProofLine, ...]:
    """Some proofs, newest first."""
    return tuple(_line(row) for row in islice(_rows(connection, ask), ask.limit))


def named(connection: Connection, text: str) -> tuple[ProofLine, StoredProof]:
    """The proof whose id begins with a text.

    Raises:
        InvalidInputError: the text is too short, no beginning of an id, or that of several.
        ProofNotFoundError: there is none.
    """
    start = text.strip().lower().removeprefix("sha256:")
    if len(start) < _SHORTEST_ID or len(start) > 64 or set(start) - set("0123456789abcdef"):
        message = (
            f'"{text[:80]}" is no id of a proof. Give at least its first {_SHORTEST_ID} hex digits; '
            "`workrail proof list` shows them."
        )
        raise InvalidInputError(message)
    low, high = bytes.fromhex(start.ljust(64, "0")), bytes.fromhex(start.ljust(64, "f"))
    envelope = stored_bytes(_p.c.envelope).label("envelope")
    rows = connection.execute(
        select(*_LINE, envelope)
        .join(_s, _s.c.number == _p.c.session)
        .where(_p.c.digest.between(low, high))
        .limit(2)
    ).all()
    if not rows:
        message = f"No proof {start} in this store. `workrail proof list` shows those there are."
        raise ProofNotFoundError(message)
    if len(rows) > 1:
        message = f"Several proofs begin with {start}. Give more of the id."
        raise InvalidInputError(message)
    return _line(rows[0]), _stored(rows[0])


def asked_for(ask: ProofAsk) -> Select[*tuple[object, ...]]:
    """The statement that finds them where no path is asked for, newest first."""
    joined = select(*_LINE).select_from(_p).join(_s, _s.c.number == _p.c.session)
    return joined.where(*conditions(ask)).order_by(_p.c.at.desc(), _p.c.number.desc())


def _rows(connection: Connection, ask: ProofAsk) -> Iterator[AnyRow]:
    if ask.module is None:
        yield from connection.execute(asked_for(ask).limit(ask.limit))
        return
    for numbers in numbers_of(connection, ask, paths_named(connection, ask.module)):
        statement = asked_for(ProofAsk()).where(_p.c.number.in_(numbers))
        yield from (row for row in connection.execute(statement) if _is_wanted(row, ask))


def _is_wanted(row: AnyRow, ask: ProofAsk) -> bool:
    """Whether a proof is what is asked for; a server might go by these before the number."""
    return (
        ask.session_id in (None, row.session_id)
        and ask.kind in (None, row.kind)
        and ask.outcome in (None, row.outcome)
        and (ask.since is None or row.at >= microseconds(ask.since))
    )


def _line(row: AnyRow) -> ProofLine:
    return ProofLine(
        digest=Digest(spelled(row.digest)),
        session_id=SessionId(row.session_id),
        workflow_id=row.workflow_id,
        goal=row.goal,
        kind=row.kind,
        outcome=row.outcome,
        seq=row.seq,
        node=row.node,
        at=rfc3339(row.at),
    )


def _stored(row: AnyRow) -> StoredProof:
    envelope = bytes(row.envelope).decode("utf-8", errors="surrogateescape")
    return StoredProof(row.seq, row.kind, row.outcome, Digest(spelled(row.digest)), envelope)
