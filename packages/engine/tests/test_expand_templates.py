"""A template call becomes the steps of its routine."""

import pytest

from workrail_engine.canonical import JsonObject
from workrail_engine.testing.definitions import (
    a_call,
    a_definition,
    a_step,
    a_template,
    expand_fully,
    standard_steps,
)
from workrail_engine.workflow.definition import (
    LoopStep,
    StandardStep,
)
from workrail_engine.workflow.expand import Expanded


def test_a_plain_definition_stays_as_it_is() -> None:
    definition = a_definition(a_step("one"), a_step("two", guidance=["g"]))
    assert expand_fully(definition) == Expanded(definition, {})


@pytest.mark.rule("LANG-26")
def test_a_call_becomes_the_steps_of_the_routine() -> None:
    templates = a_template(
        a_step("write", title="Write {file}", prompt="Into {file}, {count} times: {{goal}} { x }"),
        a_step("check", guidance=["own"]),
        metaGuidance=["of the routine"],
    )
    first, write, check, last = standard_steps(
        a_definition(
            a_step("first"), a_call("draft", {"file": "a.md", "count": 2}), a_step("last")
        ),
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
        "body": [a_call("draft"), a_step("inner")],
    }
    (again,) = expand_fully(a_definition(loop), a_template(a_step("write"))).definition.steps
    assert isinstance(again, LoopStep)
    assert not isinstance(again.body, str)
    assert [step.id for step in again.body] == ["draft.write", "inner"]


@pytest.mark.rule("LANG-27")
def test_run_conditions_of_caller_and_routine_step_must_both_hold() -> None:
    caller: JsonObject = {"var": "a", "equals": 1}
    own: JsonObject = {"var": "b"}
    templates = a_template(
        a_step("free"), a_step("own", runCondition=own), a_step("open", runCondition={})
    )
    called = standard_steps(a_definition(a_call("draft", runCondition=caller)), templates)
    conditions = [step.run_condition and step.run_condition.as_json() for step in called]
    assert conditions == [caller, {"and": [caller, own]}, caller]
    uncalled = standard_steps(a_definition(a_call("draft")), templates)
    assert [step.run_condition and step.run_condition.as_json() for step in uncalled] == [
        None,
        own,
        None,
    ]


def test_a_brace_in_a_fenced_block_is_code_unless_it_is_an_argument() -> None:
    fenced = "```py\nf'{name} {file}'\n```"
    (step,) = standard_steps(
        a_definition(a_call("draft", {"file": "a.md"})), a_template(a_step("write", prompt=fenced))
    )
    assert step.prompt == "```py\nf'{name} a.md'\n```"


def test_a_routine_brings_the_functions_and_assessments_its_steps_refer_to() -> None:
    templates = a_template(
        a_step("write", prompt="Use shape().", assessmentRefs=["risk"]),
        functionDefinitions=[
            {"name": "shape", "definition": "a list", "scope": "workflow"},
            {"name": "unused", "definition": "x", "scope": "workflow"},
        ],
        assessments=[_RISK, {**_RISK, "id": "unused"}],
    )
    expanded = expand_fully(a_definition(a_call("draft")), templates).definition
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
    templates = a_template(a_step("write"), a_step("check"))
    steps = standard_steps(a_definition(a_call("draft", audit={"rubric": ["r"]})), templates)
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
    templates = a_template(a_step("write"), a_step("check"))
    definition = a_definition(_naming_loop("draft"), a_call("draft"))
    (again,) = expand_fully(definition, templates).definition.steps
    assert isinstance(again, LoopStep)
    assert not isinstance(again.body, str)
    assert [step.id for step in again.body] == ["draft.write", "draft.check"]
