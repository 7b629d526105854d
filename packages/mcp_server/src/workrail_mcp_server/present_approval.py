"""What does an agent read while a person decides, and what is the person shown?"""

import json

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.engine import PendingApproval
from workrail_engine.outcomes import Recorded, Waiting
from workrail_mcp_server.present_background import background
from workrail_mcp_server.present_text import OBJECT_HERE, TEXT_HERE, bullets, call, paragraphs

SHOWN_LIMIT = 12_000
"""The most characters a client's form is given; what is longer is shown in a terminal."""
DIGEST_SHOWN = 19
"""Characters of a digest that are put before people: `sha256:` and 12 hex digits."""


def present_waiting(outcome: Waiting) -> str:
    """The text of an attempt that waits for approval."""
    who = "A person" if outcome.approver == "human_approval" else "The coordinator of this run"
    why = f" ({outcome.reason})" if outcome.reason else ""
    held = ", ".join(outcome.held) or "nothing but the step itself"
    again: dict[str, JsonValue] = {
        "token": outcome.token,
        "notes": TEXT_HERE,
        "context": OBJECT_HERE,
    }
    return paragraphs(
        (
            _sent_before(outcome.recorded),
            background(outcome.session_id, outcome.preamble, outcome.recap),
            f"# Waiting for approval: {outcome.step_title}\n"
            f"Approval {outcome.approval_id} · {outcome.digest[:DIGEST_SHOWN]}",
            bullets(outcome.notices),
            f"{who} must approve this step before the run goes on{why}. Nothing is missing; what was "
            f"sent is kept: {held}. You cannot approve it yourself.",
            "Tell the person to run this in a terminal of their own:\n"
            f"workrail approve {outcome.approval_id}",
            f"Next, once they have answered: "
            f"{call('continue_workflow', {'continueToken': outcome.token})}\n"
            f"To send something else for approval instead: {call('complete_step', again)}",
        )
    )


def approval_question(pending: PendingApproval) -> str | None:
    """Everything a person decides on, for a client's form; None when it is too long for one."""
    title = pending.step_title
    notes = pending.shown["notes"]
    parts = (
        f"Approve this step? {title}",
        f"Goal: {pending.goal}\nWorkflow: {pending.workflow_id} · approval {pending.approval_id}",
        f"Asked because {pending.reason}." if pending.reason else None,
        f"Notes of the agent:\n{notes}" if isinstance(notes, str) else "The agent sent no notes.",
        *(_artifact(artifact) for artifact in pending.artifacts),
        f"What changed:\n{pending.diff}" if pending.diff is not None else None,
        f"Digest of what is shown: {pending.digest}",
    )
    text = paragraphs(parts)
    return text if len(text) <= SHOWN_LIMIT else None


def _artifact(artifact: JsonObject) -> str:
    body = json.dumps(artifact, indent=2, ensure_ascii=False)
    return f"Artifact {artifact.get('kind', '')}:\n{body}"


def _sent_before(recorded: Recorded) -> str:
    if recorded is not Recorded.BEFORE_DIFFERENT:
        return ""
    return (
        "This token was used before, with other content. Nothing was written, and what you sent now "
        "is not kept: what waits is what was sent first."
    )
