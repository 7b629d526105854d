"""What waits for approval, and how is it answered?

The way in for whoever approves: a person at a terminal, a client that asks its person. No tool of an
agent leads here. What is shown is worked out from the waiting node, and an answer counts only for
exactly that.
"""

import json
from dataclasses import dataclass
from typing import cast

from workrail_engine.canonical import JsonObject
from workrail_engine.errors import NotFoundError, StaleApprovalError
from workrail_engine.ids import (
    Digest,
    NodeId,
    SessionId,
    approval_id,
    is_session_id,
    read_approval_id,
)
from workrail_engine.outcomes import AdvanceOutcome
from workrail_engine.ports import SessionHead, Standing
from workrail_engine.projections.driving import Driver
from workrail_engine.runner import Runner
from workrail_engine.session.approval import check_answerable, shown
from workrail_engine.session.commands import Answered
from workrail_engine.session.state import Node
from workrail_engine.settling import until_settled
from workrail_engine.store.sql_store import SqlStore


@dataclass(frozen=True)
class PendingApproval:
    """What an approver is shown."""

    approval_id: str
    session_id: SessionId
    workflow_id: str
    goal: str
    step_title: str
    reason: str | None
    """The condition under which approval is asked, in words; None: always."""
    approver: str
    digest: Digest
    """Of `shown`: what an answer must name."""
    shown: JsonObject
    """Exactly what is approved, contents by their digests."""
    artifacts: tuple[JsonObject, ...]
    """Those contents, in the order of `shown`."""
    diff: str | None
    """What changed, where the approver is shown that."""


class Approvals:
    """The approvals of one store. Safe to use from several threads."""

    def __init__(self, store: SqlStore, runner: Runner) -> None:
        self._store = store
        self._runner = runner

    def pending(self) -> tuple[PendingApproval, ...]:
        """Everything that waits where its session stands, longest waiting first."""
        heads = (self._store.head(session_id) for session_id in self._store.waiting())
        found = ((head, self._store.node(head.session_id, head.tip)) for head in heads)
        return tuple(self._seen(head, node) for head, node in found if node.ask is not None)

    def look(self, text: str) -> PendingApproval:
        """One approval that waits.

        Args:
            text: its id, or that of a session that stands at it.

        Raises:
            NotFoundError: the text names neither.
            SessionNotFoundError: no such session.
            StaleApprovalError: it no longer waits.
        """
        head, node = self._named(text)
        asked = node.ask
        tree = None if asked is None else self._runner.tree_shown(head.session_id, asked)
        check_answerable(node, Digest("") if asked is None else asked.shown, tree)
        return self._seen(head, node)

    def answer(self, text: str, given: Answered) -> AdvanceOutcome:
        """Decide on what waits, and carry the decision out.

        Args:
            text: the approval's id, or that of a session that stands at it.
            given: the decision, on the digest that was shown.

        Raises:
            NotFoundError: the text names neither.
            SessionNotFoundError: no such session.
            StaleApprovalError: it no longer waits, or is not what was shown.
            ConflictError: others kept writing to the session; nothing was recorded.
        """

        def decide_now() -> AdvanceOutcome:
            head, node = self._named(text)
            attempt = self._store.open_attempt(head.session_id, node.node_id)
            if attempt is None:
                message = f"Approval {text} is no longer waited for. Nothing was recorded."
                raise StaleApprovalError(message)
            return self._runner.answer(Standing(head, node, attempt), given)

        return until_settled(decide_now)

    def drivers(self, session_id: SessionId) -> tuple[Driver, ...]:
        """The processes a session was driven from: whoever descends from one may be its agent."""
        return self._store.drivers(session_id)

    def _named(self, text: str) -> tuple[SessionHead, Node]:
        named = read_approval_id(text.strip())
        if named is not None:
            head = self._store.head(named[0])
            if named[1] > head.last_node:
                raise _no_such_approval(text)
            return head, self._store.node(*named)
        if not is_session_id(text.strip()):
            raise _no_such_approval(text)
        head = self._store.head(SessionId(text.strip()))
        return head, self._store.node(head.session_id, NodeId(head.tip))

    def _seen(self, head: SessionHead, node: Node) -> PendingApproval:
        asked = node.ask
        if asked is None:
            raise _no_such_approval(approval_id(head.session_id, node.node_id))
        digests = [ref.digest for ref in node.artifacts]
        changed = None if asked.diff is None else asked.diff.digest
        contents = self._store.blobs([*digests, *([changed] if changed is not None else [])])
        diff = None if changed is None else _json(contents[changed])["diff"]
        return PendingApproval(
            approval_id=approval_id(head.session_id, node.node_id),
            session_id=head.session_id,
            workflow_id=head.workflow_id,
            goal=head.goal,
            step_title=asked.title,
            reason=asked.reason,
            approver=asked.approver,
            digest=asked.shown,
            shown=shown(node),
            artifacts=tuple(_json(contents[one]) for one in digests),
            diff=diff if isinstance(diff, str) else None,
        )


def _json(content: bytes) -> JsonObject:
    return cast("JsonObject", json.loads(content))


def _no_such_approval(text: str) -> NotFoundError:
    return NotFoundError(
        f'"{text[:80]}" names no approval. `workrail approve` without an id lists what waits.'
    )
