"""What do the tools that find and show workflows do?"""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from workrail_engine.engine import Engine
from workrail_engine.errors import InvalidSubmissionError
from workrail_engine.projections.catalog import StepOutline, WorkflowOutline
from workrail_mcp_server.present_catalog import (
    present_catalog,
    present_outline,
    present_outline_step,
)
from workrail_mcp_server.tools.arguments import Arguments
from workrail_mcp_server.tools.caller import Caller
from workrail_mcp_server.tools.workspace import chosen_workspace

_LISTED = 20
_STEP = "step"


def list_workflows(engine: Engine, arguments: Arguments, caller: Caller) -> str:
    """Workflows that fit the query and the tags."""
    folder = chosen_workspace(arguments.text_or_none("workspace"), caller.workspace)
    return present_catalog(
        engine.catalog(folder),
        arguments.text_or_none("query") or "",
        arguments.texts("tags"),
        arguments.number("limit", _LISTED),
    )


def inspect_workflow(engine: Engine, arguments: Arguments, caller: Caller) -> str:
    """A workflow's outline, or one of its steps."""
    folder = chosen_workspace(arguments.text_or_none("workspace"), caller.workspace)
    outline = engine.inspect(arguments.text("workflowId"), folder)
    wanted = arguments.text_or_none("step")
    if wanted is None:
        return present_outline(outline)
    return present_outline_step(outline, _step(outline, wanted))


def _step(outline: WorkflowOutline, wanted: str) -> StepOutline:
    steps = {step.step_id: step for step in _all_steps(outline.steps)}
    if wanted in steps:
        return steps[wanted]
    near = get_close_matches(wanted, steps, n=1)
    hint = f"Did you mean `{near[0]}`?" if near else f"Its steps: {', '.join(steps)}."
    message = f"step: {outline.entry.id} has no step `{wanted}`. {hint}"
    raise InvalidSubmissionError(message, field=_STEP)


def _all_steps(steps: Sequence[StepOutline]) -> Iterator[StepOutline]:
    for step in steps:
        yield step
        yield from _all_steps(step.steps)
