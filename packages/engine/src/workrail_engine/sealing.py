"""Which proofs does a change need, and what do they say?

They are signed before the change is written, on the log as it will be then: the store refuses the
change if the log is another one by that time, and the proofs go with it. A change with nothing to
prove costs nothing.
"""

from dataclasses import replace

from workrail_engine.ids import Digest, NodeId
from workrail_engine.material import Material
from workrail_engine.ports import Change, CheckPlace, CheckRunner, NewProof, SessionHead
from workrail_engine.projections.link import NO_HASH, spelled
from workrail_engine.projections.statement import (
    Circumstances,
    Fact,
    Seal,
    modules_of,
    statement,
)
from workrail_engine.proofs.envelope import digest_of, sign
from workrail_engine.proofs.keys import KeyRing
from workrail_engine.session.events import (
    ApprovalAnswered,
    AttemptBlocked,
    CheckRecorded,
    RunCompleted,
    SessionStarted,
)
from workrail_engine.session.provable import Files, Provable, kind_of, outcome_of, provable
from workrail_engine.session.state import Node
from workrail_engine.store.chain import linked, raw
from workrail_engine.store.rows import microseconds, rfc3339
from workrail_engine.store.sql_store import SqlStore


class Sealer:
    """Signs what a session's log says. Safe to use from several threads."""

    def __init__(
        self, store: SqlStore, material: Material, keys: KeyRing, checks: CheckRunner
    ) -> None:
        self._store = store
        self._material = material
        self._keys = keys
        self._checks = checks

    def sealed(self, change: Change, head: SessionHead | None, node: Node | None) -> Change:
        """A change with its proofs.

        Args:
            change: what will be written.
            head: where the session stands; None when it begins.
            node: the node the change leaves; None when it begins.

        Raises:
            SigningKeyError: nothing can be signed.
        """
        wanted = _wanted(change)
        if not wanted:
            return change
        started = self._started(change)
        signer = self._keys.signer()
        trail = self._store.proof_trail(change.session_id)
        about = _circumstances(change, head, started, trail.unproved)
        trees = {_tree_of(event, node) for _, event in wanted}
        ends = any(isinstance(event, RunCompleted) for _, event in wanted)
        asked = ends or trees != {None}
        present = self._present(started) if asked else Files(None)
        digests, proofs = list(trail.digests), list[NewProof]()
        for seq, event in wanted:
            files = _files(event, node, present)
            fact = Fact(event, seq, _step_of(event, node), files, tuple(digests))
            envelope = sign(statement(about, fact), signer)
            digests.append(digest_of(envelope))
            proofs.append(
                NewProof(
                    seq=seq,
                    node_id=NodeId(event.node),
                    kind=kind_of(event),
                    outcome=outcome_of(event),
                    modules=modules_of(files, started.workspace.path),
                    digest=Digest(digests[-1]),
                    envelope=envelope,
                )
            )
        return replace(change, proofs=proofs)

    def _started(self, change: Change) -> SessionStarted:
        first = change.events[0]
        if isinstance(first, SessionStarted):
            return first
        return self._material.started(change.session_id)

    def _present(self, started: SessionStarted) -> Files:
        """The files as they are, where git knows them."""
        at = started.workspace
        if at.repository is None:
            return Files(None)
        return self._checks.changed(CheckPlace(at.path, at.head, ()))


def _wanted(change: Change) -> list[tuple[int, Provable]]:
    """The events to be proved, each with its place in the log."""
    numbered = enumerate(change.events, start=change.expected_events + 1)
    return [
        (seq, found) for seq, event in numbered for found in [provable(event)] if found is not None
    ]


def _circumstances(
    change: Change, head: SessionHead | None, started: SessionStarted, unproved: int
) -> Circumstances:
    at = change.at if head is None else max(change.at, head.updated_at)
    before = Seal(0, spelled(NO_HASH)) if head is None else Seal(head.event_count, head.head_hash)
    _, last = linked(change.events, microseconds(at), before.events, raw(before.head))
    return Circumstances(
        session_id=change.session_id,
        workflow_id=started.workflow_id,
        workflow_hash=started.workflow_hash,
        base=started.workspace.head,
        at=rfc3339(microseconds(at)),
        before=before,
        after=Seal(before.events + len(change.events), spelled(last)),
        unproved=unproved,
    )


def _files(event: Provable, node: Node | None, present: Files) -> Files:
    """The files an event speaks of; their paths where they still are what it speaks of."""
    if isinstance(event, RunCompleted):
        return present
    tree = _tree_of(event, node)
    return present if tree is not None and tree == present.tree else Files(tree)


def _tree_of(event: Provable, node: Node | None) -> str | None:
    match event:
        case CheckRecorded():
            return event.tree
        case ApprovalAnswered():
            return None if node is None or node.ask is None else node.ask.tree
        case _:
            return None


def _step_of(event: Provable, node: Node | None) -> str | None:
    match event:
        case CheckRecorded() | AttemptBlocked():
            return event.step_id
        case RunCompleted():
            return None
        case _:
            return None if node is None else node.step_id
