"""How is what waits for approval put before a person?"""

import json

from rich.console import Console

from workrail_engine.canonical import JsonObject
from workrail_engine.engine import PendingApproval
from workrail_mcp_server.terminal import indented, plain, styled


def print_pending(out: Console, pending: PendingApproval) -> None:
    """One line of the list of what waits."""
    out.print(styled((pending.approval_id, "bold"), f"  {pending.step_title}"))
    out.print(styled((f"    {pending.workflow_id} · {pending.goal}", "dim")))


def print_shown(out: Console, pending: PendingApproval) -> None:
    """Everything that is decided on, whole."""
    out.print(styled((pending.step_title, "bold")))
    out.print(styled(("Goal      ", "dim"), pending.goal))
    out.print(styled(("Workflow  ", "dim"), pending.workflow_id))
    out.print(styled(("Approval  ", "dim"), pending.approval_id))
    if pending.reason:
        out.print(styled(("Because   ", "dim"), pending.reason))
    out.print(styled(("Digest    ", "dim"), pending.digest))
    notes = pending.shown["notes"]
    out.print(styled(("\nNotes of the agent", "bold")))
    out.print(indented(notes, 2) if isinstance(notes, str) else styled("  none"))
    for artifact in pending.artifacts:
        out.print(styled((f"\nArtifact {artifact.get('kind', '')}", "bold")))
        out.print(indented(json.dumps(artifact, indent=2, ensure_ascii=False), 2))
    if pending.diff is not None:
        out.print(styled(("\nWhat changed", "bold")))
        out.print(indented(pending.diff, 2))


def pending_json(pending: PendingApproval) -> JsonObject:
    """What waits, for machines."""
    return {
        "approvalId": pending.approval_id,
        "sessionId": pending.session_id,
        "workflowId": pending.workflow_id,
        "goal": pending.goal,
        "stepTitle": plain(pending.step_title),
        "reason": pending.reason,
        "approver": pending.approver,
        "digest": pending.digest,
        "shown": pending.shown,
        "artifacts": list(pending.artifacts),
        "diff": pending.diff,
    }
