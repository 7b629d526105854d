"""`workrail session show`: what happened in a session, step by step?"""

from collections.abc import Iterator

import click
from rich.console import Console
from rich.text import Text

from workrail_engine.projections.session_detail import (
    ApprovalLine,
    CheckLine,
    NodeLine,
    SessionDetail,
)
from workrail_engine.reader import open_reader
from workrail_mcp_server.commands.chosen_session import chosen_session
from workrail_mcp_server.commands.options import json_option
from workrail_mcp_server.present_text import reason
from workrail_mcp_server.session_json import detail_json
from workrail_mcp_server.terminal import indented, moment, page, print_json, status_style, styled


@click.command(
    "show",
    epilog="""\b
Examples:
  workrail session show sess_q3kd
  workrail session show sess_q3kd --json | jq '.nodes[].notes'

Exits with 1 when there is no such session.
""",
)
@click.argument("session_id")
@json_option
def show_session(*, session_id: str, as_json: bool) -> None:
    """Tell a session's story, step by step."""
    with open_reader() as reader:
        detail = reader.session(chosen_session(reader, session_id))
    if as_json:
        print_json(detail_json(detail))
    else:
        _print(page(), detail)


def _print(out: Console, detail: SessionDetail) -> None:
    summary = detail.summary
    out.print(styled((summary.goal, "bold")))
    for label, value in _facts(detail):
        out.print(styled((f"{label:<10}", "dim"), value))
    status = (summary.status, status_style(summary.status))
    out.print(styled(("status    ", "dim"), status, f", {summary.steps_completed} steps completed"))
    for node in detail.nodes:
        out.print()
        _print_node(out, node)
    for child in detail.children:
        out.print()
        out.print(styled(("started   ", "dim"), f"{child.session_id} ({child.workflow_id})"))


def _facts(detail: SessionDetail) -> Iterator[tuple[str, str]]:
    summary = detail.summary
    yield "session", summary.session_id
    yield "workflow", f"{summary.workflow_name} ({summary.workflow_id})"
    yield "pinned", detail.workflow_hash
    if summary.parent_session_id is not None:
        yield "parent", summary.parent_session_id
    if summary.repository is not None:
        yield "where", f"{summary.repository} {summary.branch or ''}".rstrip()
    yield "began", f"{moment(summary.created_at)} by {summary.origin}"
    yield "changed", moment(summary.updated_at)


def _print_node(out: Console, node: NodeLine) -> None:
    for notice in node.notices:
        out.print(styled((f"   ~ {notice}", "dim")))
    mark, style = _mark(node)
    title = node.title or node.step_id or "Run complete"
    when = moment(node.completed_at or node.reached_at)
    facts = f"  [{', '.join(_node_facts(node))}]  {when}"
    out.print(styled((f"{node.node_id:>3} {mark} ", style), (title, "bold"), (facts, "dim")))
    for check in node.checks:
        out.print(_check(check))
    if node.approval is not None:
        out.print(_approval(node.approval))
    for blocker in node.blockers:
        told = indented(reason(blocker.message, blocker.remedy), 8).plain.lstrip()
        out.print(styled(("      ! ", "yellow"), told))
    if node.notes:
        out.print(indented(node.notes, 6))
    outputs = {check.output for check in node.checks}
    for artifact in (one for one in node.artifacts if one.digest not in outputs):
        state = "" if artifact.accepted else ", not accepted"
        out.print(
            styled(
                f"      {artifact.kind} ({artifact.size} bytes{state}) ", (artifact.digest, "dim")
            )
        )


def _check(check: CheckLine) -> Text:
    mark, style = {
        "passed": ("✓", "green"),
        "failed": ("✗", "red"),
        "error": ("!", "yellow"),
        "unchecked": ("-", "yellow"),
    }[check.outcome]
    reused = " (not run again)" if check.reused else ""
    output = (f"  {check.output}", "dim") if check.output is not None else ""
    head = (f"      {mark} ", style)
    return styled(head, f"check {check.check_id}: {check.summary}{reused}", output)


def _approval(approval: ApprovalLine) -> Text:
    answer = approval.answer
    if answer is not None:
        mark, style = ("✓", "green") if answer.verdict == "approved" else ("✗", "red")
        told = f"{answer.verdict} by {answer.by} ({answer.channel}) at {moment(answer.at)}"
        note = "" if answer.note is None else f": {answer.note}"
        return styled((f"      {mark} ", style), f"{told}{note}")
    if approval.replaced:
        return styled(("      - ", "dim"), "was replaced by another attempt before it was answered")
    decide = f"Look and decide: workrail approve {approval.approval_id}"
    return styled(("      ? ", "magenta"), f"waits for approval. {decide}")


def _node_facts(node: NodeLine) -> Iterator[str]:
    done = node.completed_at is not None
    names = {"blocked": "blocked, then completed", "waiting": "waited for approval, then completed"}
    yield names.get(node.kind, node.kind) if done else node.kind
    if node.iteration is not None:
        yield f"pass {node.iteration + 1}"
    if not node.on_tip_branch:
        yield "on another branch"


def _mark(node: NodeLine) -> tuple[str, str]:
    if node.kind == "end" or node.completed_at is not None:
        return "✓", "green"
    if node.kind == "blocked":
        return "!", "yellow"
    if node.kind == "waiting":
        return "?", "magenta"
    return ("·", "dim") if node.kind == "checkpoint" else (">", "cyan")
