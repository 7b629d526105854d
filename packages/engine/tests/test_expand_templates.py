"""A template call becomes the steps of its routine."""

from collections.abc import Mapping

import pytest

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.workflow.definition import (
    LoopStep,
    StandardStep,
    WorkflowDefinition,
    parse_definition,
)
from workrail_engine.workflow.expand import Expanded, RoutineTemplate, expand

_HEAD: JsonObject = {"id": "test-flow", "name": "n", "description": "d", "version": "1.0.0"}
_DRAFT = "wr.templates.routine.draft"


def _step(step_id: str, **more: JsonValue) -> JsonObject:
    prompted = {"prompt", "promptBlocks", "templateCall"} & set(more)
    return {"id": step_id, "title": step_id, **({} if prompted else {"prompt": "Do it."}), **more}


def _workflow(*steps: JsonObject, **more: JsonValue) -> WorkflowDefinition:
    definition = parse_definition({**_HEAD, "steps": steps, **more})
    assert isinstance(definition, WorkflowDefinition), definition
    return definition


def _template(*steps: JsonObject, **more: JsonValue) -> Mapping[str, RoutineTemplate]:
    return {_DRAFT: RoutineTemplate(_DRAFT, _workflow(*steps, **more))}


def _call(step_id: str, args: JsonObject | None = None, **more: JsonValue) -> JsonObject:
    call: JsonObject = {"templateId": _DRAFT, **({} if args is None else {"args": args})}
    return _step(step_id, templateCall=call, **more)


def _expanded(
    definition: WorkflowDefinition,
    templates: Mapping[str, RoutineTemplate] | None = None,
    overrides: Mapping[str, str] | None = None,
) -> Expanded:
    expanded = expand(definition, templates or {}, overrides or {})
    assert isinstance(expanded, Expanded), expanded
    return expanded


def _steps(
    definition: WorkflowDefinition, templates: Mapping[str, RoutineTemplate] | None = None
) -> list[StandardStep]:
    steps = _expanded(definition, templates).definition.steps
    return [step for step in steps if isinstance(step, StandardStep)]


def test_a_plain_definition_stays_as_it_is() -> None:
    definition = _workflow(_step("one"), _step("two", guidance=["g"]))
    assert _expanded(definition) == Expanded(definition, {})


@pytest.mark.rule("LANG-26")
def test_a_call_becomes_the_steps_of_the_routine() -> None:
    templates = _template(
        _step("write", title="Write {file}", prompt="Into {file}, {count} times: {{goal}} { x }"),
        _step("check", guidance=["own"]),
        metaGuidance=["of the routine"],
    )
    first, write, check, last = _steps(
        _workflow(_step("first"), _call("draft", {"file": "a.md", "count": 2}), _step("last")),
        templates,
    )
    assert [step.id for step in (first, write, check, last)] == [
        "first",
        "draft.write",
        "draft.check",
        "last",
    ]
    assert write.title == "Write a.md"
    assert write.prompt == "Into a.md, 2 times: {{goal}} { x }"
    assert write.guidance == ("of the routine",)
    assert check.guidance == ("own", "of the routine")
    assert write.template_call is None


def test_a_call_inside_a_loop_body_is_expanded_too() -> None:
    loop = {
        "id": "again",
        "type": "loop",
        "title": "t",
        "loop": {"type": "for", "count": 2, "maxIterations": 2},
        "body": [_call("draft"), _step("inner")],
    }
    (again,) = _expanded(_workflow(loop), _template(_step("write"))).definition.steps
    assert isinstance(again, LoopStep)
    assert not isinstance(again.body, str)
    assert [step.id for step in again.body] == ["draft.write", "inner"]


@pytest.mark.rule("LANG-27")
def test_run_conditions_of_caller_and_routine_step_must_both_hold() -> None:
    caller: JsonObject = {"var": "a", "equals": 1}
    own: JsonObject = {"var": "b"}
    templates = _template(
        _step("free"), _step("own", runCondition=own), _step("open", runCondition={})
    )
    called = _steps(_workflow(_call("draft", runCondition=caller)), templates)
    conditions = [step.run_condition and step.run_condition.as_json() for step in called]
    assert conditions == [caller, {"and": [caller, own]}, caller]
    uncalled = _steps(_workflow(_call("draft")), templates)
    assert [step.run_condition and step.run_condition.as_json() for step in uncalled] == [
        None,
        own,
        None,
    ]


def test_a_brace_in_a_fenced_block_is_code_unless_it_is_an_argument() -> None:
    fenced = "```py\nf'{name} {file}'\n```"
    (step,) = _steps(
        _workflow(_call("draft", {"file": "a.md"})), _template(_step("write", prompt=fenced))
    )
    assert step.prompt == "```py\nf'{name} a.md'\n```"


def test_a_routine_brings_the_functions_and_assessments_its_steps_refer_to() -> None:
    templates = _template(
        _step("write", prompt="Use shape().", assessmentRefs=["risk"]),
        functionDefinitions=[
            {"name": "shape", "definition": "a list", "scope": "workflow"},
            {"name": "unused", "definition": "x", "scope": "workflow"},
        ],
        assessments=[_RISK, {**_RISK, "id": "unused"}],
    )
    expanded = _expanded(_workflow(_call("draft")), templates).definition
    (step,) = expanded.steps
    assert isinstance(step, StandardStep)
    assert [function.name for function in step.function_definitions] == ["shape"]
    assert [assessment.id for assessment in expanded.assessments] == ["risk"]


_RISK: JsonObject = {
    "id": "risk",
    "purpose": "p",
    "dimensions": [{"id": "d", "purpose": "p", "levels": ["low", "high"]}],
}


def test_the_audit_of_a_call_follows_all_its_steps() -> None:
    templates = _template(_step("write"), _step("check"))
    steps = _steps(_workflow(_call("draft", audit={"rubric": ["r"]})), templates)
    assert [step.id for step in steps] == ["draft.write", "draft.check", "draft__audit"]


def _naming_loop(body: str) -> JsonObject:
    return {
        "id": "again",
        "type": "loop",
        "title": "t",
        "loop": {"type": "for", "count": 2, "maxIterations": 2},
        "body": body,
    }


def test_a_named_body_that_is_a_call_moves_in_with_all_its_steps() -> None:
    templates = _template(_step("write"), _step("check"))
    definition = _workflow(_naming_loop("draft"), _call("draft"))
    (again,) = _expanded(definition, templates).definition.steps
    assert isinstance(again, LoopStep)
    assert not isinstance(again.body, str)
    assert [step.id for step in again.body] == ["draft.write", "draft.check"]
