"""What cannot be put in place is named, at the place its author wrote."""

from collections.abc import Mapping

import pytest

from workrail_engine.canonical import JsonObject
from workrail_engine.testing.definitions import (
    a_call,
    a_definition,
    a_step,
    a_template,
    expand_fully,
)
from workrail_engine.workflow.definition import (
    WorkflowDefinition,
)
from workrail_engine.workflow.expand import Expanded, RoutineTemplate, expand


def _problems(
    definition: WorkflowDefinition, templates: Mapping[str, RoutineTemplate] | None = None
) -> list[tuple[str, str]]:
    problems = expand(definition, templates or {}, {})
    assert not isinstance(problems, Expanded)
    return [(problem.pointer, problem.message) for problem in problems]


def test_a_plain_definition_stays_as_it_is() -> None:
    definition = a_definition(a_step("one"), a_step("two", guidance=["g"]))
    assert expand_fully(definition) == Expanded(definition, {})


_SLOT: JsonObject = {"slotId": "review", "purpose": "who reviews", "default": "wr.review"}


_RISK: JsonObject = {
    "id": "risk",
    "purpose": "p",
    "dimensions": [{"id": "d", "purpose": "p", "levels": ["low", "high"]}],
}


def _naming_loop(body: str) -> JsonObject:
    return {
        "id": "again",
        "type": "loop",
        "title": "t",
        "loop": {"type": "for", "count": 2, "maxIterations": 2},
        "body": body,
    }


_TWO_STEPS = a_template(a_step("write", prompt="{file} {file} `{size}`"), a_step("check"))
_FAULTS: list[tuple[str, WorkflowDefinition, Mapping[str, RoutineTemplate], str, str]] = [
    (
        "unknown feature",
        a_definition(a_step("one"), features=["wr.features.capabilites"]),
        {},
        "/features/0",
        'there is no feature "wr.features.capabilites"',
    ),
    (
        "unknown ref",
        a_definition(
            a_step("one", promptBlocks={"verify": ["x", [{"kind": "ref", "refId": "wr.refs.no"}]]})
        ),
        {},
        "/steps/0/promptBlocks/verify/1/0/refId",
        'there is no ref "wr.refs.no"',
    ),
    (
        "empty blocks",
        a_definition(a_step("one", promptBlocks={"constraints": []})),
        {},
        "/steps/0/promptBlocks",
        "has nothing in it",
    ),
    (
        "unknown slot in a prompt",
        a_definition(a_step("one", prompt="{{wr.bindings.reviw}}"), extensionPoints=[_SLOT]),
        {},
        "/steps/0/prompt",
        'there is no extension point "reviw"',
    ),
    (
        "unknown slot in a block",
        a_definition(a_step("one", promptBlocks={"constraints": ["a", "{{wr.bindings.b}}"]})),
        {},
        "/steps/0/promptBlocks/constraints/1",
        'there is no extension point "b"',
    ),
    (
        "unresolved token in a prompt",
        a_definition(a_step("one"), a_step("two", prompt="See {{wr.refs.memory_query}}.")),
        {},
        "/steps/1/prompt",
        "holds the token `{{wr.refs.memory_query}}`, which nothing resolves",
    ),
    (
        "token where none may stand",
        a_definition(
            a_step("one", guidance=["a", "{{wr.bindings.review}}"]), extensionPoints=[_SLOT]
        ),
        {},
        "/steps/0/guidance/1",
        "holds the token `{{wr.bindings.review}}`",
    ),
    (
        "token in a part",
        a_definition(a_step("one", promptBlocks={"goal": [{"kind": "text", "text": "{{wr.x}}"}]})),
        {},
        "/steps/0/promptBlocks/goal/0/text",
        "holds the token `{{wr.x}}`",
    ),
    (
        "token of a routine",
        a_definition(a_call("draft")),
        a_template(a_step("write", title="{{wr.x}}")),
        "/steps/0/templateCall",
        'in step "draft.write"',
    ),
    (
        "token in the audit of a call",
        a_definition(a_call("draft", audit={"prompt": "{{wr.x}}"})),
        a_template(a_step("write")),
        "/steps/0/audit/prompt",
        "holds the token `{{wr.x}}`",
    ),
    (
        "unknown template",
        a_definition(a_step("one", templateCall={"templateId": "wr.templates.routine.daft"})),
        _TWO_STEPS,
        "/steps/0/templateCall/templateId",
        'there is no template "wr.templates.routine.daft"',
    ),
    (
        "missing argument in inline code",
        a_definition(a_call("draft", {"file": "a"})),
        _TWO_STEPS,
        "/steps/0/templateCall/args/size",
        "is missing",
    ),
    (
        "argument of a wrong type",
        a_definition(a_call("draft", {"file": ["a"], "size": 1})),
        _TWO_STEPS,
        "/steps/0/templateCall/args/file",
        'cannot be ["a"]',
    ),
    (
        "null argument",
        a_definition(a_call("draft", {"file": None, "size": True})),
        _TWO_STEPS,
        "/steps/0/templateCall/args/file",
        "cannot be null",
    ),
    (
        "routine with blocks",
        a_definition(a_call("draft")),
        a_template(a_step("write", promptBlocks={"goal": "g"})),
        "/steps/0/templateCall",
        'whose step "write" cannot be put in here',
    ),
    (
        "routine that calls a routine",
        a_definition(a_call("draft")),
        a_template(a_call("write")),
        "/steps/0/templateCall",
        'whose step "write" cannot be put in here',
    ),
    (
        "routine with repeated ids",
        a_definition(a_call("draft")),
        a_template(a_step("write"), a_step("write")),
        "/steps/0/templateCall",
        'has the step id "write" twice',
    ),
    (
        "assessment declared in two ways",
        a_definition(a_call("draft"), assessments=[{**_RISK, "purpose": "another"}]),
        a_template(a_step("write", assessmentRefs=["risk"]), assessments=[_RISK]),
        "/steps/0/templateCall",
        'assessment "risk" differs',
    ),
    (
        "loop body that is not there",
        a_definition(_naming_loop("wrok"), a_step("work")),
        {},
        "/steps/0/body",
        'there is no top-level step "wrok"',
    ),
]


@pytest.mark.rule("LANG-30")
@pytest.mark.parametrize(
    ("definition", "templates", "pointer", "said"),
    [fault[1:] for fault in _FAULTS],
    ids=[fault[0] for fault in _FAULTS],
)
def test_a_fault_is_named_once_at_its_authored_place(
    definition: WorkflowDefinition,
    templates: Mapping[str, RoutineTemplate],
    pointer: str,
    said: str,
) -> None:
    ((place, message),) = _problems(definition, templates)
    assert place == pointer
    assert said in message


def test_every_fault_is_reported_in_the_order_of_the_language() -> None:
    definition = a_definition(
        a_step("one", prompt="{{wr.bindings.a}} {{wr.bindings.b}}"),
        a_call("draft", {"file": []}),
        a_step("two", promptBlocks={}),
        features=["x"],
    )
    assert [pointer for pointer, _ in _problems(definition, _TWO_STEPS)] == [
        "/features/0",
        "/steps/0/prompt",
        "/steps/0/prompt",
        "/steps/1/templateCall/args/file",
        "/steps/1/templateCall/args/size",
        "/steps/2/promptBlocks",
    ]


def test_a_near_miss_is_offered() -> None:
    problems = expand(a_definition(a_step("one"), features=["wr.features.capabilites"]), {}, {})
    assert not isinstance(problems, Expanded)
    assert problems[0].suggestion == 'did you mean "wr.features.capabilities"?'
