"""`workrail inspect`: what does a workflow look like before it runs?"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.console import Console

from workrail_engine.errors import NotFoundError
from workrail_engine.library import open_registry
from workrail_engine.projections.catalog import StepOutline, WorkflowOutline
from workrail_mcp_server.catalog_json import outline_json, step_json
from workrail_mcp_server.commands.options import json_option, workspace_option
from workrail_mcp_server.terminal import indented, page, print_json, styled


@click.command(
    "inspect",
    epilog="""\b
Examples:
  workrail inspect wr.bug-investigation
  workrail inspect wr.bug-investigation --step reproduce
  workrail inspect my-workflow --workspace ../other --json

Nothing runs and nothing is recorded. Exits with 1 when there is no such workflow or step, or
when its file is broken.
""",
)
@click.argument("workflow_id")
@click.option("--step", "step_id", help="Show this step whole, with its text.")
@workspace_option
@json_option
def inspect_workflow(
    *, workflow_id: str, step_id: str | None, workspace: Path, as_json: bool
) -> None:
    """Show a workflow's steps without running it."""
    outline = open_registry().inspect(workflow_id, workspace.resolve())
    if step_id is not None:
        step = _chosen(outline, step_id)
        print_json(step_json(step)) if as_json else _print_step(page(), step)
    elif as_json:
        print_json(outline_json(outline))
    else:
        _print(page(), outline)


def _chosen(outline: WorkflowOutline, step_id: str) -> StepOutline:
    steps = {step.step_id: step for step in _walk(outline.steps)}
    if step_id not in steps:
        message = f'{outline.entry.id} has no step "{step_id}". It has: {", ".join(steps)}.'
        raise NotFoundError(message)
    return steps[step_id]


def _walk(steps: Sequence[StepOutline]) -> Iterator[StepOutline]:
    for step in steps:
        yield step
        yield from _walk(step.steps)


def _print(out: Console, outline: WorkflowOutline) -> None:
    entry = outline.entry
    out.print(styled((entry.name, "bold"), f" ({entry.id} {entry.version})"))
    out.print(styled((f"{entry.source}: {entry.path}", "dim")))
    out.print(styled((outline.workflow_hash, "dim")))
    if entry.untrusted:
        out.print(
            styled(
                (
                    f"Untrusted: it cannot be started before `workrail trust {entry.managed}`.",
                    "yellow",
                )
            )
        )
    for text in (entry.description, entry.about):
        if text:
            out.print()
            out.print(indented(text, 0))
    _print_list(out, "Before it starts", outline.preconditions)
    _print_list(out, "It asks the person", outline.clarification_prompts)
    _print_list(out, "Rules for the whole workflow", outline.meta_guidance)
    _print_list(out, "Good for", outline.examples)
    _print_list(
        out,
        "Documents",
        [
            f"{item.title}: {item.path or f'{item.source} (not found)'}"
            for item in outline.references
        ],
    )
    _print_list(out, "Bindings", [f"{slot} = {bound}" for slot, bound in outline.bindings])
    _print_list(out, "Variables its conditions and loops read", outline.context_variables)
    out.print()
    out.print(styled(("Steps", "bold")))
    _print_steps(out, outline.steps, "", 2)


def _print_steps(out: Console, steps: Sequence[StepOutline], prefix: str, margin: int) -> None:
    for number, step in enumerate(steps, 1):
        label = f"{prefix}{number}. "
        out.print(styled(" " * margin, label, (step.title, "bold"), (f"  [{step.step_id}]", "dim")))
        for fact in _facts(step):
            out.print(indented(fact, margin + len(label)))
        _print_steps(out, step.steps, f"{prefix}{number}.", margin + 3)


def _print_step(out: Console, step: StepOutline) -> None:
    out.print(styled((step.title, "bold"), (f"  [{step.step_id}]", "dim")))
    for fact in _facts(step):
        out.print(indented(fact, 2))
    if step.text:
        out.print()
        out.print(indented(step.text, 0))
    _print_steps(out, step.steps, "", 2)


def _facts(step: StepOutline) -> Iterator[str]:
    if step.kind not in {"step", "loop"}:
        yield step.kind
    if step.repeats:
        yield f"repeats {step.repeats}"
    if step.runs_when:
        yield f"runs when {step.runs_when}"
    if step.delegates:
        yield f"asks the agent to start {', '.join(step.delegates)}"
    if step.requirements:
        yield f"needs {'; '.join(step.requirements)}"
    if step.confirmation:
        yield step.confirmation
    if step.model_tier:
        yield f"suits a {step.model_tier} model"


def _print_list(out: Console, heading: str, items: Sequence[str]) -> None:
    if not items:
        return
    out.print()
    out.print(styled((heading, "bold")))
    for item in items:
        out.print(styled("  - ", item))
