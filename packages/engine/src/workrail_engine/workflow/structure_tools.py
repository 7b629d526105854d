"""Can what a workflow says about tools be kept to as it is written?"""

from collections.abc import Iterator, Sequence

from workrail_engine.workflow.definition import WorkflowDefinition
from workrail_engine.workflow.definition_steps import LoopStep
from workrail_engine.workflow.definition_tools import ToolsDefinition
from workrail_engine.workflow.inside_paths import globs
from workrail_engine.workflow.placed_steps import PlacedStep
from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.problems import Problem, shown


def tools_said(
    definition: WorkflowDefinition, placed: Sequence[PlacedStep]
) -> Iterator[tuple[ToolsDefinition, str]]:
    """Everything a definition says about tools, with its place."""
    if definition.tools is not None:
        yield definition.tools, "/tools"
    for place in placed:
        if not isinstance(place.step, LoopStep) and place.step.tools is not None:
            yield place.step.tools, f"{place.pointer}/tools"


def tool_problems(
    definition: WorkflowDefinition, placed: Sequence[PlacedStep]
) -> Iterator[Problem]:
    """What is wrong with it."""
    for tools, pointer in tools_said(definition, placed):
        if not tools.model_fields_set:
            advice = "say what may be used, or remove it"
            expected = "allowed, writable or network"
            yield Problem(pointer, "says nothing", expected, advice, (pointer,))
        yield from _repeated(tools.allowed or (), f"{pointer}/allowed")
        yield from _repeated(tools.writable or (), f"{pointer}/writable")
        yield from globs(f"{pointer}/writable", tools.writable or ())


def _repeated(texts: Sequence[str], pointer: str) -> Iterator[Problem]:
    for index, text in enumerate(texts):
        if text in texts[:index]:
            message = f"repeats {shown(text)}"
            yield Problem(child(pointer, index), message, None, "remove it", (pointer,))
