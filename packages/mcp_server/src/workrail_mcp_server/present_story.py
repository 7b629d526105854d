"""How does a session read as a document?

Everything on the branch it stands on, in the order it was reached, with all the notes. Whoever reads
it may be a person or an agent of another conversation, so it says how to go on.
"""

from collections.abc import Iterator

from workrail_engine.projections.session_detail import (
    ApprovalLine,
    ArtifactLine,
    CheckLine,
    NodeLine,
    SessionDetail,
)
from workrail_engine.projections.session_summary import SessionSummary
from workrail_mcp_server.present_text import bullets, call, paragraphs, reason, section
from workrail_mcp_server.resource_uris import artifact_uri, session_uri, workflow_uri


def present_story(detail: SessionDetail) -> str:
    """A session as Markdown: goal, status, steps, notes."""
    summary = detail.summary
    told = [node for node in detail.nodes if node.on_tip_branch]
    elsewhere = len(detail.nodes) - len(told)
    return paragraphs(
        (
            f"# {summary.workflow_name}\n{_standing(summary)}",
            f"Goal: {summary.goal}",
            bullets(_facts(summary)),
            _going_on(summary),
            *(_node(node) for node in told),
            f"{elsewhere} more points lie on branches that were left." if elsewhere else "",
            section("Sessions it started:", [_child(child) for child in detail.children]),
        )
    )


def _standing(summary: SessionSummary) -> str:
    at = f' at "{summary.step_title}"' if summary.step_title is not None else ""
    done = summary.steps_completed
    return f"{summary.status}{at} · {done} {'step' if done == 1 else 'steps'} completed"


def _facts(summary: SessionSummary) -> Iterator[str]:
    yield f"session {summary.session_id}"
    yield f"workflow {summary.workflow_id}, {workflow_uri(summary.workflow_id)}"
    if summary.repository is not None:
        branch = f", branch {summary.branch}" if summary.branch is not None else ""
        yield f"repository {summary.repository}{branch}"
    if summary.parent_session_id is not None:
        yield f"started by {session_uri(summary.parent_session_id)}"
    yield f"began {summary.created_at}, changed {summary.updated_at}"


def _going_on(summary: SessionSummary) -> str:
    if summary.status == "completed":
        return ""
    return f"To go on with it: {call('resume_session', {'sessionId': summary.session_id})}"


def _node(node: NodeLine) -> str:
    return paragraphs(
        (
            bullets(f"Note: {notice}" for notice in node.notices),
            f"## {node.title or node.step_id or 'Run complete'}\n{_state(node)}",
            bullets(reason(blocker.message, blocker.remedy) for blocker in node.blockers),
            bullets(_check(check) for check in node.checks),
            _approval(node.approval) if node.approval is not None else "",
            node.notes,
            section("Artifacts:", [_artifact(artifact) for artifact in node.artifacts]),
        )
    )


def _check(check: CheckLine) -> str:
    reused = ", not run again" if check.reused else ""
    output = f": {artifact_uri(check.output)}" if check.output is not None else ""
    return f"Check {check.check_id} {check.outcome}{reused}: {check.summary}{output}"


def _approval(approval: ApprovalLine) -> str:
    answer = approval.answer
    if answer is not None:
        note = "" if answer.note is None else f": {answer.note}"
        return f"{answer.verdict.capitalize()} by {answer.by} ({answer.channel}), {answer.at}{note}"
    if approval.replaced:
        return "Another attempt took its place before it was approved or rejected."
    return f"Waits for a person, who runs: workrail approve {approval.approval_id}"


def _state(node: NodeLine) -> str:
    parts = [node.step_id] if node.step_id is not None and node.title is not None else []
    if node.iteration is not None:
        parts.append(f"pass {node.iteration + 1}")
    if node.kind == "step":
        parts.append("pending" if node.completed_at is None else "completed")
    elif node.kind != "end":
        parts.append(node.kind if node.completed_at is None else f"{node.kind}, then completed")
    parts.append(node.completed_at or node.reached_at)
    return " · ".join(parts)


def _artifact(artifact: ArtifactLine) -> str:
    refused = "" if artifact.accepted else ", not accepted"
    return f"{artifact.kind} ({artifact.size} bytes{refused}): {artifact_uri(artifact.digest)}"


def _child(child: SessionSummary) -> str:
    return f"{child.workflow_name} ({child.status}): {session_uri(child.session_id)}"
