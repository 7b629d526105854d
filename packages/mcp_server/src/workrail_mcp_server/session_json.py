"""Which JSON do the `workrail session` commands print?

The shapes are part of the command line's promise: fields are added, never renamed or removed.
"""

from collections.abc import Sequence

from workrail_engine.canonical import JsonObject
from workrail_engine.outcomes import Blocker
from workrail_engine.projections.forking import Fork, SnapshotLine
from workrail_engine.projections.repair import Repair
from workrail_engine.projections.retention import Removed
from workrail_engine.projections.session_detail import (
    ApprovalLine,
    CheckLine,
    NodeLine,
    SessionDetail,
)
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.projections.verification import Verification
from workrail_engine.reader import EventRecord


def summary_json(session: SessionSummary) -> JsonObject:
    """A line of a list."""
    return {
        "sessionId": session.session_id,
        "workflowId": session.workflow_id,
        "workflowName": session.workflow_name,
        "goal": session.goal,
        "status": session.status,
        "stepTitle": session.step_title,
        "stepsCompleted": session.steps_completed,
        "eventCount": session.event_count,
        "origin": session.origin,
        "parentSessionId": session.parent_session_id,
        "repository": session.repository,
        "branch": session.branch,
        "createdAt": session.created_at,
        "updatedAt": session.updated_at,
    }


def detail_json(detail: SessionDetail) -> JsonObject:
    """A session's whole story."""
    return {
        **summary_json(detail.summary),
        "workflowHash": detail.workflow_hash,
        "nodes": [_node_json(node) for node in detail.nodes],
        "context": detail.context,
        "children": [summary_json(child) for child in detail.children],
    }


def event_json(record: EventRecord) -> JsonObject:
    """One line of a log."""
    return {
        "seq": record.seq,
        "kind": record.kind,
        "node": record.node,
        "at": record.at,
        "payload": record.payload,
    }


def verification_json(verification: Verification) -> JsonObject:
    """What checking one session's log came to."""
    return {
        "sessionId": verification.session_id,
        "events": verification.events,
        "headHash": verification.head_hash,
        "problems": verification.problems,
    }


def repair_json(repair: Repair) -> JsonObject:
    """What repairing one session came to."""
    return {
        "sessionId": repair.session_id,
        "copyId": repair.copy_id,
        "found": repair.found,
        "kept": repair.kept,
        "dropped": repair.dropped,
    }


def fork_json(fork: Fork) -> JsonObject:
    """A session that was forked from another."""
    return {
        "sessionId": fork.session_id,
        "forkedFrom": fork.forked_from,
        "node": fork.node,
        "stepId": fork.step_id,
        "goal": fork.goal,
        "workspace": fork.workspace,
        "worktree": fork.worktree,
        "snapshot": fork.snapshot,
        "token": fork.token,
    }


def snapshots_json(lines: Sequence[SnapshotLine], *, pruned: bool) -> JsonObject:
    """The sessions whose files a repository keeps, or kept until now."""
    return {
        "pruned": pruned,
        "sessions": [
            {"sessionId": line.session_id, "snapshots": line.snapshots, "known": line.known}
            for line in lines
        ],
    }


def removed_json(removed: Removed, *, dry_run: bool) -> JsonObject:
    """What clearing the store came to."""
    return {
        "dryRun": dry_run,
        "sessions": removed.sessions,
        "events": removed.events,
        "artifacts": removed.artifacts,
        "contents": removed.contents,
        "contentBytes": removed.content_bytes,
        "workflows": removed.workflows,
        "keptForChildren": removed.kept_for_children,
        "keptDamaged": list(removed.kept_damaged),
    }


def _node_json(node: NodeLine) -> JsonObject:
    return {
        "node": node.node_id,
        "parent": node.parent,
        "kind": node.kind,
        "stepId": node.step_id,
        "title": node.title,
        "iteration": node.iteration,
        "reachedAt": node.reached_at,
        "completedAt": node.completed_at,
        "notes": node.notes,
        "artifacts": [
            {
                "digest": artifact.digest,
                "kind": artifact.kind,
                "size": artifact.size,
                "accepted": artifact.accepted,
            }
            for artifact in node.artifacts
        ],
        "blockers": [_blocker_json(blocker) for blocker in node.blockers],
        "notices": node.notices,
        "onTipBranch": node.on_tip_branch,
        "checks": [_check_json(check) for check in node.checks],
        "approval": None if node.approval is None else _approval_json(node.approval),
    }


def _check_json(check: CheckLine) -> JsonObject:
    counts = check.counts
    return {
        "checkId": check.check_id,
        "kind": check.kind,
        "outcome": check.outcome,
        "summary": check.summary,
        "problems": list(check.problems),
        "tree": check.tree,
        "reused": check.reused,
        "argv": list(check.argv),
        "exitCode": check.exit_code,
        "counts": None
        if counts is None
        else {"passed": counts.passed, "failed": counts.failed, "skipped": counts.skipped},
        "output": check.output,
        "at": check.at,
        "ledTo": check.led_to,
    }


def _approval_json(approval: ApprovalLine) -> JsonObject:
    answer = approval.answer
    return {
        "approvalId": approval.approval_id,
        "approver": approval.approver,
        "reason": approval.reason,
        "digest": approval.shown,
        "tree": approval.tree,
        "diff": approval.diff,
        "replaced": approval.replaced,
        "answer": None
        if answer is None
        else {
            "verdict": answer.verdict,
            "by": answer.by,
            "channel": answer.channel,
            "note": answer.note,
            "at": answer.at,
        },
    }


def _blocker_json(blocker: Blocker) -> JsonObject:
    return {
        "code": blocker.code.value,
        "subject": blocker.subject,
        "message": blocker.message,
        "remedy": blocker.remedy,
    }
