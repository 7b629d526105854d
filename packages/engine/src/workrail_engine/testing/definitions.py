"""Small definitions, expanded and compiled, for tests that look at one thing of the language."""

from collections.abc import Mapping

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.workflow.compile import prepare
from workrail_engine.workflow.compiled import CompiledLoop, CompiledStep, CompiledWorkflow
from workrail_engine.workflow.definition import (
    StandardStep,
    WorkflowDefinition,
    parse_definition,
)
from workrail_engine.workflow.expand import Expanded, RoutineTemplate, expand
from workrail_engine.workflow.prepared import PreparedWorkflow

HEAD: JsonObject = {"id": "test-flow", "name": "n", "description": "d", "version": "1.2.3"}
DRAFT = "wr.templates.routine.draft"
"""Id of the template `a_template` makes and `a_call` calls."""


def a_step(step_id: str, **more: JsonValue) -> JsonObject:
    """A standard step; it has a prompt unless it is given something in a prompt's place."""
    prompted = {"prompt", "promptBlocks", "templateCall"} & set(more)
    return {"id": step_id, "title": step_id, **({} if prompted else {"prompt": "Do it."}), **more}


def a_call(step_id: str, args: JsonObject | None = None, **more: JsonValue) -> JsonObject:
    """A step that calls the template `DRAFT`."""
    call: JsonObject = {"templateId": DRAFT, **({} if args is None else {"args": args})}
    return a_step(step_id, templateCall=call, **more)


def a_loop(loop: JsonObject, *body: JsonObject, **more: JsonValue) -> JsonObject:
    """A loop of at most 7 passes with one step, unless it is given others."""
    return {
        "id": "again",
        "type": "loop",
        "title": "Again",
        "loop": {"maxIterations": 7, **loop},
        "body": list(body) or [a_step("inner")],
        **more,
    }


def a_definition(*steps: JsonObject, **more: JsonValue) -> WorkflowDefinition:
    """A valid definition of these steps."""
    definition = parse_definition({**HEAD, "steps": steps, **more})
    assert isinstance(definition, WorkflowDefinition), definition  # noqa: S101 - a test asks this
    return definition


def a_template(*steps: JsonObject, **more: JsonValue) -> Mapping[str, RoutineTemplate]:
    """The templates of a registry that holds just `DRAFT`."""
    return {DRAFT: RoutineTemplate(DRAFT, a_definition(*steps, **more))}


def expand_fully(
    definition: WorkflowDefinition,
    templates: Mapping[str, RoutineTemplate] | None = None,
    overrides: Mapping[str, str] | None = None,
) -> Expanded:
    """A definition, expanded without a problem."""
    result = expand(definition, templates or {}, overrides or {})
    assert isinstance(result, Expanded), result  # noqa: S101 - a test asks this
    return result


def standard_steps(
    definition: WorkflowDefinition, templates: Mapping[str, RoutineTemplate] | None = None
) -> list[StandardStep]:
    """The standard steps a definition expands to."""
    steps = expand_fully(definition, templates).definition.steps
    return [step for step in steps if isinstance(step, StandardStep)]


def compile_fully(*steps: JsonObject, **more: JsonValue) -> CompiledWorkflow:
    """A workflow of these steps, compiled without a problem."""
    prepared = prepare(a_definition(*steps, **more), {}, {})
    assert isinstance(prepared, PreparedWorkflow), prepared  # noqa: S101 - a test asks this
    return prepared.compiled


def compiled_step(step: JsonObject, **more: JsonValue) -> CompiledStep:
    """The one step of a workflow."""
    (only,) = compile_fully(step, **more).steps
    assert isinstance(only, CompiledStep)  # noqa: S101 - a test asks this
    return only


def compiled_loop(loop: JsonObject, **more: JsonValue) -> CompiledLoop:
    """The one loop of a workflow."""
    (only,) = compile_fully(loop, **more).steps
    assert isinstance(only, CompiledLoop)  # noqa: S101 - a test asks this
    return only
