"""Compiled workflows have everything resolved"""

import json

import pytest

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.errors import InvalidDefinitionError
from workrail_engine.testing.definitions import (
    a_definition,
    a_loop,
    a_step,
    compile_fully,
    compiled_loop,
    compiled_step,
)
from workrail_engine.workflow.compile import compile_pinned, prepare
from workrail_engine.workflow.compiled import (
    Assessment,
    CompiledStep,
    Confirmation,
    Consequence,
    Delegation,
    Dimension,
    Fragment,
    Function,
    OutputContract,
    Reference,
)
from workrail_engine.workflow.conditions import Truthy
from workrail_engine.workflow.criteria import Contains, Rule, Rules
from workrail_engine.workflow.prepared import PreparedWorkflow


def test_a_step_keeps_all_its_author_said() -> None:
    step = a_step(
        "one",
        agentRole="A careful reader.",
        guidance=["slowly"],
        modelTier="heavy",
        runCondition={"var": "a"},
        promptFragments=[
            {"id": "f", "text": "more", "when": {"var": "b"}},
            {"id": "g", "text": "t"},
        ],
        validationCriteria=[{"type": "contains", "value": "x", "message": "m"}],
    )
    assert compiled_step(step) == CompiledStep(
        step_id=compiled_step(step).step_id,
        title="one",
        prompt="Do it.",
        fragments=(Fragment("f", "more", Truthy("b")), Fragment("g", "t", None)),
        agent_role="A careful reader.",
        guidance=("slowly",),
        model_tier="heavy",
        run_condition=Truthy("a"),
        criteria=Rules((Rule(Contains("x"), "m", None),)),
        notes_required=True,
    )
    assert compiled_step(step).step_id == "one"


def test_a_workflow_keeps_all_its_author_said() -> None:
    reference: JsonObject = {
        "id": "spec",
        "title": "Spec",
        "source": "docs/spec.md",
        "purpose": "p",
        "authoritative": True,
    }
    workflow = compile_fully(
        a_step("one"),
        modelTier="mid",
        metricsProfile="coding",
        metaGuidance=["a"],
        preconditions=["b"],
        clarificationPrompts=["c"],
        references=[reference],
    )
    assert (workflow.workflow_id, workflow.version) == ("test-flow", "1.2.3")
    assert (workflow.model_tier, workflow.metrics_profile) == ("mid", "coding")
    assert (workflow.meta_guidance, workflow.preconditions) == (("a",), ("b",))
    assert workflow.clarification_prompts == ("c",)
    assert workflow.references == (
        Reference(
            "spec", "Spec", "docs/spec.md", "p", authoritative=True, resolve_from="workspace"
        ),
    )


_CONFIRMATIONS: list[tuple[JsonValue, Confirmation | None]] = [
    (False, None),
    (True, Confirmation("coordinator_eval", None)),
    ({"var": "a"}, Confirmation("coordinator_eval", Truthy("a"))),
    ({"kind": "human_approval"}, Confirmation("human_approval", None)),
    (
        {"kind": "coordinator_eval", "condition": {"var": "a"}},
        Confirmation("coordinator_eval", Truthy("a")),
    ),
]


@pytest.mark.parametrize(("authored", "confirmation"), _CONFIRMATIONS)
def test_confirmation_has_four_forms(
    authored: JsonValue, confirmation: Confirmation | None
) -> None:
    assert compiled_step(a_step("one", requireConfirmation=authored)).confirmation == confirmation


@pytest.mark.rule("LANG-33")
def test_notes_are_required_unless_something_else_stands_for_them() -> None:
    assert compiled_step(a_step("one")).notes_required
    assert not compiled_step(a_step("one", notesOptional=True)).notes_required
    contract: JsonObject = {"contractRef": "wr.contracts.gate_verdict", "required": False}
    step = compiled_step(a_step("one", outputContract=contract))
    assert not step.notes_required
    assert step.output_contract == OutputContract("wr.contracts.gate_verdict", required=False)
    _, verification, audit = compile_fully(
        a_step("one", verification={"command": "c"}, audit={"rubric": ["r"]})
    ).steps
    for virtual, kind in ((verification, "verification"), (audit, "audit")):
        assert isinstance(virtual, CompiledStep)
        assert virtual.kind == kind
        assert not virtual.notes_required


def test_a_loop_whose_notes_are_optional_says_so_for_its_body() -> None:
    loop: JsonObject = {"type": "for", "count": 1}
    assert compiled_loop(a_loop(loop)).body[0].notes_required
    assert not compiled_loop(a_loop(loop, notesOptional=True)).body[0].notes_required


def test_assessments_and_consequences_are_the_declared_objects() -> None:
    risk: JsonObject = {
        "id": "risk",
        "purpose": "p",
        "dimensions": [
            {"id": "d", "purpose": "q", "levels": ["low", "high"]},
            {"id": "e", "purpose": "q", "levels": ["a", "b"], "required": False},
        ],
    }
    consequence: JsonObject = {
        "when": {"anyEqualsLevel": "high", "forAssessment": "risk"},
        "effect": {"kind": "require_followup", "guidance": "look again"},
    }
    step = compiled_step(
        a_step("one", assessmentRefs=["risk"], assessmentConsequences=[consequence]),
        assessments=[risk],
    )
    assert step.assessments == (
        Assessment(
            "risk",
            "p",
            (
                Dimension("d", "q", ("low", "high"), required=True),
                Dimension("e", "q", ("a", "b"), required=False),
            ),
        ),
    )
    assert step.consequences == (Consequence("high", "risk", "look again"),)


def _function(name: str, definition: str = "x", **more: JsonValue) -> JsonObject:
    return {"name": name, "definition": definition, "scope": "workflow", **more}


@pytest.mark.rule("LANG-35")
def test_functions_reach_the_steps_that_name_them() -> None:
    parameters: list[JsonObject] = [
        {"name": "a", "type": "string", "required": True},
        {"name": "b", "type": "number"},
    ]
    declared = [
        _function("referenced"),
        _function("called", parameters=parameters),
        _function("prompted", "see inner"),
        _function("inner"),
        _function("bare"),
        _function("unused"),
    ]
    step = compiled_step(
        a_step(
            "one",
            prompt="Use prompted() but bare is only a word, and reunused() is nothing.",
            functionReferences=["referenced()"],
            functionCalls=[{"name": "called", "args": {"a": "x"}}],
        ),
        functionDefinitions=declared,
    )
    assert [function.name for function in step.functions] == [
        "referenced",
        "called",
        "prompted",
        "inner",
    ]
    assert step.functions[1] == Function("called", "x", ("a", "b?"))


def test_the_nearest_function_of_a_name_counts() -> None:
    body = a_step(
        "inner", prompt="near() middle() far()", functionDefinitions=[_function("near", "step")]
    )
    loop = compiled_loop(
        a_loop(
            {"type": "for", "count": 1},
            body,
            functionDefinitions=[_function("near", "loop"), _function("middle", "loop")],
        ),
        functionDefinitions=[_function(name, "flow") for name in ("near", "middle", "far")],
    )
    assert [(each.name, each.definition) for each in loop.body[0].functions] == [
        ("near", "step"),
        ("middle", "loop"),
        ("far", "flow"),
    ]


def test_a_parallel_step_delegates_and_its_synthesis_follows() -> None:
    parallel: JsonObject = {
        "id": "fan",
        "type": "parallel",
        "title": "Fan",
        "parallelDelegations": [
            {
                "workflowId": "wr.research",
                "goal": "Find out",
                "runCondition": {"var": "deep"},
                "contextMapping": {"topic": "subject"},
                "args": {"familyName": "a"},
                "modelTier": "lightweight",
                "allowedTools": ["Read"],
            },
            {"workflowId": "wr.other"},
        ],
        "synthesis": {"prompt": "Join."},
    }
    fan, synthesis = compile_fully(parallel).steps
    assert isinstance(fan, CompiledStep)
    assert isinstance(synthesis, CompiledStep)
    assert (fan.kind, fan.prompt, fan.notes_required) == ("parallel", "", True)
    assert fan.delegations == (
        Delegation(
            workflow_id="wr.research",
            goal="Find out",
            run_condition=Truthy("deep"),
            context_mapping=(("topic", "subject"),),
            args=(("familyName", "a"),),
            model_tier="lightweight",
            allowed_tools=("Read",),
        ),
        Delegation("wr.other", None, None, (), (), None, ()),
    )
    assert synthesis.kind == "synthesis"
    assert synthesis.prompt.endswith("Join.")


@pytest.mark.rule("LANG-36")
def test_a_session_runs_what_its_pinned_document_says() -> None:
    prepared = prepare(a_definition(a_step("one", audit={"rubric": ["r"]})), {}, {})
    assert isinstance(prepared, PreparedWorkflow)
    assert compile_pinned(prepared.document) == prepared.compiled


def test_a_pinned_loop_that_names_its_body_is_refused() -> None:
    named = {**a_loop({"type": "for", "count": 1}), "body": "work"}
    workflow = a_definition(a_step("work"), named).as_json()
    document = json.dumps({"schemaVersion": 1, "workflow": workflow, "bindings": {}}).encode()
    with pytest.raises(InvalidDefinitionError, match="Start a new session"):
        compile_pinned(document)


def test_preparing_reports_structure_and_expansion_together() -> None:
    definition = a_definition(
        a_step("one", assessmentRefs=["nowhere"]),
        {**a_loop({"type": "for", "count": 1}), "body": "wrok"},
        a_step("work", prompt="Do it.", templateCall={"templateId": "t"}),
        features=["wr.features.none"],
    )
    problems = prepare(definition, {}, {})
    assert not isinstance(problems, PreparedWorkflow)
    assert [problem.pointer for problem in problems] == [
        "/features/0",
        "/steps/0/assessmentRefs/0",
        "/steps/1/body",
        "/steps/2/templateCall",
        "/steps/2/templateCall/templateId",
    ]
